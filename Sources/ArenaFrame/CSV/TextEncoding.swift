// Text in other encodings than UTF-8, made UTF-8 before anything looks at it.

import ArenaCore

/// How a text file's characters are encoded.
package enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case latin1 = "latin-1"
    case windows1252 = "cp1252"
    case utf16 = "utf-16"
    case utf16LittleEndian = "utf-16-le"
    case utf16BigEndian = "utf-16-be"

    /// An encoding by any of its usual names.
    package init?(name: String) {
        let plain = name.lowercased().replacing("_", with: "-")
        if let known = TextEncoding(rawValue: plain) {
            self = known
            return
        }
        switch plain {
        case "utf8", "utf-8-sig", "ascii", "us-ascii": self = .utf8
        case "latin1", "iso-8859-1", "iso8859-1", "l1": self = .latin1
        case "windows-1252", "cp-1252", "ansi": self = .windows1252
        case "utf16", "utf-16le", "utf-16be":
            self =
                plain == "utf16"
                ? .utf16 : plain == "utf-16le" ? .utf16LittleEndian : .utf16BigEndian
        default: return nil
        }
    }

    /// The text in UTF-8. Halves of surrogate pairs that stand alone become U+FFFD.
    func decoded(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + bytes.count / 8)
        switch self {
        case .utf8: out += bytes
        case .latin1: for byte in bytes { appendUTF8(UInt32(byte), to: &out) }
        case .windows1252:
            for byte in bytes { appendUTF8(Self.character(byte), to: &out) }
        case .utf16, .utf16LittleEndian, .utf16BigEndian: decodeUTF16(bytes, &out)
        }
        return out
    }

    private func decodeUTF16(_ bytes: UnsafeRawBufferPointer, _ out: inout [UInt8]) {
        var at = 0
        var isBig = self == .utf16BigEndian
        if bytes.count >= 2 {
            let mark = (bytes[0], bytes[1])
            if mark == (0xFE, 0xFF), self != .utf16LittleEndian { (isBig, at) = (true, 2) }
            if mark == (0xFF, 0xFE), self != .utf16BigEndian { (isBig, at) = (false, 2) }
        }
        func unit(_ at: Int) -> UInt32 {
            UInt32(bytes[at + (isBig ? 0 : 1)]) << 8 | UInt32(bytes[at + (isBig ? 1 : 0)])
        }
        while at + 2 <= bytes.count {
            var scalar = unit(at)
            at += 2
            if scalar & 0xFC00 == 0xD800, at + 2 <= bytes.count, unit(at) & 0xFC00 == 0xDC00 {
                scalar = 0x10000 + (scalar & 0x3FF) << 10 + (unit(at) & 0x3FF)
                at += 2
            }
            appendUTF8(scalar, to: &out)
        }
        if at < bytes.count { appendUTF8(0xFFFD, to: &out) }
    }

    /// What a byte stands for in Windows-1252.
    static func character(_ byte: UInt8) -> UInt32 {
        (0x80..<0xA0).contains(byte) ? windows[Int(byte) - 0x80] : UInt32(byte)
    }

    /// The byte that a character is in Windows-1252, or else in Latin-1; nil if it is in neither.
    static func byte(of scalar: UInt32) -> UInt8? {
        if scalar < 0x100 { return UInt8(scalar) }
        return windows.firstIndex(of: scalar).map { UInt8(0x80 + $0) }
    }

    /// The characters of 0x80 to 0x9F in Windows-1252; what it leaves open stays as in Latin-1.
    private static let windows: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013,
        0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ]
}
