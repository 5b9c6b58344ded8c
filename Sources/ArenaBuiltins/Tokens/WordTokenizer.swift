// The word tokenizer of Keras, as scripts see it: word_tokenizer, and pad_sequences with Keras' defaults.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaText

private typealias P = BuiltinParameter

/// Words numbered by their frequency.
final class WordTokenizerValue: HostObject {
    fileprivate(set) var index: WordIndex

    init(_ index: WordIndex) { self.index = index }

    static let hostType = HostType(
        "word_tokenizer", summary: "Numbers words by how often they were seen, as Keras does.",
        methods: wordTokenizerMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { WordTokenizerValue(index) }
    var attributeNames: [String] { ["num_words", "oov_token", "word_counts", "word_index"] }
    var representation: String { "<word_tokenizer of \(index.order.count) words>" }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "num_words": return index.numWords.map { .int($0) } ?? Value.none
        case "oov_token": return index.oovToken.map { .string($0) } ?? Value.none
        case "word_counts":
            return try dict(index.order.filter { index.count(of: $0) > 0 }) { index.count(of: $0) }
        case "word_index": return try dict(index.order) { Int(index.index[$0] ?? 0) }
        default: return nil
        }
    }

    private func dict(_ words: [String], _ number: (String) -> Int) throws(Raised) -> Value {
        .dict(words.map { ($0, .int(number($0))) })
    }
}

/// The texts of a column or a list.
private func texts(_ a: Arguments, _ i: Int) throws(Raised) -> (texts: [String], key: FrameKey?) {
    if let series = (a[i].asHost as? SeriesValue)?.series {
        let texts = try columnTexts(series)
        return ((0..<series.count).map { texts.string(at: $0) }, series.key)
    }
    if a[i].isText {
        throw a.marking(
            i, Raised(.type, "texts are a column or a list", help: "give [text] for one"))
    }
    return (try a.strings(i), nil)
}

private let fitted = """
    w = word_tokenizer(oov_token="<oov>")
    w.fit(["the cat", "the dog saw the cat"])

    """

let wordTokenizerMethods: [Builtin] = [
    Builtin(
        "fit",
        [.receiver("word_tokenizer"), P("texts", "column or list of str", .rest)],
        "Counts the words of texts, on top of what was counted before, and numbers them by frequency.",
        examples: [
            Example(
                fitted + "print(w.word_index[\"the\"], w.word_counts[\"cat\"])", prints: "2 2\n")
        ]
    ) { a throws(Raised) in
        let w = try a.host(0, WordTokenizerValue.self, "word_tokenizer")
        for item in a[1].items ?? .init(start: nil, count: 0) {
            if let series = (item.asHost as? SeriesValue)?.series {
                let texts = try columnTexts(series)
                w.index.fit((0..<series.count).lazy.map { texts.string(at: $0) })
                continue
            }
            guard let items = item.items else {
                throw Raised(
                    .type, "fit() wants columns or lists of texts, not \(item.typeWithArticle)")
            }
            var texts: [String] = []
            for text in items {
                guard let text = text.asString else {
                    throw Raised(.type, "fit() wants texts, not \(text.typeWithArticle)")
                }
                texts.append(text)
            }
            w.index.fit(texts)
        }
        return .none
    },
    Builtin(
        "texts_to_sequences",
        [.receiver("word_tokenizer"), P("texts", "column or list of str")],
        "Each text's words as numbers, as keyed token rows; words without a number are left out, or have the oov token's.",
        examples: [
            Example(
                fitted + "print(list(w.texts_to_sequences([\"the bird saw\"])))",
                prints: "[[2, 1, 5]]\n")
        ]
    ) { a throws(Raised) in
        let w = try a.host(0, WordTokenizerValue.self, "word_tokenizer")
        let (texts, key) = try texts(a, 1)
        var rows = TokenRows()
        for text in texts {
            rows.ids += w.index.sequence(text)
            rows.offsets.append(rows.ids.count)
        }
        return .host(TokensValue(rows, key, nil))
    },
]

let wordTokenizerFunction = Builtin(
    "word_tokenizer",
    [
        P("num_words", "int", .named("None"), "only words with numbers below this are kept"),
        P(
            "filters", "str", .named("punctuation, tab and newline"),
            "characters that count as the separator"),
        P("lower", "bool", .named("True"), "texts are lowered first"),
        P("split", "str", .named("\" \""), "what separates words"),
        P("char_level", "bool", .named("False"), "every character is a word"),
        P("oov_token", "str", .named("None"), "stands for words without a number, as number 1"),
    ],
    "The word tokenizer of Keras: fit it on texts, then turn texts into numbers.",
    examples: [
        Example(
            fitted + "print(list(pad_sequences(w.texts_to_sequences([\"the cat\"]), maxlen=4)))",
            prints: "[[0, 0, 2, 3]]\n")
    ]
) { a throws(Raised) in
    let separator = try a.optionalString(3) ?? " "
    guard !separator.isEmpty else {
        throw a.marking(3, Raised(.value, "split= is a text that is not empty"))
    }
    return .host(
        WordTokenizerValue(
            WordIndex(
                numWords: try a.count(0),
                filters: a[1].isUnset || a[1].isNone ? WordIndex.defaultFilters : try a.string(1),
                lowers: try a.bool(2, or: true), separator: separator,
                isCharLevel: try a.bool(4, or: false), oovToken: try a.optionalString(5))))
}

let padSequencesFunction = Builtin(
    "pad_sequences",
    [
        P("sequences", "tokens"), P("maxlen", "int", .optional("the longest row's")),
        P("padding", "str", .named("\"pre\""), "where rows are filled up: \"pre\" or \"post\""),
        P("truncating", "str", .named("\"pre\""), "where longer rows are cut"),
        P("value", "int", .named("0")),
    ],
    "Token rows of one length, with Keras' defaults: filled up and cut at their start.",
    examples: [
        Example(
            "print(list(pad_sequences(tokens([[1, 2, 3], [4]]), maxlen=2)))",
            prints: "[[2, 3], [0, 4]]\n")
    ]
) { a throws(Raised) in
    let t = try a.host(0, TokensValue.self, "tokens")
    let length = try a.count(1) ?? t.rows.lengths.max() ?? 0
    guard let id = Int32(exactly: try a.int(4, or: 0)) else {
        throw a.marking(4, Raised(.value, "value= does not fit a token id"))
    }
    let cut = t.rows.truncated(to: length, side: try a.side(3, or: .left))
    reportTokens(cut, a, "pad_sequences")
    return .host(
        TokensValue(
            cut.padded(to: length, with: id, side: try a.side(2, or: .left)), t.key, t.tokenizer))
}
