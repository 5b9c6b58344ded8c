// Questions about single characters, answered as Python's str does, and white space and line ends
// found in UTF-8 bytes.

import ArenaCore

typealias Bytes = UnsafeBufferPointer<UInt8>

/// The code point that starts at byte `i` of well-formed UTF-8, and its length.
@inline(__always)
func decodeScalar(_ text: Bytes, _ i: Int) -> (scalar: Unicode.Scalar, length: Int) {
    let c = UInt32(text[i])
    if c < 0x80 { return (Unicode.Scalar(UInt8(c)), 1) }
    let n = min(scalarLength(text[i]), text.count - i)
    var value = n == 2 ? c & 0x1F : n == 3 ? c & 0x0F : c & 0x07
    for k in 1..<max(n, 1) { value = value << 6 | UInt32(text[i + k] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", max(n, 1))
}

/// The byte offset of the code point that ends right before byte `i`.
@inline(__always)
func scalarStart(_ text: Bytes, before i: Int) -> Int {
    var at = i - 1
    while at > 0, text[at] & 0xC0 == 0x80 { at -= 1 }
    return at
}

/// How many bytes the white space character at byte `i` has; 0 if there is none.
@inline(__always)
func spaceLength(_ text: Bytes, _ i: Int) -> Int {
    let c = text[i]
    if c < 0x80 { return c == 32 || c >= 9 && c <= 13 || c >= 0x1C && c <= 0x1F ? 1 : 0 }
    return wideSpaceLength(text, i)
}

private func wideSpaceLength(_ text: Bytes, _ i: Int) -> Int {
    guard text[i] == 0xC2 || text[i] == 0xE1 || text[i] == 0xE2 || text[i] == 0xE3 else { return 0 }
    let (s, n) = decodeScalar(text, i)
    switch s.value {
    case 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: return n
    default: return 0
    }
}

/// How many bytes the line end at byte `i` has; 0 if there is none.
@inline(__always)
func lineEndLength(_ text: Bytes, _ i: Int) -> Int {
    let c = text[i]
    if c < 0x80 {
        if c == 13 { return i + 1 < text.count && text[i + 1] == 10 ? 2 : 1 }
        return c >= 10 && c <= 12 || c >= 0x1C && c <= 0x1E ? 1 : 0
    }
    if c == 0xC2 { return i + 1 < text.count && text[i + 1] == 0x85 ? 2 : 0 }
    if c == 0xE2, i + 2 < text.count, text[i + 1] == 0x80 {
        return text[i + 2] == 0xA8 || text[i + 2] == 0xA9 ? 3 : 0
    }
    return 0
}

@inline(__always)
func isASCII(_ text: Bytes) -> Bool {
    var all: UInt8 = 0
    for c in text { all |= c }
    return all < 0x80
}

func isSpace(_ s: Unicode.Scalar) -> Bool {
    s.properties.isWhitespace || (s.value >= 0x1C && s.value <= 0x1F)
}

func isLetter(_ s: Unicode.Scalar) -> Bool {
    switch s.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
        return true
    default: return false
    }
}

func isTitle(_ s: Unicode.Scalar) -> Bool { s.properties.generalCategory == .titlecaseLetter }

/// Whether repr writes the character as it is.
func isPrintable(_ s: Unicode.Scalar) -> Bool {
    switch s.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
        .paragraphSeparator:
        return false
    case .spaceSeparator: return s == " "
    default: return true
    }
}
