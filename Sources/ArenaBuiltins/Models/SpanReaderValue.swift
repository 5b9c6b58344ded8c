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
    let devices: DeviceChoice
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

    private func logits(_ a: Arguments, _ batch: TokenBatch) throws(Raised) -> [SpanReader.Logits?]
    {
        let task = ModelTask(
            core: model.core, batch: batch, verb: "read", name: "span_logits",
            adapter: try chosenAdapter(a, adapterNames))
        let rows = try runModel(a, task, devices: devices) { options throws(ModelError) in
            try model.logits(batch, adapter: task.adapter, options)
        }
        guard a.rehearsal != nil else { return rows }
        return rows.enumerated().map { r, row in
            if let row { return row }
            let made = Rehearsal.completed([Float](repeating: .nan, count: 2 * batch[r].count), a)
            return SpanReader.Logits(
                starts: made[..<batch[r].count], ends: Array(made[batch[r].count...])[...])
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

    /// Questions and contexts as whole pairs, with the characters that tokens stand for.
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
        options.maxLength = nil
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
        guard case .string(let texts) = contexts.column.storage else {
            throw Raised(.type, "context is a column of text")
        }
        let windows = try SpanWindows(
            tokens, longest: try a.int(2, or: min(model.core.longestRow, Self.longestWindow)),
            overlap: try stride(a))
        let rows = try logits(a, windows.batch)
        let found = (0..<tokens.count).map { r in
            SpanAnswer.best(
                of: r, windows, tokens,
                texts.withBytes(at: r) { String(decoding: $0, as: UTF8.self) },
                rows, by: model, longest: longest)
        }
        return try answers(found, questions.key)
    }

    /// What transformers' pipeline takes unless it is told otherwise.
    private static var longestWindow: Int { 384 }

    /// The tokens that windows share, nil for the usual ones.
    private func stride(_ a: Arguments) throws(Raised) -> Int? {
        guard a.has(afterModelInput + 2) else { return nil }
        let stride = try a.int(afterModelInput + 2)
        guard stride >= 0 else { throw Raised(.value, "stride is at least 0, not \(stride)") }
        return stride
    }

    private func answers(_ found: [SpanAnswer?], _ key: FrameKey?) throws(Raised) -> Value {
        let validity = Validity(found.lazy.map { $0 != nil })
        func numbers(_ part: (SpanAnswer) -> Float?) -> Column {
            let values = found.map { $0.flatMap(part) }
            return Column(
                .float32(values.map { $0 ?? .nan }), validity: Validity(values.map { $0 != nil }))
        }
        func places(_ part: (SpanAnswer) -> Int) -> Column {
            Column(.int64(found.map { Int64($0.map(part) ?? 0) }), validity: validity)
        }
        return try framing { () throws(FrameError) in
            value(
                try Frame(
                    names: ["answer", "start", "end", "score", "null_score", "probability"],
                    columns: [
                        try Column(found.map { $0?.text }),
                        places { $0.start }, places { $0.end },
                        numbers { $0.score }, numbers { $0.nullScore }, numbers { Float($0.share) },
                    ], key: key))
        }
    }
}

private let spanMethods: [Builtin] = [
    Builtin(
        "answer",
        [.receiver("span_reader")] + modelInputParameters + [
            P("context", "column of text", .required, "the text that holds the answer, row by row"),
            P("max_answer_tokens", "int", .named("30"), "the longest answer"),
            P(
                "stride", "int", .named("128, or half a window"),
                "tokens that windows over a longer context share"),
        ],
        "The best span of each context for its question, keyed like the questions: its text, where it starts and ends in characters, its score (start logit + end logit), the score of no answer (missing for decoders, whose first token has seen nothing), and its probability among the spans of its window. The question stands before the context. A context longer than max_length (384, or what the model takes) is read in windows that overlap; equal answers of several windows add their probabilities."
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
    "Opens a model with a span head, such as BertForQuestionAnswering or LlamaForQuestionAnswering.",
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
