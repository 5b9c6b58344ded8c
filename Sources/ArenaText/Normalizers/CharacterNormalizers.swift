// Normalizers that look at one character at a time: `Lowercase`, `StripAccents`, `Nmt`, `ByteLevel`; and
// `Strip`, which looks at the ends.

import CArenaText

/// Every character in lower case.
struct Lowercase: Normalizer {
    static let type = "Lowercase"

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 2 }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        out.reserve(text.count)
        forEachScalar(of: text) { code, _, _ in appendLowercase(code, to: &out) }
        return true
    }
}

/// Drops combining marks; those inside composed characters stay.
struct StripAccents: Normalizer {
    static let type = "StripAccents"

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 1 }

    func movesStart(_ text: Bytes) -> Bool {
        startsWith(text) { traits($0) & Trait.mark != 0 }
    }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        guard !isASCII(text) else { return false }
        out.reserve(text.count)
        forEachScalar(of: text) { code, _, _ in
            if traits(code) & Trait.mark == 0 { appendScalar(code, to: &out) }
        }
        return true
    }
}

/// The clean-up of NMT: some control characters out, others and odd spaces to spaces.
struct Nmt: Normalizer {
    static let type = "Nmt"

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 1 }

    func movesStart(_ text: Bytes) -> Bool { startsWith(text, drops) }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        out.reserve(text.count)
        forEachScalar(of: text) { code, _, _ in
            if !drops(code) { appendScalar(mapped(code), to: &out) }
        }
        return true
    }

    /// What becomes of a character that is not dropped.
    @inline(__always)
    func mapped(_ code: UInt32) -> UInt32 {
        switch code {
        case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF,
            0xFFFD:
            return 0x20
        default: return code
        }
    }

    func drops(_ code: UInt32) -> Bool {
        switch code {
        case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: return true
        default: return false
        }
    }
}

/// Every byte becomes a character of GPT-2's alphabet.
struct ByteLevelNormalizer: Normalizer {
    static let type = "ByteLevel"

    init(_ part: FilePart) throws(TokenizerError) {}

    var growth: Int { 2 }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        out.reserve(text.count)
        for byte in text { appendScalar(ByteAlphabet.shared.scalarOf[Int(byte)], to: &out) }
        return true
    }
}

/// Takes white space from the ends.
struct Strip: Normalizer {
    static let type = "Strip"
    let left: Bool
    let right: Bool

    init(_ part: FilePart) throws(TokenizerError) {
        left = try part.flag("strip_left", or: true)
        right = try part.flag("strip_right", or: true)
    }

    init(left: Bool, right: Bool) {
        self.left = left
        self.right = right
    }

    var growth: Int { 1 }

    func movesStart(_ text: Bytes) -> Bool {
        left && startsWith(text) { traits($0) & Trait.white != 0 }
    }

    func normalize(_ text: Bytes, into out: inout Scratch<UInt8>) -> Bool {
        guard let p = text.baseAddress else { return false }
        var start = 0
        var end = text.count
        var length = 0
        while left, start < end, traits(scalar(p, start, &length)) & Trait.white != 0 {
            start += length
        }
        while right, end > start {
            var before = end - 1
            while before > start, p[before] & 0xC0 == 0x80 { before -= 1 }
            guard traits(scalar(p, before, &length)) & Trait.white != 0 else { break }
            end = before
        }
        guard start > 0 || end < text.count else { return false }
        out.append(Bytes(rebasing: text[start..<end]))
        return true
    }
}
