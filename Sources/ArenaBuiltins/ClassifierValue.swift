// Classifiers as scripts see them: text or tokens in, a keyed frame of probabilities out.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels
import ArenaText

private typealias P = BuiltinParameter

/// A classifier in a script. Its weights load at the first prediction.
final class ClassifierValue: HostObject {
    let model: Classifier
    let labels: [String]
    let devices: Int
    let tokenizer: TokenizerValue?

    init(_ model: Classifier, labels: [String], devices: Int, tokenizer: TokenizerValue?) {
        self.model = model
        self.labels = labels
        self.devices = devices
        self.tokenizer = tokenizer
    }

    static let hostType = HostType(
        "classifier", summary: "A model with a classification head.", methods: classifierMethods)
    var type: HostType { Self.hostType }
    var attributeNames: [String] { ["labels", "tokenizer"] }
    var representation: String {
        "<classifier \(model.architecture) \(model.modelPath)"
            + (model.adapterPath.map { " + \($0)" } ?? "") + ">"
    }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "labels": return .list(labels.map { .string($0) })
        case "tokenizer": return tokenizer.map { .host($0) } ?? Value.none
        default: return nil
        }
    }

    /// Token rows of a column of text, or those given.
    private func tokens(_ a: Arguments) throws(Raised) -> (rows: TokenRows, key: FrameKey?) {
        if let tokens = a[1].asHost as? TokensValue {
            for i in 2..<2 + tokenOptionParameters.count where a.has(i) {
                throw Raised(
                    .type,
                    "'\(tokenOptionParameters[i - 2].name)' is for text; these are tokens already",
                    help: "give it to encode()")
            }
            if let own = tokenizer?.tokenizer, let other = tokens.tokenizer, own !== other {
                try checkForeign(other, own)
            }
            return (tokens.rows, tokens.key)
        }
        let laidOut = a[1].asHost as? LaidOutValue
        let series = laidOut == nil ? try a.series(1) : nil
        guard let tokenizer else {
            throw Raised(
                .value, "\(model.modelPath) has no tokenizer of its own",
                help: "give classifier(..., tokenizer=\"folder\"), or tokens in place of text")
        }
        let options = try tokenOptions(a, from: 2)
        let rows: TokenRows
        if let laidOut {
            rows = try laidOut.encode(tokenizer.tokenizer, options, saysSpecial: a.has(3))
        } else if let series {
            rows = try tokenizer.encode(series, options)
        } else {
            rows = TokenRows()
        }
        reportTokens(rows, a, "predict")
        return (rows, laidOut?.key ?? series?.key)
    }

    /// A foreign tokenizer serves only if the special tokens mean the same.
    private func checkForeign(_ other: Tokenizer, _ own: Tokenizer) throws(Raised) {
        guard other.bosID == own.bosID, other.eosID == own.eosID, other.padID == own.padID else {
            throw Raised(
                .value,
                "tokens of \(other.path) do not fit the model \(model.modelPath): special tokens differ",
                help: "encode with the model's own tokenizer: m.tokenizer.encode(...)")
        }
    }

    /// Logits of every row (rows, labels).
    private func logits(_ a: Arguments) throws(Raised) -> (
        values: [Float], key: FrameKey?, rows: Int
    ) {
        let (rows, key) = try tokens(a)
        guard let batch = TokenBatch(offsets: rows.offsets, ids: rows.ids) else {
            throw Raised(.value, "the token rows contradict themselves")
        }
        let budget = try a.int(2 + tokenOptionParameters.count, or: Classifier.defaultTokenBudget)
        guard budget > 0 else {
            throw Raised(.value, "token_budget must be at least 1, not \(budget)")
        }
        let progress = ProgressLine("predict", unit: "rows")
        let cancellation = Cancellation()
        let requests = a.machine.requests
        defer { progress.finish() }
        do throws(ModelError) {
            let values = try model.predictLogits(
                batch, workers: devices, tokenBudget: budget, cancellation: cancellation
            ) { p in
                if requests.isStopRequested { cancellation.cancel() }
                progress.update(
                    done: p.tokens, total: p.totalTokens, count: p.rows, of: p.totalRows,
                    detail: ", \(Int(Double(p.tokens) / max(p.seconds, 1e-9))) tokens/s")
            }
            return (values, key, rows.count)
        } catch {
            if case .cancelled = error { throw .interruption }
            throw Raised(error)
        }
    }

    private func frame(_ values: [Float], _ key: FrameKey?, _ rows: Int) throws(Raised) -> Value {
        let columns = labels.indices.map { c in
            Column((0..<rows).map { values[$0 * labels.count + c] })
        }
        return try framing { () throws(FrameError) in
            value(try Frame(names: labels, columns: columns, key: key))
        }
    }

    func predictProbabilities(_ a: Arguments) throws(Raised) -> Value {
        let (values, key, rows) = try logits(a)
        let probabilities = Classifier.probabilities(values, labels: labels.count)
        return try frame(probabilities, key, rows)
    }

    func predictLogits(_ a: Arguments) throws(Raised) -> Value {
        let (values, key, rows) = try logits(a)
        return try frame(values, key, rows)
    }
}

