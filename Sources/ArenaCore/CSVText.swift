// A text as a cell of a CSV file (RFC 4180), for all modules that write such files.

import Glibc

/// Appends a text as a cell, in quotes if it needs them.
///
/// Empty and blank text is quoted too: without quotes it would be missing, or a blank line.
package func appendCSVCell(
    _ text: UnsafeRawBufferPointer, delimiter: UInt8 = UInt8(ascii: ","), to bytes: inout [UInt8]
) {
    guard let base = text.baseAddress, !text.isEmpty, needsQuotes(text, delimiter) else {
        if text.isEmpty { bytes += [quote, quote] } else { bytes.append(contentsOf: text) }
        return
    }
    bytes.append(quote)
    var from = 0
    while from < text.count {
        // SAFETY: the search stays within the text.
        let found = memchr(base + from, Int32(quote), text.count - from)
        let end = found.map { UnsafeRawPointer($0) - base + 1 } ?? text.count
        bytes.append(contentsOf: text[from..<end])
        if found != nil { bytes.append(quote) }
        from = end
    }
    bytes.append(quote)
}

private let quote = UInt8(ascii: "\"")

private func needsQuotes(_ text: UnsafeRawBufferPointer, _ delimiter: UInt8) -> Bool {
    var isBlank = true
    for byte in text {
        if byte == delimiter || byte == quote || byte == 10 || byte == 13 { return true }
        isBlank = isBlank && (byte == 32 || byte == 9)
    }
    return isBlank
}

/// Appends a text as a cell, in quotes if it needs them.
package func appendCSVCell(
    _ text: String, delimiter: UInt8 = UInt8(ascii: ","), to bytes: inout [UInt8]
) {
    var copy = text
    copy.withUTF8 { appendCSVCell(UnsafeRawBufferPointer($0), delimiter: delimiter, to: &bytes) }
}
