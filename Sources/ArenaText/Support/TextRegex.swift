// Regular expressions of tokenizer files beyond the hand-written scanners: translated for PCRE2, with
// classes of characters written out from the reference's own tables, so that both mean the same.

import CArenaText
import CPCRE2
import Synchronization

/// A regular expression with the meaning that Oniguruma gives it in the reference.
final class TextRegex: Sendable {
    nonisolated(unsafe) private let code: OpaquePointer
    /// Matchers that are not in use; each belongs to one thread while it is.
    private let idle = Mutex<[Matcher]>([])

    /// Whether the expression is ` {2,}`, which SentencePiece's families join spaces with.
    let isSpaces: Bool

    private struct Matcher: @unchecked Sendable {
        let pointer: UnsafeMutablePointer<arena_regex_matcher>
    }

    private static let noLimit = UInt32.max - 1

    init(_ part: FilePart) throws(TokenizerError) {
        let text = try part.string()
        isSpaces = text == " {2,}"
        let translated = try Translation(text, part).out
        var error: Int32 = 0
        var place = 0
        let options = UInt32(truncatingIfNeeded: arena_regex_utf | arena_regex_multiline)
        guard
            let code = arena_regex_compile(
                translated, translated.count, options, &error, &place)
        else {
            var buffer = [CChar](repeating: 0, count: 200)
            arena_regex_message(error, &buffer, buffer.count)
            let words = String(
                decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw part.contradiction("\(words) in the pattern \(text)")
        }
        self.code = code
    }

    deinit {
        for matcher in idle.withLock({ $0 }) {
            arena_regex_matcher_free(matcher.pointer.pointee)
            matcher.pointer.deallocate()
        }
        arena_regex_free(code)
    }

    /// Calls `body` with the bounds of each match in a text, from left to right.
    func forEachMatch(in text: Bytes, _ body: (Int, Int) -> Void) {
        guard let p = text.baseAddress else { return }
        if isSpaces { return forEachRunOfSpaces(in: text, body) }
        let matcher = idle.withLock { $0.popLast() } ?? makeMatcher()
        defer { idle.withLock { $0.append(matcher) } }
        var at = 0
        var last = -1
        while at <= text.count {
            let found = arena_regex_find(
                code, matcher.pointer, p, text.count, at, text.count, 0)
            guard found > 0 || found == 0 else { return }
            // SAFETY: a match that was found has set the two places of the whole.
            let places = arena_regex_places(matcher.pointer)
            guard let start = places?[0], let end = places?[1], end >= start else { return }
            // As the reference's iterator: an empty match right behind the last one is none.
            if end == start, start == last {
                guard start < text.count else { return }
                at = start + 1
                while at < text.count, p[at] & 0xC0 == 0x80 { at += 1 }
                continue
            }
            body(start, end)
            last = end
            at = end
        }
    }

    private func forEachRunOfSpaces(in text: Bytes, _ body: (Int, Int) -> Void) {
        let space = UInt8(ascii: " ")
        var from = 0
        while let start = findFirst([space, space], in: text, from: from) {
            from = start + 2
            while from < text.count, text[from] == space { from += 1 }
            body(start, from)
        }
    }

    private func makeMatcher() -> Matcher {
        let pointer = UnsafeMutablePointer<arena_regex_matcher>.allocate(capacity: 1)
        pointer.initialize(to: arena_regex_matcher_make(code, Self.noLimit, Self.noLimit))
        return Matcher(pointer: pointer)
    }
}

/// A pattern on its way from Oniguruma's writing to PCRE2's.
private struct Translation {
    var out: [UInt8] = []

    static let known = "\\p{L, N, M, P, Lu, Ll, Lt, Lm, Lo}, \\s, \\S, \\r, \\n, \\t, \\A, \\z"

