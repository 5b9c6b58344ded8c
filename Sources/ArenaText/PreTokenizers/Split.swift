// `Split`: cuts at a plain string or at the matches of a regular expression; those of known families have
// scanners of their own.

struct Split: PreTokenizer {
    static let type = "Split"

    enum Pattern: Sendable {
        case text([UInt8], SplitBehavior, inverted: Bool)
        case known(SplitPattern)
        case regex(TextRegex, SplitBehavior, inverted: Bool)
    }

    let pattern: Pattern

    init(_ part: FilePart) throws(TokenizerError) {
        let behavior = try SplitBehavior.read(part.member("behavior"))
        let inverted = try part.flag("invert", or: false)
        let patternPart = try part.member("pattern")
        guard let regex = patternPart.optional("Regex") else {
            pattern = .text(try readStringPattern(patternPart), behavior, inverted: inverted)
            return
        }
        // The scanners' patterns match all of any text, so what lies between matches is empty.
        if behavior == .isolated || behavior == .removed && inverted,
            let known = SplitPattern(try regex.string())
        {
            pattern = .known(known)
        } else {
            pattern = .regex(try TextRegex(regex), behavior, inverted: inverted)
        }
    }

    func cut(_ pieces: inout Pieces) {
        switch pattern {
        case .text(let text, let behavior, let inverted):
            behavior.cut(&pieces, inverted: inverted, at: StringMatches(pattern: text))
        case .regex(let regex, let behavior, let inverted):
            behavior.cut(&pieces, inverted: inverted, at: RegexMatches(regex: regex))
        case .known(let pattern): pattern.cut(&pieces)
        }
    }
}
