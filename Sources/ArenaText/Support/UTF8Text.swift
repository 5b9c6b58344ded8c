// Scalars in UTF-8 that is known to be well-formed, and the repair that makes any bytes so.

import ArenaCore
import CArenaText

/// The scalar at `i` and its length in bytes. The text must be well-formed.
@inline(__always)
func scalar(_ p: UnsafePointer<UInt8>, _ i: Int, _ length: inout Int) -> UInt32 {
    let a = UInt32(p[i])
    if a < 0x80 {
        length = 1
        return a
    }
    // SAFETY: well-formed text holds all continuation bytes of its last scalar.
    if a < 0xE0 {
        length = 2
        return (a & 0x1F) << 6 | UInt32(p[i + 1]) & 0x3F
    }
    if a < 0xF0 {
        length = 3
        return (a & 0x0F) << 12 | (UInt32(p[i + 1]) & 0x3F) << 6 | UInt32(p[i + 2]) & 0x3F
    }
    length = 4
    return (a & 0x07) << 18 | (UInt32(p[i + 1]) & 0x3F) << 12 | (UInt32(p[i + 2]) & 0x3F) << 6
        | UInt32(p[i + 3]) & 0x3F
}

/// The scalar that ends before `i`, which is not the text's start.
@inline(__always)
func scalarBefore(_ p: UnsafePointer<UInt8>, _ i: Int) -> UInt32 {
    var start = i - 1
    while start > 0, p[start] & 0xC0 == 0x80 { start -= 1 }
    var length = 0
    return scalar(p, start, &length)
}

/// Appends bytes with each maximal ill-formed part replaced by U+FFFD, as decoding readers do.
/// - Returns: how many replacements were made.
func appendRepaired(_ bytes: UnsafeRawBufferPointer, to out: inout Scratch<UInt8>) -> Int {
    var rest = bytes
    var repairs = 0
    while let bad = firstInvalidUTF8(rest) {
        out.append(
            UnsafeRawBufferPointer(rebasing: rest[..<bad]).assumingMemoryBound(to: UInt8.self))
        out.append(0xEF)
        out.append(0xBF)
        out.append(0xBD)
        repairs += 1
        rest = UnsafeRawBufferPointer(rebasing: rest[(bad + illFormedLength(rest, at: bad))...])
    }
    out.append(rest.assumingMemoryBound(to: UInt8.self))
    return repairs
}

/// The length of the longest start of a scalar at an ill-formed place: at least 1.
private func illFormedLength(_ bytes: UnsafeRawBufferPointer, at i: Int) -> Int {
    func isContinuation(_ at: Int, _ low: UInt8 = 0x80, _ high: UInt8 = 0xBF) -> Bool {
        at < bytes.count && bytes[at] >= low && bytes[at] <= high
    }
    switch bytes[i] {
    case 0xE0...0xEF:
        let low: UInt8 = bytes[i] == 0xE0 ? 0xA0 : 0x80
        let high: UInt8 = bytes[i] == 0xED ? 0x9F : 0xBF
        return isContinuation(i + 1, low, high) ? 2 : 1
    case 0xF0...0xF4:
        let low: UInt8 = bytes[i] == 0xF0 ? 0x90 : 0x80
        let high: UInt8 = bytes[i] == 0xF4 ? 0x8F : 0xBF
        guard isContinuation(i + 1, low, high) else { return 1 }
        return isContinuation(i + 2) ? 3 : 2
    default: return 1
    }
}

/// What the patterns take a scalar for; `space` and above are white space.
enum Kind {
    static let other = UInt8(arena_text_other)
    static let letter = UInt8(arena_text_letter)
    static let number = UInt8(arena_text_number)
    static let space = UInt8(arena_text_space)
    static let newline = UInt8(arena_text_newline)
}

/// The `Kind` of a scalar.
@inline(__always)
func kind(_ scalar: UInt32) -> UInt8 { arena_text_class(scalar) & 7 }