private let predictParameters: [BuiltinParameter] =
    [.receiver("classifier"), P("text", "column of text, rows laid out, or tokens")] + tokenOptionParameters
    + [
        P(
            "token_budget", "int", .named("planned"),
            "tokens computed at once; never changes results")
    ]

private let classifierMethods: [Builtin] = [
    Builtin(
        "predict_proba", predictParameters,
        "The probability of each label for each row, keyed like the text.",
        examples: [
            Example(
                """
                m = classifier("Resources/demo/model", labels=["a", "b", "tie"])
                text = read_csv("Resources/demo/test.csv", key="id").head(2)["prompt"]
                p = m.predict_proba(text, max_length=64)
                print(p.columns, round(p["a"][0] + p["b"][0] + p["tie"][0], 5))
                """, prints: "['a', 'b', 'tie'] 1.0\n")
        ]
    ) { a throws(Raised) in
        try a.host(0, ClassifierValue.self, "classifier").predictProbabilities(a)
    },
    Builtin("logits", predictParameters, "The raw score of each label for each row.") {
        a throws(Raised) in
        try a.host(0, ClassifierValue.self, "classifier").predictLogits(a)
    },
    Builtin(
        "unload", [.receiver("classifier")],
        "Gives the weights' memory back; the next prediction loads them again."
    ) {
        a throws(Raised) in
        try a.host(0, ClassifierValue.self, "classifier").model.unload()
        return .none
    },
]

let classifierFunction = Builtin(
    "classifier",
    [
        P("path", "str", .required, "a model's folder: config.json, safetensors, tokenizer.json"),
        P("adapter", "str", .named("None"), "a PEFT LoRA folder, applied without merging"),
        P(
            "labels", "list of str", .named("the model's own"),
            "names of the outputs, in their order"),
        P("devices", "int", .named("all processors"), "how many workers share the rows"),
        P(
            "tokenizer", "str", .named("the model's own"),
            "a folder or tokenizer.json to use instead"),
    ],
    "Opens a classification model; configurations and headers are checked now, weights load at first use.",
    examples: [
        Example(
            "m = classifier(\"Resources/demo/model\", labels=[\"a\", \"b\", \"tie\"])\nprint(m.labels)",
            prints: "['a', 'b', 'tie']\n")
    ]
) { a throws(Raised) in
    let path = try a.string(0)
    let adapter = try a.optionalString(1)
    let labels = a.has(2) ? try a.strings(2) : nil
    let devices = try a.int(3, or: processorCount())
    guard devices >= 1, devices <= 64 else {
        throw Raised(
            .value, "devices= is 1 to 64, not \(devices)",
            help: "this machine has \(processorCount()) processors")
    }
    if let labels, Set(labels).count != labels.count {
        throw Raised(.value, "classifier(): two labels have the same name")
    }
    let model = try raising { () throws(ModelError) in
        try Classifier(modelPath: path, adapterPath: adapter, labels: labels?.count)
    }
    let source =
        try a.optionalString(4) ?? (fileExists(joinPath(path, "tokenizer.json")) ? path : nil)
    var tokenizer: TokenizerValue?
    if let source {
        tokenizer = TokenizerValue(
            try raising { () throws(TokenizerError) in try Tokenizer(path: source) })
    }
    let names = labels ?? model.labels ?? (0..<model.labelCount).map { "LABEL_\($0)" }
    return .host(ClassifierValue(model, labels: names, devices: devices, tokenizer: tokenizer))
}
