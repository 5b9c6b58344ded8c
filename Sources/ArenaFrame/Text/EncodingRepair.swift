// Text that was UTF-8 and has been read as Windows-1252 or Latin-1 ("schÃ¶n"), made whole again. The
// reference is ftfy's fix_encoding; other encodings that it also tries are not looked for.

import ArenaCore

/// Puts the text as it was meant into the buffer; false, and nothing put, if nothing shows that it was
/// read wrongly. Text that was read wrongly several times is repaired as often.
package func repairEncoding(_ text: UnsafeRawBufferPointer, into out: inout [UInt8]) -> Bool {
    guard EncodingRepair(text).repair(into: &out) else { return false }
    for _ in 1..<EncodingRepair.mostRounds {
        var next: [UInt8] = []
        guard out.withUnsafeBytes({ EncodingRepair($0).repair(into: &next) }) else { break }
        out = next
    }
    return true
}

/// One reading of a text's characters as the bytes that they may have been.
private struct EncodingRepair {
    let text: UnsafeRawBufferPointer
    static let mostRounds = 4

    init(_ text: UnsafeRawBufferPointer) { self.text = text }

    func repair(into out: inout [UInt8]) -> Bool {
        guard text.contains(where: { $0 >= 0x80 }) else { return false }
        out.reserveCapacity(text.count)
        var changed = false
        var at = 0
        var before: UInt32 = 0
        while at < text.count {
            let (scalar, next) = character(at)
            if let (whole, end) = sequence(at) {
                appendUTF8(whole, to: &out)
                changed = true
                at = end
            } else if (0x80..<0xA0).contains(scalar),
                TextEncoding.character(UInt8(scalar)) != scalar
            {
                // A control character that nobody writes, where Windows has a quote or a dash.
                appendUTF8(TextEncoding.character(UInt8(scalar)), to: &out)
                changed = true
                at = next
            } else if scalar == 0xC3, next < text.count, text[next] == space, !isCapital(before) {
                // "à" whose second half, a space that does not break, became a plain one.
                appendUTF8(0xE0, to: &out)
                changed = true
                at = next + 1 < text.count && text[next + 1] == space ? next + 1 : next
            } else {
                out.append(contentsOf: text[at..<next])
                at = next
            }
            before = scalar
        }
        if !changed { out.removeAll(keepingCapacity: true) }
        return changed
    }

    /// The character whose UTF-8 bytes the characters from here on are, and where they end.
    private func sequence(_ start: Int) -> (scalar: UInt32, end: Int)? {
        var (scalar, at) = character(start)
        guard scalar >= 0x80, let lead = TextEncoding.byte(of: scalar) else { return nil }
        let (more, least): (Int, UInt32)
        switch lead {
        case 0xC2...0xDF: (more, least, scalar) = (1, 0x80, UInt32(lead & 0x1F))
        case 0xE0...0xEF: (more, least, scalar) = (2, 0x800, UInt32(lead & 0x0F))
        case 0xF0...0xF4: (more, least, scalar) = (3, 0x10000, UInt32(lead & 0x07))
        default: return nil
        }
        for _ in 0..<more {
            guard at < text.count else { return nil }
            let (other, next) = character(at)
            guard other >= 0x80, let byte = TextEncoding.byte(of: other), byte & 0xC0 == 0x80 else {
                return nil
            }
            scalar = scalar << 6 | UInt32(byte & 0x3F)
            at = next
        }
        guard scalar >= least, Unicode.Scalar(scalar) != nil else { return nil }
        return (scalar, at)
    }

    /// The character at a place, and where the next begins.
    @inline(__always)
    private func character(_ at: Int) -> (scalar: UInt32, next: Int) {
        let lead = text[at]
        if lead < 0x80 { return (UInt32(lead), at + 1) }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var scalar = UInt32(lead) & (0x7F >> UInt32(length))
        for k in 1..<length { scalar = scalar << 6 | UInt32(text[at + k] & 0x3F) }
        return (scalar, at + length)
    }

    private func isCapital(_ scalar: UInt32) -> Bool {
        Unicode.Scalar(scalar)?.properties.isUppercase ?? false
    }
}
