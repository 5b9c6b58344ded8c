// What BERT's and SentencePiece's kinds of tokenizers ask about a scalar.

import CArenaText

/// Bits of `traits(_:)`.
enum Trait {
    static let control = UInt16(arena_text_control)
    static let white = UInt16(arena_text_white)
    static let punctuation = UInt16(arena_text_punctuation)
    static let nonspacing = UInt16(arena_text_nonspacing)
    static let mark = UInt16(arena_text_mark)
    static let numeric = UInt16(arena_text_numeric)
    static let word = UInt16(arena_text_whitespace_word)
    static let title = UInt16(arena_text_title)
    static let lowers = UInt16(arena_text_lowers)
    static let decomposes = UInt16(arena_text_decomposes)
    static let upper = UInt16(arena_text_upper)
    static let lower = UInt16(arena_text_lower)
    static let markCategory = UInt16(arena_text_mark_category)
    static let modifier = UInt16(arena_text_modifier)
    static let punctuationCategory = UInt16(arena_text_punctuation_category)
}

/// The traits of a scalar.
@inline(__always)
func traits(_ code: UInt32) -> UInt16 { arena_text_traits(code) }

/// Whether the first scalar of a text satisfies a test.
func startsWith(_ text: Bytes, _ test: (UInt32) -> Bool) -> Bool {
    guard let p = text.baseAddress, text.count > 0 else { return false }
    var length = 0
    return test(scalar(p, 0, &length))
}

/// Appends a scalar in lower case, as Rust's `to_lowercase` has it: by the scalar alone.
@inline(__always)
func appendLowercase(_ code: UInt32, to out: inout Scratch<UInt8>) {
    var count: UInt32 = 0
    guard traits(code) & Trait.lowers != 0, let parts = arena_text_lowercase(code, &count) else {
        return appendScalar(code, to: &out)
    }
    // SAFETY: the table holds `count` scalars at that place and is never freed.
    for k in 0..<Int(count) { appendScalar(parts[k], to: &out) }
}

/// Whether a text holds nothing but ASCII.
func isASCII(_ text: Bytes) -> Bool {
    guard let p = text.baseAddress else { return true }
    var i = 0
    while i + 8 <= text.count {
        if UnsafeRawPointer(p + i).loadUnaligned(as: UInt64.self) & 0x8080_8080_8080_8080 != 0 {
            return false
        }
        i += 8
    }
    while i < text.count {
        if p[i] >= 0x80 { return false }
        i += 1
    }
    return true
}

/// Calls `body` with each scalar of a text, where it starts and how long it is.
@inline(__always)
func forEachScalar(of text: Bytes, _ body: (UInt32, Int, Int) -> Void) {
    guard let p = text.baseAddress else { return }
    var i = 0
    var length = 0
    while i < text.count {
        body(scalar(p, i, &length), i, length)
        i += length
    }
}
