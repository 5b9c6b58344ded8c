// Training tokenizers on texts, and saving them as files that this and transformers read.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaText
import Glibc

private typealias P = BuiltinParameter

private let trained = """
    t = train_tokenizer(["low lower lowest", "slow slower"] * 8, vocab_size=270)

    """

let trainTokenizerFunction = Builtin(
    "train_tokenizer",
    [
        P("texts", "column or list of str"),
        P("vocab_size", "int", .named("30000"), "how many tokens there may be, all included"),
        P(
            "model", "str", .named("\"bpe\""),
            "\"bpe\" as GPT-2's, \"wordpiece\" as BERT's, \"unigram\" as T5's"),
        P(
            "special_tokens", "list of str", .named("the model's"),
            "tokens before all others, in this order"),
        P("min_frequency", "int", .named("0"), "pairs that are there less often are not merged"),
        P("limit_alphabet", "int", .named("None"), "only so many characters become tokens"),
        P("max_token_length", "int", .named("None"), "tokens have fewer characters"),
        P(
            "like", "str", .named("None"),
            "a tokenizer's folder or file that all but the vocabulary is taken from"),
    ],
    "Trains a tokenizer on texts; equal texts give equal tokenizers.",
    examples: [
        Example(
            trained + "print([t.id_to_token(i) for i in t(\"lowest\")])", prints: "['lowe', 'st']\n"
        )
    ]
) { a throws(Raised) in
    let texts = try trainingTexts(a)
    guard let kind = TokenizerTraining.Kind(rawValue: try a.optionalString(2) ?? "bpe") else {
        let names = TokenizerTraining.Kind.allCases.map { "\"\($0)\"" }.joined(separator: ", ")
        throw a.marking(
            2, Raised(.value, "model= is one of \(names), not '\(try a.string(2))'"))
    }
    var training = TokenizerTraining(kind, vocabularySize: try a.count(1) ?? 30_000)
    if a.has(3) { training.specialTokens = try a.strings(3) }
    training.minFrequency = max(0, try a.int(4, or: 0))
    training.limitAlphabet = try a.count(5)
    training.maxTokenLength = try a.count(6)
    training.like = try a.optionalString(7)
    if let empty = training.specialTokens?.firstIndex(of: "") {
        throw a.marking(3, Raised(.value, "special_tokens[\(empty)] is empty"))
    }
    let progress = ProgressLine("train_tokenizer", unit: "tokens")
    let began = monotonicSeconds()
    let requests = a.machine.requests
    defer { progress.finish() }
    // SAFETY: a row's bytes lie in a chunk that the closure keeps alive.
    let bytesAt: @Sendable (Int) -> UnsafeRawBufferPointer = { row in
        texts.withBytes(at: row) { $0 }
    }
    let result = try raising { () throws(TokenizerError) in
        try training.train(count: texts.count, bytesAt: bytesAt) { done, total in
            let left = (monotonicSeconds() - began) / Double(max(1, done)) * Double(total - done)
            progress.update(done: done, total: total, count: done, of: total, left: left)
            return !requests.isStopRequested
        }
    }
    if requests.isStopRequested { throw .interruption }
    return .host(TokenizerValue(result.tokenizer, files: result.files))
}

private func trainingTexts(_ a: Arguments) throws(Raised) -> TextStorage {
    if let series = (a[0].asHost as? SeriesValue)?.series { return try columnTexts(series) }
    if a[0].isText {
        throw a.marking(
            0, Raised(.type, "texts are a column or a list", help: "give [text] for one"))
    }
    let list = try a.strings(0)
    return try framing { () throws(FrameError) in try TextStorage(list) }
}

let tokenizerSaveMethod = Builtin(
    "save",
    [
        .receiver("tokenizer"),
        P("path", "str", .required, "a folder, which is made, or a file that ends in .json"),
    ],
    "Writes a tokenizer that was trained as tokenizer.json, in a folder with tokenizer_config.json.",
    examples: [
        Example(
            trained
                + "t.save(\".build/trained\")\nprint(tokenizer(\".build/trained\")(\"lowest\") == t(\"lowest\"))",
            prints: "True\n")
    ]
) { a throws(Raised) in
    let t = try a.host(0, TokenizerValue.self, "tokenizer")
    let path = try a.string(1)
    guard let files = t.files else {
        throw Raised(
            .value, "only a tokenizer as it was trained is saved; this one is \(t.tokenizer.path)",
            help: "copy its folder; save before add_tokens")
    }
    guard !path.hasSuffix(".json") else {
        try raising { () throws(FileError) in try writeFile(path, files.tokenizer) }
        return .none
    }
    try makeFolder(path, parents: true, existOK: true)
    for file in files.all {
        try raising { () throws(FileError) in
            try writeFile(joinPath(path, file.name), file.bytes)
        }
    }
    return .none
}
