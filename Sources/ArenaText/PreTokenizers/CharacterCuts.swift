// Pre-tokenizers that cut at characters of a kind: BERT's, `Whitespace`, `WhitespaceSplit`, `Punctuation`,
// `Digits`, `CharDelimiterSplit`.

import CArenaText

/// Cuts at white space, which goes, and around punctuation, which stays.
struct BertPreTokenizer: PreTokenizer {
    static let type = "BertPreTokenizer"

    init(_ part: FilePart) throws(TokenizerError) {}
    init() {}

    func cut(_ pieces: inout Pieces) {
        pieces.keep { p, start, end, keeper in
            var i = start
            var from = start
            var length = 0
            while i < end {
                let found = traits(scalar(p, i, &length))
                if found & (Trait.white | Trait.punctuation) != 0 {
                    keeper.keep(p, from, i)
                    if found & Trait.white == 0 { keeper.keep(p, i, i + length) }
                    from = i + length
                }
                i += length
            }
            keeper.keep(p, from, end)
        }
    }
}

/// Keeps runs of word characters and runs of what is neither that nor white space.
struct Whitespace: PreTokenizer {
    static let type = "Whitespace"

    init(_ part: FilePart) throws(TokenizerError) {}

    func cut(_ pieces: inout Pieces) {
        pieces.keep { p, start, end, keeper in
            var i = start
            var from = start
            var length = 0
            var before: UInt16 = Trait.white
            while i < end {
                let found = traits(scalar(p, i, &length))
                let kind = found & Trait.word != 0 ? Trait.word : found & Trait.white
                if kind != before {
                    if before != Trait.white { keeper.keep(p, from, i) }
                    from = i
                    before = kind
                }
                i += length
            }
            if before != Trait.white { keeper.keep(p, from, end) }
        }
    }
}

/// Cuts at white space, which goes.
struct WhitespaceSplit: PreTokenizer {
    static let type = "WhitespaceSplit"

    init(_ part: FilePart) throws(TokenizerError) {}

    func cut(_ pieces: inout Pieces) {
        SplitBehavior.removed.cut(
            &pieces, inverted: false, at: CharacterMatches(trait: Trait.white))
    }
}

/// Cuts at punctuation.
struct Punctuation: PreTokenizer {
    static let type = "Punctuation"
    let behavior: SplitBehavior

    init(_ part: FilePart) throws(TokenizerError) {
        behavior = try part.optional("behavior").map(SplitBehavior.read) ?? .isolated
    }

    func cut(_ pieces: inout Pieces) {
        behavior.cut(&pieces, inverted: false, at: CharacterMatches(trait: Trait.punctuation))
    }
}

/// Cuts around digits, all or one by one.
struct Digits: PreTokenizer {
    static let type = "Digits"
    let behavior: SplitBehavior

    init(_ part: FilePart) throws(TokenizerError) {
        behavior = try part.flag("individual_digits", or: false) ? .isolated : .contiguous
    }

    func cut(_ pieces: inout Pieces) {
        behavior.cut(&pieces, inverted: false, at: CharacterMatches(trait: Trait.numeric))
    }
}

/// Cuts at one character, which goes.
struct CharDelimiterSplit: PreTokenizer {
    static let type = "CharDelimiterSplit"
    let delimiter: [UInt8]

    init(_ part: FilePart) throws(TokenizerError) {
        delimiter = try part.member("delimiter").character()
    }

    func cut(_ pieces: inout Pieces) {
        SplitBehavior.removed.cut(&pieces, inverted: false, at: StringMatches(pattern: delimiter))
    }
}

/// Every character with a trait is a match.
struct CharacterMatches: Matches {
    let trait: UInt16

    @inline(__always)
    func forEach(in text: Bytes, _ body: (Int, Int) -> Void) {
        forEachScalar(of: text) { code, at, length in
            if traits(code) & trait != 0 { body(at, at + length) }
        }
    }
}
