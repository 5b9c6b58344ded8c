// Embedders as scripts see them: text or tokens in, a column of vectors out.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels
import ArenaText

private typealias P = BuiltinParameter

/// An embedder in a script. Its weights load at the first call.
final class EmbedderValue: HostObject {
    let model: Embedder
    let devices: DeviceChoice
    let tokenizer: TokenizerValue?
    let adapterNames: [String]

    init(_ model: Embedder, _ opening: ModelOpeningArguments) {
        self.model = model
        devices = opening.devices
        tokenizer = opening.tokenizer
        adapterNames = opening.adapterNames
    }

    static let hostType = HostType(
        "embedder", summary: "A model whose hidden states are the result.",
        methods: [
            Builtin(
                "embed",
                [.receiver("embedder")] + modelInputParameters + [
                    P(
                        "pool", "str", .named("\"mean\""),
                        "how a row's hidden states become one vector: mean, cls, last or max"),
                    P(
                        "special_tokens", "bool", .named("True"),
                        "whether a mean or maximum counts special tokens"),
                ],
                "A vector for each row, as a column of a matrix, keyed like the text.",
                examples: [
                    Example(
                        """
                        m = embedder("Resources/demo/model")
                        print(len(m.embed(tokens([[2, 9], [2, 40, 8]]), pool="last")[1]) > 10)
                        """, prints: "True\n")
                ]
            ) { a throws(Raised) in
                try a.host(0, EmbedderValue.self, "embedder").embed(a)
            },
            Builtin(
                "unload", [.receiver("embedder")],
                "Gives the weights' memory back; the next call loads them again."
            ) { a throws(Raised) in
                try a.host(0, EmbedderValue.self, "embedder").model.core.unload()
                return .none
            },
        ])
    var type: HostType { Self.hostType }
    var attributeNames: [String] { ["tokenizer"] }
    var representation: String { modelText("embedder", model.core) }

    func attribute(_ name: String) throws(Raised) -> Value? {
        name == "tokenizer" ? tokenizer.map { .host($0) } ?? Value.none : nil
    }

    func embed(_ a: Arguments) throws(Raised) -> Value {
        let name = try a.optionalString(afterModelInput) ?? "mean"
        guard let pooling = EmbeddingPooling(rawValue: name) else {
            let known = EmbeddingPooling.allCases.map { "\"\($0.rawValue)\"" }
            throw Raised(
                .value, "pool is one of \(known.joined(separator: ", ")), not '\(name)'")
        }
        var leaving: Set<Int32> = []
        if try !a.bool(afterModelInput + 1, or: true) {
            guard let own = tokenizer?.tokenizer else {
                throw Raised(
                    .value, "\(model.core.path) has no tokenizer that knows its special tokens")
            }
            let ids =
                [own.bosID, own.eosID, own.padID]
                + ["cls_token", "sep_token"].map { own.namedID($0) }
            leaving = Set(ids.compactMap { $0 })
        }
        let input = try ModelInput(
            a, verb: "embed", model: model.core.path, tokenizer: tokenizer)
        let task = ModelTask(
            core: model.core, batch: input.batch, verb: "embed", name: "embed",
            parameters: [
                ("pool", pooling.rawValue), ("leaving", "\(leaving.sorted())"),
            ], adapter: try chosenAdapter(a, adapterNames))
        let values = Rehearsal.completed(
            try runModel(a, task, devices: devices) {
                options throws(ModelError) in
                try model.embed(
                    input.batch, pooling: pooling, leaving: leaving, adapter: task.adapter, options)
            }, a)
        let matrix = MatrixStorage(
            .float32(values), count: input.batch.count, width: model.channels)
        return try framing { () throws(FrameError) in
            value(
                try Series(
                    name: "embedding",
                    column: Column(
                        .matrix(matrix), validity: presentRows(values, rows: input.batch.count)),
                    key: input.key))
        }
    }
}

let embedderFunction = Builtin(
    "embedder",
    [P("path", "str", .required, "a model's folder: config.json, weights, tokenizer.json")]
        + modelOpeningParameters,
    "Opens a model for its hidden states; configurations and headers are checked now, weights load at first use.",
    examples: [
        Example("m = embedder(\"Resources/demo/model\")\nprint(type(m))", prints: "embedder\n")
    ]
) { a throws(Raised) in
    let opening = try ModelOpeningArguments(a)
    let model = try raising { () throws(ModelError) in
        try Embedder(modelPath: opening.path, opening.options)
    }
    return .host(EmbedderValue(model, opening))
}
