// What becomes of the delimiters that a pre-tokenizer finds.

/// What finds delimiters in a piece.
protocol Matches {
    /// Calls `body` with the bounds of each match, from left to right.
    func forEach(in text: Bytes, _ body: (Int, Int) -> Void)
}

/// The occurrences of a string.
struct StringMatches: Matches {
    let pattern: [UInt8]

    func forEach(in text: Bytes, _ body: (Int, Int) -> Void) {
        var i = 0
        while let found = findFirst(pattern, in: text, from: i) {
            body(found, found + pattern.count)
            i = found + pattern.count
        }
    }
}

/// The matches of a regular expression.
struct RegexMatches: Matches {
    let regex: TextRegex

    func forEach(in text: Bytes, _ body: (Int, Int) -> Void) {
        regex.forEachMatch(in: text, body)
    }
}

enum SplitBehavior: String, CaseIterable, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    static func read(_ part: FilePart) throws(TokenizerError) -> SplitBehavior {
        let name = try part.string()
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw part.unsupported(
                name, supported: allCases.map(\.rawValue).joined(separator: ", "))
        }
        return behavior
    }

    /// Cuts every piece at matches (or, inverted, at what lies between them).
    func cut(_ pieces: inout Pieces, inverted: Bool, at matches: some Matches) {
        if self == .removed {
            return pieces.keep { p, start, end, keeper in
                var from = start
                matches.forEach(in: Bytes(start: p + start, count: end - start)) { low, high in
                    if inverted {
                        keeper.keep(p, start + low, start + high)
                    } else {
                        keeper.keep(p, from, start + low)
                        from = start + high
                    }
                }
                if !inverted { keeper.keep(p, from, end) }
            }
        }
        pieces.refine { p, start, end, out in
            var writer = EndWriter(out: out, start: start, behavior: self)
            var from = start
            matches.forEach(in: Bytes(start: p + start, count: end - start)) { low, high in
                if start + low > from { writer.add(from, inverted) }
                // An empty match is a part too: it keeps what is around it apart.
                writer.add(start + low, !inverted)
                from = start + high
            }
            if end > from { writer.add(from, inverted) }
            return writer.finish(end)
        }
    }

    /// Whether no boundary is left between two neighbours, of which each is a delimiter or not.
    @inline(__always)
    fileprivate func joins(_ before: Bool, _ after: Bool) -> Bool {
        switch self {
        case .removed, .isolated: return false
        case .mergedWithPrevious: return after && !before
        case .mergedWithNext: return before && !after
        case .contiguous: return before == after
        }
    }
}

/// Writes the ends of the parts of one piece. Parts alternate between text and matches; matches side by
/// side are parts of their own.
private struct EndWriter {
    var out: UnsafeMutablePointer<UInt32>
    var boundary: Int
    var previous: Bool?
    let behavior: SplitBehavior

    init(out: UnsafeMutablePointer<UInt32>, start: Int, behavior: SplitBehavior) {
        self.out = out
        boundary = start
        self.behavior = behavior
    }

    mutating func add(_ from: Int, _ isMatch: Bool) {
        // A boundary at `from` stays unless the behavior joins the two parts there.
        if let previous, !behavior.joins(previous, isMatch) { write(from) }
        previous = isMatch
    }

    mutating func finish(_ end: Int) -> UnsafeMutablePointer<UInt32> {
        write(end)
        return out
    }

    private mutating func write(_ end: Int) {
        guard end > boundary else { return }
        out.pointee = UInt32(truncatingIfNeeded: end)
        out += 1
        boundary = end
    }
}
