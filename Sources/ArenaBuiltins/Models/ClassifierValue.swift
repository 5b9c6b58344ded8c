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
    let devices: DeviceChoice
    let tokenizer: TokenizerValue?
    let adapterNames: [String]

    init(_ model: Classifier, labels: [String], _ opening: ModelOpeningArguments) {
        self.model = model
        self.labels = labels
        devices = opening.devices
        tokenizer = opening.tokenizer
        adapterNames = opening.adapterNames
    }

    static let hostType = HostType(
        "classifier", summary: "A model with a classification head.", methods: classifierMethods)
    var type: HostType { Self.hostType }
    var attributeNames: [String] { ["labels", "tokenizer"] }
    var representation: String { modelText("classifier", model.core) }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "labels": return .list(labels.map { .string($0) })
        case "tokenizer": return tokenizer.map { .host($0) } ?? Value.none
        default: return nil
        }
    }

    /// Logits of every row (rows, labels).
    private func logits(
        _ a: Arguments
    ) throws(Raised) -> (values: [Float], key: FrameKey?, rows: Int) {
        let input = try ModelInput(
            a, verb: "predict", model: model.modelPath, tokenizer: tokenizer)
        let task = ModelTask(
            core: model.core, batch: input.batch, verb: "predict", name: "logits",
            parameters: [("pool", model.pooling.rawValue)],
            adapter: try chosenAdapter(a, adapterNames))
        let values = try runModel(a, task, devices: devices) {
            options throws(ModelError) in
            try model.predictLogits(input.batch, adapter: task.adapter, options)
        }
        return (Rehearsal.completed(values, a), input.key, input.batch.count)
    }

    func predictProbabilities(_ a: Arguments) throws(Raised) -> Value {
        guard labels.count > 1 else {
            throw Raised(
                .value, "\(model.modelPath) has a single output, which is no probability",
                help: "use logits(...) for a regression or reward model")
        }
        let (values, key, rows) = try logits(a)
        let probabilities = Classifier.probabilities(values, labels: labels.count)
        return try labelFrame(probabilities, labels, key, rows: rows)
    }

    func predictLogits(_ a: Arguments) throws(Raised) -> Value {
        let (values, key, rows) = try logits(a)
        return try labelFrame(values, labels, key, rows: rows)
    }
}

/// How a model shows itself.
func modelText(_ kind: String, _ core: ModelCore) -> String {
    let adapters = core.adapterPaths.map { " + " + $0 }.joined(separator: ",")
    return "<\(kind) \(core.architecture) \(core.path)\(adapters)>"
}

private let predictParameters: [BuiltinParameter] =
    [.receiver("classifier")] + modelInputParameters

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
    [P("path", "str", .required, "a model's folder: config.json, weights, tokenizer.json")]
        + [modelOpeningParameters[0]]
        + [
            P(
                "labels", "list of str", .named("the model's own"),
                "names of the outputs, in their order"),
            P(
                "pool", "str", .named("\"last\""),
                "the token a decoder's head looks at: last, the rightmost that is not padding, or before_first_pad"
            ),
        ] + modelOpeningParameters.dropFirst()
        + [
            P(
                "new_head", "bool", .named("False"),
                "begin a head that neither model nor adapter has, as training does, in place of refusing"
            ),
            P("seed", "int", .named("0"), "what a new head is drawn from"),
        ],
    "Opens a classification, regression or reward model; configurations and headers are checked now, weights load at first use.",
    examples: [
        Example(
            "m = classifier(\"Resources/demo/model\", labels=[\"a\", \"b\", \"tie\"])\nprint(m.labels)",
            prints: "['a', 'b', 'tie']\n")
    ]
) { a throws(Raised) in
    let labels = a.has(2) ? try a.strings(2) : nil
    if let labels, Set(labels).count != labels.count {
        throw Raised(.value, "classifier(): two labels have the same name")
    }
    let name = try a.optionalString(3) ?? "last"
    guard let pooling = Pooling(rawValue: name) else {
        throw Raised(
            .value,
            "pool is "
                + Pooling.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
                + ", not '\(name)'")
    }
    // The adapter stands first, the rest behind labels and pool.
    var opening = try ModelOpeningArguments(a, adapter: 1, from: 4)
    let last = 3 + modelOpeningParameters.count
    let seed = try a.int(last + 1, or: 0)
    if try a.bool(last, or: false) { opening.options.newHead = NewHead(seed: seed) }
    let model = try raising { () throws(ModelError) in
        try Classifier(
            modelPath: opening.path, labels: labels?.count, pooling: pooling, opening.options)
    }
    if !model.core.newHeads.isEmpty {
        a.noteSeed("\(seed)")
        a.machine.note(
            "classifier: new and untrained, from seed \(seed): "
                + model.core.newHeads.joined(separator: ", "))
    }
    if let labels, let own = model.labels, labels != own, Set(labels) == Set(own) {
        a.machine.note(
            "classifier: labels= has the model's own labels in another order: what the model calls \(own.joined(separator: ", ")) is called \(labels.joined(separator: ", "))"
        )
    }
    let names = labels ?? model.labels ?? (0..<model.labelCount).map { "LABEL_\($0)" }
    return .host(ClassifierValue(model, labels: names, opening))
}
