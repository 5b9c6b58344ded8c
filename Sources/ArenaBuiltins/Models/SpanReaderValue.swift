// Models that mark spans as scripts see them: questions and contexts in, a keyed frame of answers out.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels
import ArenaText

private typealias P = BuiltinParameter

/// A span reader in a script. Its weights load at the first call.
final class SpanReaderValue: HostObject {
    let model: SpanReader
    let devices: Int
    let tokenizer: TokenizerValue?
    let adapterNames: [String]

    init(_ model: SpanReader, _ opening: ModelOpeningArguments) {
        self.model = model
        devices = opening.devices
        tokenizer = opening.tokenizer
        adapterNames = opening.adapterNames
    }

    static let hostType = HostType(
        "span_reader", summary: "A model that marks a span of its text.", methods: spanMethods)
    var type: HostType { Self.hostType }
    var attributeNames: [String] { ["tokenizer"] }
    var representation: String { modelText("span_reader", model.core) }

    func attribute(_ name: String) throws(Raised) -> Value? {
        name == "tokenizer" ? tokenizer.map { .host($0) } ?? Value.none : nil
    }

    private func logits(
        _ a: Arguments, _ batch: TokenBatch
    ) throws(Raised) -> [(starts: ArraySlice<Float>, ends: ArraySlice<Float>)?] {
        let task = ModelTask(
            core: model.core, batch: batch, verb: "read", name: "span_logits",
            adapter: try chosenAdapter(a, adapterNames))
        let rows = try runModel(a, task, workers: devices) { options throws(ModelError) in
            try model.logits(batch, adapter: task.adapter, options)
        }
        guard a.rehearsal != nil else { return rows }
        return rows.enumerated().map { r, row in
            let zeros = [Float](repeating: 0, count: batch[r].count)[...]
            return row ?? (starts: zeros, ends: zeros)
        }
    }

    func spanLogits(_ a: Arguments) throws(Raised) -> Value {
        let input = try ModelInput(a, verb: "read", model: model.core.path, tokenizer: tokenizer)
        let rows = try logits(a, input.batch)
        func column(_ part: [[Double]]) -> Column {
            Column(
                .floats(NumberLists(part)), validity: Validity(rows.lazy.map { $0 != nil }))
        }
        return try framing { () throws(FrameError) in
            value(
                try Frame(
                    names: ["start", "end"],
                    columns: [
                        column(rows.map { $0?.starts.map(Double.init) ?? [] }),
                        column(rows.map { $0?.ends.map(Double.init) ?? [] }),
                    ], key: input.key))
        }
    }

    /// Questions and contexts as pairs, with the characters that tokens stand for.
    private func pairs(
        _ a: Arguments, _ questions: Series, _ contexts: Series
    ) throws(Raised) -> TokenRows {
        guard let tokenizer else {
            throw Raised(
                .value, "\(model.core.path) has no tokenizer of its own",
                help: "give tokenizer=\"folder\" to the model")
        }
        var options = try tokenOptions(a, from: 2)
        options.wantsTypes = true
        options.cut = .onlySecond
        let rows = try tokenizer.encode(questions, contexts, options, places: true)
        reportTokens(rows, a, "answer")
        return rows
    }

    func answer(_ a: Arguments) throws(Raised) -> Value {
        let (questions, contexts) = (try a.series(1), try a.series(afterModelInput))
        let longest = try a.int(afterModelInput + 1, or: 30)
        guard longest >= 1 else {
            throw Raised(.value, "max_answer_tokens is at least 1, not \(longest)")
        }
        let tokens = try pairs(a, questions, contexts)
        guard
            let batch = TokenBatch(
                offsets: tokens.offsets, ids: tokens.ids, types: tokens.types.map { Int32($0) }),
            case .string(let texts) = contexts.column.storage
        else { throw Raised(.value, "the token rows contradict themselves") }
        let found = try logits(a, batch).enumerated().map { r, logits in
            logits.flatMap { Answer(tokens, row: r, $0, longest: longest) }
        }
        let validity = Validity(found.lazy.map { $0 != nil })
        return try framing { () throws(FrameError) in
            value(
                try Frame(
                    names: ["answer", "start", "end", "score", "null_score"],
                    columns: [
                        try Column(
                            found.enumerated().map { r, answer in
                                answer?.text(
                                    texts.withBytes(at: r) { String(decoding: $0, as: UTF8.self) })
                            }),
                        Column(.int64(found.map { Int64($0?.start ?? 0) }), validity: validity),
                        Column(.int64(found.map { Int64($0?.end ?? 0) }), validity: validity),
                        Column(.float32(found.map { $0?.score ?? .nan }), validity: validity),
                        Column(.float32(found.map { $0?.nullScore ?? .nan }), validity: validity),
                    ], key: questions.key))
        }
    }
}

