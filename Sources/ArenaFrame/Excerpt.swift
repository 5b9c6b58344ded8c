// Cells shown short in errors and tables: bounded work however long the cell, control characters
// visible.

/// A part of a cell in quotes, about `limit` bytes around an offset, with `…` where it is cut.
func excerpt(_ bytes: UnsafeRawBufferPointer, around offset: Int = 0, limit: Int = 48) -> String {
    var from = max(0, min(offset, bytes.count) - limit / 2)
    if bytes.count - from < limit { from = max(0, bytes.count - limit) }
    var to = min(bytes.count, from + limit)
    func isContinuation(_ at: Int) -> Bool { at < bytes.count && bytes[at] & 0xC0 == 0x80 }
    for _ in 0..<3 where isContinuation(from) { from += 1 }
    for _ in 0..<3 where isContinuation(to) { to += 1 }
    let text = String(decoding: bytes[min(from, to)..<to], as: UTF8.self)
    return "'" + (from > 0 ? "…" : "") + escapingControls(text) + (to < bytes.count ? "…" : "")
        + "'"
}

/// The text with control characters and marks that reorder a line as escapes.
func escapingControls(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars { appendVisible(scalar, to: &result) }
    return result
}

private func appendVisible(_ scalar: Unicode.Scalar, to text: inout String) {
    switch scalar.value {
    case 9: text += "\\t"
    case 10: text += "\\n"
    case 13: text += "\\r"
    case 0..<32, 127:
        text += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
    case 128..<160, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
        text += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: text.unicodeScalars.append(scalar)
    }
}