    init(_ text: String, _ part: FilePart) throws(TokenizerError) {
        let pattern = Array(text.utf8)
        var i = 0
        var depth = 0
        func refuse(_ what: String) -> TokenizerError {
            .unknownPattern(
                pattern: text, key: part.key,
                known: [
                    "the known families, or of \(Self.known), classes, groups and look-around; "
                        + "not \(what)"
                ], place: part.place)
        }
        while i < pattern.count {
            let c = pattern[i]
            if c == UInt8(ascii: "\\") {
                guard i + 1 < pattern.count else { throw refuse("a backslash at the end") }
                let next = pattern[i + 1]
                i += 2
                switch next {
                case UInt8(ascii: "p"), UInt8(ascii: "P"):
                    guard i < pattern.count, pattern[i] == UInt8(ascii: "{"),
                        let close = pattern[i...].firstIndex(of: UInt8(ascii: "}"))
                    else { throw refuse("\\p without braces") }
                    var name = String(decoding: pattern[(i + 1)..<close], as: UTF8.self)
                    var inverted = next == UInt8(ascii: "P")
                    if name.hasPrefix("^") {
                        name.removeFirst()
                        inverted.toggle()
                    }
                    guard let test = Self.property(name) else { throw refuse("\\p{\(name)}") }
                    appendClass(test, inverted: inverted, inClass: depth > 0)
                    i = close + 1
                case UInt8(ascii: "s"), UInt8(ascii: "S"):
                    appendClass(
                        { kind($0) >= Kind.space }, inverted: next == UInt8(ascii: "S"),
                        inClass: depth > 0)
                case UInt8(ascii: "r"), UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "f"),
                    UInt8(ascii: "A"), UInt8(ascii: "z"):
                    out += [c, next]
                case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: out += [c, next]
                default:
                    throw refuse("\\" + String(decoding: [next], as: UTF8.self))
                }
                continue
            }
            if c == UInt8(ascii: "[") {
                // Oniguruma has classes inside classes; PCRE2 takes the bracket for itself.
                if depth > 0 { throw refuse("a class inside a class") }
                depth = 1
                out.append(c)
                i += 1
                if i < pattern.count, pattern[i] == UInt8(ascii: "^") {
                    out.append(pattern[i])
                    i += 1
                }
                continue
            }
            if depth > 0 {
                if c == UInt8(ascii: "]") { depth = 0 }
                if c == UInt8(ascii: "&"), i + 1 < pattern.count, pattern[i + 1] == c {
                    throw refuse("&& in a class")
                }
            } else if c == UInt8(ascii: "}"), i + 1 < pattern.count,
                pattern[i + 1] == UInt8(ascii: "+")
            {
                throw refuse("{..}+, which is not possessive there")
            } else if c == UInt8(ascii: "("), i + 2 < pattern.count,
                pattern[i + 1] == UInt8(ascii: "?"),
                !"i:=!<>-".utf8.contains(pattern[i + 2])
            {
                throw refuse("(?" + String(decoding: [pattern[i + 2]], as: UTF8.self))
            }
            out.append(c)
            i += 1
        }
    }

    /// What a property asks of a scalar.
    private static func property(_ name: String) -> ((UInt32) -> Bool)? {
        func has(_ trait: UInt16) -> (UInt32) -> Bool { { traits($0) & trait != 0 } }
        switch name {
        case "L", "Letter": return { kind($0) == Kind.letter }
        case "N", "Number": return { kind($0) == Kind.number }
        case "M", "Mark": return has(Trait.markCategory)
        case "P", "Punctuation": return has(Trait.punctuationCategory)
        case "Ll": return has(Trait.lower)
        case "Lt": return has(Trait.title)
        case "Lm": return has(Trait.modifier)
        case "Lu": return { traits($0) & (Trait.upper | Trait.title) == Trait.upper }
        case "Lo":
            return {
                kind($0) == Kind.letter
                    && traits($0) & (Trait.upper | Trait.lower | Trait.modifier) == 0
            }
        default: return nil
        }
    }

    /// Writes a class as its ranges.
    private mutating func appendClass(
        _ test: (UInt32) -> Bool, inverted: Bool, inClass: Bool
    ) {
        if !inClass { out += Array(inverted ? "[^".utf8 : "[".utf8) }
        let wanted = !(inverted && inClass)
        func hex(_ code: UInt32) -> [UInt8] {
            Array("\\x{".utf8) + Array(String(code, radix: 16).utf8) + Array("}".utf8)
        }
        var start: UInt32?
        for code in UInt32(0)...0x110000 {
            let inside =
                code < 0x110000 && !(code >= 0xD800 && code < 0xE000) && test(code) == wanted
            if inside {
                if start == nil { start = code }
            } else if let first = start {
                out += hex(first)
                if code - 1 > first { out += Array("-".utf8) + hex(code - 1) }
                start = nil
            }
        }
        if !inClass { out.append(UInt8(ascii: "]")) }
    }
}