/// The best span of a row's context.
private struct Answer {
    /// Characters of the context.
    let start: Int
    let end: Int
    let score: Float
    /// That of the first token, which stands for no answer.
    let nullScore: Float

    /// - Returns: nil where nothing of the context is left.
    init?(
        _ tokens: TokenRows, row: Int,
        _ logits: (starts: ArraySlice<Float>, ends: ArraySlice<Float>), longest: Int
    ) {
        let own = tokens.offsets[row]..<tokens.offsets[row + 1]
        // The context's tokens stand together, behind the question's.
        let inside = own.filter { tokens.places[$0].sequence == 1 }
        guard let first = inside.first, let last = inside.last,
            let span = SpanReader.best(
                starts: logits.starts, ends: logits.ends,
                in: first - own.lowerBound..<last + 1 - own.lowerBound, longest: longest)
        else { return nil }
        start = Int(tokens.places[own.lowerBound + span.first].start)
        end = max(start, Int(tokens.places[own.lowerBound + span.last].end))
        score = span.score
        nullScore = (logits.starts.first ?? 0) + (logits.ends.first ?? 0)
    }

    func text(_ context: String) -> String {
        let scalars = context.unicodeScalars.dropFirst(start).prefix(end - start)
        return String(String.UnicodeScalarView(scalars))
    }
}

private let spanMethods: [Builtin] = [
    Builtin(
        "answer",
        [.receiver("span_reader")] + modelInputParameters + [
            P("context", "column of text", .required, "the text that holds the answer, row by row"),
            P("max_answer_tokens", "int", .named("30"), "the longest answer"),
        ],
        "The best span of each context for its question, keyed like the questions: its text, where it starts and ends in characters, its score (start logit + end logit), and the score of no answer."
    ) { a throws(Raised) in
        try a.host(0, SpanReaderValue.self, "span_reader").answer(a)
    },
    Builtin(
        "span_logits", [.receiver("span_reader")] + modelInputParameters,
        "The start and end logits of every token of each row, as lists.",
        examples: [
            Example(
                """
                m = span_reader("Tests/Fixtures/architectures/bert-qa")
                s = m.span_logits(tokens([[5, 9, 4, 7], [8, 4]]))
                print(s.columns, len(s["start"][0]), len(s["end"][1]))
                """, prints: "['start', 'end'] 4 2\n")
        ]
    ) { a throws(Raised) in
        try a.host(0, SpanReaderValue.self, "span_reader").spanLogits(a)
    },
    Builtin(
        "unload", [.receiver("span_reader")],
        "Gives the weights' memory back; the next call loads them again."
    ) { a throws(Raised) in
        try a.host(0, SpanReaderValue.self, "span_reader").model.core.unload()
        return .none
    },
]

let spanReaderFunction = Builtin(
    "span_reader",
    [P("path", "str", .required, "a model's folder: config.json, weights, tokenizer.json")]
        + modelOpeningParameters,
    "Opens an encoder with a span head, such as BertForQuestionAnswering.",
    examples: [
        Example(
            "m = span_reader(\"Tests/Fixtures/architectures/bert-qa\")\nprint(type(m))",
            prints: "span_reader\n")
    ]
) { a throws(Raised) in
    let opening = try ModelOpeningArguments(a)
    let model = try raising { () throws(ModelError) in
        try SpanReader(modelPath: opening.path, opening.options)
    }
    return .host(SpanReaderValue(model, opening))
}
