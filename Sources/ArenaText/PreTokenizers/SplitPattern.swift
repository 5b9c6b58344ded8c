// The regular expressions that tokenizer files cut with, as hand-written scanners. A pattern is
// recognised by its exact text; other expressions are TextRegex.swift's.

import CArenaText

/// A known regular expression that matches all of any text, match after match.
protocol SplitPattern: Sendable {
    /// Cuts every piece into the pattern's matches.
    func cut(_ pieces: inout Pieces)
}

/// The scanner for a regular expression of a tokenizer file, if it is one of those known.
func knownSplitPattern(_ text: String) -> (any SplitPattern)? {
    for digits in [1, 3] where text == CL100KPattern.text(digits: digits) {
        return CL100KPattern(digits: digits)
    }
    return text == GPT2Pattern.text ? GPT2Pattern() : nil
}

/// GPT-2's pattern; also what `ByteLevel` cuts with by itself.
struct GPT2Pattern: SplitPattern {
    static let text =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    func cut(_ pieces: inout Pieces) { pieces.refine(Self.cut) }

    static func cut(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ ends: UnsafeMutablePointer<UInt32>
    ) -> UnsafeMutablePointer<UInt32> {
        var out = ends
        var i = start
        var length = 0
        while i < end {
            let first = kind(scalar(p, i, &length))
            if p[i] == UInt8(ascii: "'"), let n = contraction(p, i, end, foldsCase: false) {
                i += n
            } else {
                // ` ?` belongs to the run behind it, if there is one of any kind but space.
                var run = first
                var at = i + length
                if p[i] == UInt8(ascii: " "), at < end {
                    var next = 0
                    let second = kind(scalar(p, at, &next))
                    if second < Kind.space {
                        run = second
                        at += next
                    }
                }
                switch run {
                case Kind.letter: i = endOfLetters(p, at, end)
                case Kind.number: i = endOfRun(p, at, end, Kind.number)
                case Kind.other: i = endOfRun(p, at, end, Kind.other)
                default: i = endOfSpaces(p, i, end)
                }
            }
            out.pointee = UInt32(truncatingIfNeeded: i)
            out += 1
        }
        return out
    }

    /// `\s+(?!\S)|\s+`: all of a run at the end, else all but its last, else the one.
    private static func endOfSpaces(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var i = start
        var last = start
        var length = 0
        while i < end, kind(scalar(p, i, &length)) >= Kind.space {
            last = i
            i += length
        }
        return i == end || last == start ? i : last
    }
}

/// The pattern of cl100k and its kin: Llama 3 (digits in threes) and Qwen2 (single digits).
struct CL100KPattern: SplitPattern {
    /// How many digits make a piece at most.
    let digits: Int

    static func text(digits: Int) -> String {
        let run = digits == 1 ? "" : "{1,\(digits)}"
        return #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + run
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    func cut(_ pieces: inout Pieces) {
        let digits = digits
        pieces.refine { p, start, end, out in Self.cut(p, start, end, out, digits) }
    }

    @inline(__always)
    private static func cut(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ ends: UnsafeMutablePointer<UInt32>,
        _ digits: Int
    ) -> UnsafeMutablePointer<UInt32> {
        var out = ends
        var i = start
        var length = 0
        while i < end {
            let first = kind(scalar(p, i, &length))
            i = endOfMatch(p, i, end, first, length, digits)
            out.pointee = UInt32(truncatingIfNeeded: i)
            out += 1
        }
        return out
    }

    /// The alternatives in their order, chosen by the kind of the first scalar and of the second.
    @inline(__always)
    private static func endOfMatch(
        _ p: UnsafePointer<UInt8>, _ i: Int, _ end: Int, _ first: UInt8, _ length: Int,
        _ digits: Int
    ) -> Int {
        let after = i + length
        if first == Kind.letter { return endOfLetters(p, after, end) }
        if first == Kind.number { return endOfDigits(p, after, end, digits) }
        if p[i] == UInt8(ascii: "'"), let n = contraction(p, i, end, foldsCase: true) {
            return i + n
        }
        var next = 0
        if first != Kind.newline, after < end {
            let second = kind(scalar(p, after, &next))
            if second == Kind.letter { return endOfLetters(p, after + next, end) }
            if second == Kind.other, first == Kind.other || p[i] == UInt8(ascii: " ") {
                return endOfNewlines(p, endOfRun(p, after + next, end, Kind.other), end)
            }
        }
        if first == Kind.other { return endOfNewlines(p, after, end) }
        return endOfSpaces(p, i, end)
    }

    @inline(__always)
    private static func endOfDigits(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ digits: Int
    ) -> Int {
        var i = start
        var taken = 1
        var length = 0
        while taken < digits, i < end, kind(scalar(p, i, &length)) == Kind.number {
            i += length
            taken += 1
        }
        return i
    }

    /// `[\r\n]*`
    @inline(__always)
    private static func endOfNewlines(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var i = start
        while i < end, p[i] == 10 || p[i] == 13 { i += 1 }
        return i
    }

    /// `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the run's last line break; else as in GPT-2's pattern.
    private static func endOfSpaces(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
        var i = start
        var last = start
        var afterBreak = 0
        var length = 0
        while i < end {
            let found = kind(scalar(p, i, &length))
            if found < Kind.space { break }
            last = i
            i += length
            if found == Kind.newline { afterBreak = i }
        }
        if afterBreak > 0 { return afterBreak }
        return i == end || last == start ? i : last
    }
}

// MARK: - Shared runs

/// The length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at an apostrophe, if one stands there.
@inline(__always)
private func contraction(_ p: UnsafePointer<UInt8>, _ i: Int, _ end: Int, foldsCase: Bool) -> Int? {
    guard i + 1 < end else { return nil }
    let fold: UInt8 = foldsCase ? 0x20 : 0
    switch p[i + 1] | fold {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
        return i + 2 < end && p[i + 2] | fold == UInt8(ascii: "e") ? 3 : nil
    case UInt8(ascii: "l"):
        return i + 2 < end && p[i + 2] | fold == UInt8(ascii: "l") ? 3 : nil
    default:
        // U+017F, the long s, is an s to a pattern that ignores case.
        return foldsCase && i + 2 < end && p[i + 1] == 0xC5 && p[i + 2] == 0xBF ? 3 : nil
    }
}

/// The end of a run of letters, eight ASCII letters a step.
@inline(__always)
private func endOfLetters(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    var i = start
    var length = 0
    while i < end {
        // SAFETY: texts are followed by spare bytes, so eight can be read at any place in them.
        let word = UnsafeRawPointer(p + i).loadUnaligned(as: UInt64.self)
        let lower = word | 0x2020_2020_2020_2020
        let atLeastA = (lower | 0x8080_8080_8080_8080) &- 0x6161_6161_6161_6161
        let atMostZ = (0xFAFA_FAFA_FAFA_FAFA as UInt64) &- (lower & 0x7F7F_7F7F_7F7F_7F7F)
        let letters = atLeastA & atMostZ & ~word & 0x8080_8080_8080_8080
        let others = ~letters & 0x8080_8080_8080_8080
        if others == 0 {
            i += 8
            continue
        }
        i += others.trailingZeroBitCount >> 3
        if i >= end { return end }
        if p[i] < 0x80 { return i }
        guard kind(scalar(p, i, &length)) == Kind.letter else { return i }
        i += length
    }
    return end
}

/// The end of a run of one kind.
@inline(__always)
private func endOfRun(_ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ wanted: UInt8) -> Int {
    var i = start
    var length = 0
    while i < end, kind(scalar(p, i, &length)) == wanted { i += length }
    return i
}
