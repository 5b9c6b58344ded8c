// Compiled patterns and the search for one match after another. A program compiles what it is asked
// for: for ASCII text or any text, to search, to match at a place, or to match the whole.

import ArenaCore
import ArenaLanguage
import CPCRE2
import Synchronization

/// A pattern ready to match; shared by all who use the same pattern and flags.
final class RegexProgram: Sendable {
    enum Kind: Int { case search, match, fullMatch }

    let pattern: String
    let flags: RegexFlags
    let groups: Int
    let names: [(name: String, group: Int)]
    private let closing: [Int]
    /// Whether text that is all ASCII has its own, faster translation.
    let hasASCIIForm: Bool
    private let wide: RegexTranslation
    private let givenFlags: RegexFlags
    // SAFETY: compiled code never changes once it is here, and lives as long as the program.
    private struct Codes: @unchecked Sendable {
        var list: [OpaquePointer?] = Array(repeating: nil, count: 6)
    }
    private let codes = Mutex(Codes())

    private init(_ pattern: String, _ flags: RegexFlags) throws(Raised) {
        self.pattern = pattern
        givenFlags = flags
        do throws(RegexFault) {
            wide = try RegexTranslator.translate(pattern, flags, ascii: false)
        } catch {
            throw Self.refusal(pattern, error)
        }
        self.flags = wide.flags
        groups = wide.groups
        names = wide.names
        closing = wide.closing
        // Case folding can bring a letter beyond ASCII to one within.
        hasASCIIForm = !(wide.hasWide && (wide.ignoresCase || wide.flags.contains(.ignoreCase)))
        _ = try code(.search, ascii: false)
    }

    deinit {
        codes.withLock { codes in for code in codes.list { if let code { arena_regex_free(code) } }
        }
    }

    private static func refusal(_ pattern: String, _ fault: RegexFault) -> Raised {
        let scalars = Array(pattern.unicodeScalars)
        let at = min(max(fault.position, 0), scalars.count)
        func text(_ part: ArraySlice<UnicodeScalar>) -> String {
            var view = String.UnicodeScalarView()
            for u in part { view.append(u.value < 32 ? "\u{FFFD}" : u) }
            return String(view)
        }
        let (before, after) = (
            scalars[max(0, at - 40)..<at], scalars[at..<min(scalars.count, at + 40)]
        )
        return Raised(
            .value,
            "the pattern is wrong at position \(at): \(fault.message)",
            help: "at the mark: \(text(before))»\(text(after))")
    }

    func code(_ kind: Kind, ascii: Bool) throws(Raised) -> OpaquePointer {
        let slot = kind.rawValue * 2 + (ascii ? 1 : 0)
        if let code = codes.withLock({ $0.list[slot] }) { return code }
        var translation = wide
        if ascii {
            do throws(RegexFault) {
                translation = try RegexTranslator.translate(pattern, givenFlags, ascii: true)
            } catch {
                throw Self.refusal(pattern, error)
            }
        }
        var text = translation.pattern
        var options: UInt32 = 0
        if !ascii {
            options |= UInt32(arena_regex_utf)
            if !flags.contains(.ascii) { options |= UInt32(arena_regex_ucp) }
        }
        if flags.contains(.ignoreCase) { options |= UInt32(arena_regex_caseless) }
        if flags.contains(.multiline) { options |= UInt32(arena_regex_multiline) }
        if flags.contains(.dotAll) { options |= UInt32(arena_regex_dotall) }
        if kind != .search { options |= UInt32(truncatingIfNeeded: arena_regex_anchored) }
        if kind == .fullMatch { text = Array("(?:".utf8) + text + Array(")\\z".utf8) }
        var error: Int32 = 0
        var place = 0
        guard let code = arena_regex_compile(text, text.count, options, &error, &place) else {
            var buffer = [CChar](repeating: 0, count: 256)
            arena_regex_message(error, &buffer, buffer.count)
            let words = String(
                decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw Raised(
                .value, "the pattern \(shortened(pattern)) cannot be used: \(words)",
                help: words.contains("0xd800")
                    ? "no text holds surrogates: where cells did, turns() has read U+FFFD" : nil)
        }
        return codes.withLock { codes in
            if let first = codes.list[slot] {
                arena_regex_free(code)
                return Codes(list: [first])
            }
            codes.list[slot] = code
            return Codes(list: [code])
        }.list[0].unsafelyUnwrapped
    }

    /// Whether a text is matched by the program for ASCII.
    func usesASCII(_ text: Value) -> Bool { hasASCIIForm && text.scalarCount == text.utf8.count }

    /// The group that closed last in a match, as Python's `lastindex`.
    func lastGroup(_ places: [Int]) -> Int? {
        var best: Int?
        for g in 1..<max(1, groups + 1) where places[2 * g] >= 0 {
            guard let b = best else {
                best = g
                continue
            }
            let (x, y) = (places[2 * g + 1], places[2 * b + 1])
            if x > y || x == y && closing[g - 1] > closing[b - 1] { best = g }
        }
        return best
    }

    // MARK: - The cache

    private struct Key: Hashable {
        let pattern: String
        let flags: RegexFlags
    }

    private static let cache = Mutex<[Key: RegexProgram]>([:])

    /// The program of a pattern, compiled once.
    static func cached(_ pattern: String, _ flags: RegexFlags) throws(Raised) -> RegexProgram {
        let key = Key(pattern: pattern, flags: flags)
        if let known = cache.withLock({ $0[key] }) { return known }
        let program = try RegexProgram(pattern, flags)
        cache.withLock { cache in
            if cache.count >= 256 { cache.removeAll() }
            cache[key] = program
        }
        return program
    }
}

/// A pattern in a message.
func shortened(_ pattern: String) -> String {
    pattern.unicodeScalars.count > 60 ? "'\(pattern.prefix(57))...'" : "'\(pattern)'"
}

/// One pass over a text, or over one text after another: finds one match after another by Python's rules
/// for empty ones.
final class RegexScan {
    let program: RegexProgram
    private let code: OpaquePointer
    // SAFETY: allocated here, freed in deinit; a pointer, so that no access is checked at run time.
    private let matcher: UnsafeMutablePointer<arena_regex_matcher>
    private var text: UnsafePointer<UInt8>?
    private var end = 0
    private let answerStops: () throws(Raised) -> Void
    /// Where the next search begins.
    private(set) var position = 0
    private var mustAdvance = false
    /// How many places the first piece of a search covers; fewer once a search has been slow.
    private var firstPiece = 256
    private let isAnchored: Bool
    let ascii: Bool

