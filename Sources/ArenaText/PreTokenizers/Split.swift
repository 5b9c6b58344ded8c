// `Split`: cuts at a plain string, or into the matches of one of the patterns that are known.

struct Split: PreTokenizer {
    static let type = "Split"

    private enum Pattern: Sendable {
        case text([UInt8], SplitBehavior, inverted: Bool)
        case known(any SplitPattern)
    }

    private let pattern: Pattern

    init(_ part: FilePart) throws(TokenizerError) {
        let behaviorPart = try part.member("behavior")
        let name = try behaviorPart.string()
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw behaviorPart.unsupported(
                name, supported: SplitBehavior.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let inverted = try part.flag("invert", or: false)
        let patternPart = try part.member("pattern")
        guard let regex = patternPart.optional("Regex") else {
            pattern = .text(try readStringPattern(patternPart), behavior, inverted: inverted)
            return
        }
        let known = try readSplitPattern(regex)
        // These patterns match all of any text, so what lies between matches is empty.
        guard behavior == .isolated || behavior == .removed && inverted else {
            throw behaviorPart.unsupported(
                "\(name)\(inverted ? " with invert" : "") for a regular expression",
                supported: "Isolated, or Removed with invert")
        }
        pattern = .known(known)
    }

    func cut(_ pieces: inout Pieces) {
        switch pattern {
        case .text(let text, let behavior, let inverted):
            behavior.cut(&pieces, at: text, inverted: inverted)
        case .known(let pattern): pattern.cut(&pieces)
        }
    }
}

/// What becomes of the delimiters that a `Split` finds.
enum SplitBehavior: String, CaseIterable, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// Cuts every piece at the occurrences of a string (or, inverted, at what lies between them).
    func cut(_ pieces: inout Pieces, at pattern: [UInt8], inverted: Bool) {
        guard findFirst(pattern, in: pieces.text, from: 0) != nil || self == .removed else {
            return
        }
        if self == .removed {
            return pieces.rewriteParts(pattern) { isMatch in isMatch == inverted }
        }
        pieces.refine { p, start, end, out in
            cutPiece(p, start, end, out, pattern, inverted)
        }
    }

    /// Ends of the parts of one piece. Parts alternate between text and matches; adjacent matches are
    /// parts of their own.
    private func cutPiece(
        _ p: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ out: UnsafeMutablePointer<UInt32>,
        _ pattern: [UInt8], _ inverted: Bool
    ) -> UnsafeMutablePointer<UInt32> {
        var out = out
        let text = Bytes(start: p, count: end)
        var i = start
        var previous: Bool?  // whether the part before was a delimiter
        while i < end {
            let found = findFirst(pattern, in: text, from: i) ?? end
            for (from, to, isMatch) in [
                (i, found, inverted), (found, min(end, found + pattern.count), !inverted),
            ]
            where to > from {
                // A boundary at `from` stays unless the behavior joins the two parts there.
                if let previous, !joins(previous, isMatch) {
                    out.pointee = UInt32(from)
                    out += 1
                }
                previous = isMatch
            }
            i = min(end, found + pattern.count)
        }
        out.pointee = UInt32(end)
        return out + 1
    }

    private func joins(_ before: Bool, _ after: Bool) -> Bool {
        switch self {
        case .removed, .isolated: return false
        case .mergedWithPrevious: return after && !before
        case .mergedWithNext: return before && !after
        case .contiguous: return before == after
        }
    }
}

extension Pieces {
    /// Keeps of every piece only the parts (matches of a string, or what lies between) that are wanted.
    fileprivate mutating func rewriteParts(_ pattern: [UInt8], keep: (Bool) -> Bool) {
        // Cut first, each part a piece; a second pass drops the unwanted ones by their content.
        SplitBehavior.isolated.cut(&self, at: pattern, inverted: false)
        let keepsMatches = keep(true)
        rewrite { part, _, out in
            if part.elementsEqual(pattern) == keepsMatches { out.append(part) }
        }
    }
}