    /// About as much backtracking as a second allows.
    private static let matchLimit: UInt32 = 100_000_000
    private static let heapLimit: UInt32 = 1 << 17  // KiB

    /// - Parameter answerStops: asked now and then whether to go on.
    init(
        _ program: RegexProgram, _ kind: RegexProgram.Kind, ascii: Bool,
        answerStops: @escaping () throws(Raised) -> Void
    ) throws(Raised) {
        self.program = program
        self.ascii = ascii
        self.answerStops = answerStops
        code = try program.code(kind, ascii: ascii)
        matcher = .allocate(capacity: 1)
        matcher.initialize(to: arena_regex_matcher_make(code, Self.matchLimit, Self.heapLimit))
        isAnchored = kind != .search
    }

    /// - Parameters:
    ///   - text: stays alive as long as the scan is used.
    ///   - start, end: in bytes.
    convenience init(
        _ program: RegexProgram, _ kind: RegexProgram.Kind, _ text: Value, from start: Int,
        to end: Int, _ machine: Machine
    ) throws(Raised) {
        try self.init(program, kind, ascii: program.usesASCII(text)) { () throws(Raised) in
            try machine.answerStops()
        }
        begin(text.utf8.baseAddress, from: start, to: end)
    }

    deinit {
        arena_regex_matcher_free(matcher.pointee)
        matcher.deallocate()
    }

    /// Turns to a text, which stays alive as long as it is searched.
    func begin(_ text: UnsafePointer<UInt8>?, from start: Int, to end: Int) {
        self.text = text
        self.end = end
        position = start
        mustAdvance = false
    }

    /// Start and end of the match and of each group, in bytes; -1 for a group that took no part.
    var places: UnsafePointer<Int> {
        // SAFETY: two places a group, written by the last match; they live as long as the matcher.
        UnsafeRawPointer(arena_regex_places(matcher)).unsafelyUnwrapped.assumingMemoryBound(
            to: Int.self)
    }

    /// Looks for the next match; false at the end of the text.
    func next() throws(Raised) -> Bool {
        var from = position
        var options: UInt32 = mustAdvance ? UInt32(arena_regex_not_empty_at_start) : 0
        guard from <= end else { return false }
        var piece = firstPiece
        var before = 0.0
        while true {
            let last = isAnchored ? end : min(end, from + piece)
            let found = arena_regex_find(code, matcher, text, end, from, last, options)
            if found > 0 {
                position = places[1]
                mustAdvance = places[0] == places[1]
                return true
            }
            guard Int(found) == arena_regex_no_match else { throw failure(found) }
            if last >= end { return false }
            // Long scans go in pieces that take some milliseconds each, so that Ctrl-C is heard.
            try answerStops()
            let now = monotonicSeconds()
            let took = before == 0 ? 0 : now - before
            before = now
            if took < 0.005, piece < 1 << 24 {
                piece *= 4
            } else if took > 0.05 {
                piece = max(8, piece / 4)
                firstPiece = 8
            }
            options = 0
            from = last + 1
            while let text, from < end, text[from] & 0xC0 == 0x80 { from += 1 }
        }
    }

    /// The places of the last match, to keep.
    func takePlaces() -> [Int] {
        Array(UnsafeBufferPointer(start: places, count: 2 * (program.groups + 1)))
    }

    private func failure(_ code: Int32) -> Raised {
        switch Int(code) {
        case arena_regex_match_limit, arena_regex_depth_limit, arena_regex_heap_limit,
            arena_regex_stack_limit:
            return Raised(
                .runtime,
                "the pattern \(shortened(program.pattern)) takes too many steps on this text",
                help:
                    "repeats inside repeats, such as (a+)+, try everything: write a+, or a++ to never go back"
            )
        default:
            var buffer = [CChar](repeating: 0, count: 256)
            arena_regex_message(code, &buffer, buffer.count)
            let words = String(
                decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return Raised(.runtime, "matching \(shortened(program.pattern)) failed: \(words)")
        }
    }
}
