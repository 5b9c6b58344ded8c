// Language models as scripts see them, causal and masked: probabilities of chosen tokens at one place of
// each row, log-probabilities of a row's own tokens.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels
import ArenaText

private typealias P = BuiltinParameter

/// A language model in a script. Its weights load at the first call that needs them.
final class LanguageModelValue: HostObject {
    let model: VocabularyModel
    let devices: DeviceChoice
    let tokenizer: TokenizerValue?
    let adapterNames: [String]

    init(_ model: VocabularyModel, _ opening: ModelOpeningArguments) {
        self.model = model
        devices = opening.devices
        tokenizer = opening.tokenizer
        adapterNames = opening.adapterNames
    }

    static let causalType = HostType(
        "causal_lm", summary: "A language model that reads from left to right.",
        methods: methods("causal_lm", at: "\"last\"") + [generateMethod, logProbabilityMethod])
    static let maskedType = HostType(
        "masked_lm", summary: "A language model that fills in a mask.",
        methods: methods("masked_lm", at: "\"mask\""))
    var type: HostType { model.isCausal ? Self.causalType : Self.maskedType }
    var attributeNames: [String] { ["tokenizer"] }
    var representation: String {
        modelText(model.isCausal ? "causal_lm" : "masked_lm", model.core)
    }

    func attribute(_ name: String) throws(Raised) -> Value? {
        name == "tokenizer" ? tokenizer.map { .host($0) } ?? Value.none : nil
    }

    /// The ids of the choices: given, or each text as one token.
    private func choices(_ a: Arguments, _ first: Int) throws(Raised) -> (ids: [Int32], [String]) {
        if a.has(first + 1) {
            let ids = try a.ints(first + 1).map { Int32(clamping: $0) }
            return (ids, ids.map(String.init))
        }
        guard a.has(first) else {
            throw Raised(
                .type, "choice_proba() needs choices= (texts) or choice_ids= (token ids)")
        }
        let texts = try a.strings(first)
        guard let tokenizer else {
            throw Raised(
                .value, "\(model.core.path) has no tokenizer to turn choices into tokens",
                help: "give choice_ids=[...] in place of choices")
        }
        var ids: [Int32] = []
        for text in texts {
            let own = try raising { () throws(TokenizerError) in
                try tokenizer.tokenizer.encode(text, addSpecialTokens: false)
            }
            guard own.count == 1 else {
                throw Raised(
                    .value, "the choice '\(text)' is \(counted(own.count, "token")), not one",
                    help: "tokens are \(own.map { Int($0) }); name one with choice_ids=[...]")
            }
            ids += own
        }
        return (ids, texts)
    }

    private func place(_ a: Arguments, _ i: Int) throws(Raised) -> VocabularyModel.Place {
        guard a.has(i) else { return model.isCausal ? .last : try mask() }
        if let position = a[i].asInt { return .position(position) }
        switch try a.string(i) {
        case "last": return .last
        case "mask": return try mask()
        case let other:
            throw Raised(.value, "at= is \"last\", \"mask\" or a position, not '\(other)'")
        }
    }

    private func mask() throws(Raised) -> VocabularyModel.Place {
        guard let id = tokenizer?.tokenizer.namedID("mask_token") else {
            throw Raised(
                .value, "\(model.core.path) has no tokenizer with a mask token",
                help: "give at= a position, or the model a tokenizer=")
        }
        return .token(id)
    }

    /// - Parameter first: the parameter `choices`.
    func choiceValues(
        _ a: Arguments, from first: Int, probabilities: Bool
    ) throws(Raised) -> Value {
        let (ids, names) = try choices(a, first)
        let labels = a.has(first + 2) ? try a.strings(first + 2) : names
        guard labels.count == ids.count, !ids.isEmpty else {
            throw Raised(
                .value, "\(counted(labels.count, "label")) for \(counted(ids.count, "choice"))")
        }
        guard Set(ids).count == ids.count, Set(labels).count == labels.count else {
            throw Raised(.value, "two choices or two labels are the same")
        }
        let place = try place(a, first + 3)
        let input = try ModelInput(
            a, verb: "choose", model: model.core.path, tokenizer: tokenizer)
        let task = ModelTask(
            core: model.core, batch: input.batch, verb: "choose", name: "choice_logits",
            parameters: [("choices", "\(ids)")], adapter: try chosenAdapter(a, adapterNames))
        let logits = Rehearsal.completed(
            try runModel(a, task, devices: devices) {
                options throws(ModelError) in
                try model.logits(
                    input.batch, choices: ids, at: place, adapter: task.adapter, options)
            }, a)
        let values =
            probabilities ? Classifier.probabilities(logits, labels: ids.count) : logits
        return try labelFrame(values, labels, input.key, rows: input.batch.count)
    }

    func logProbabilities(_ a: Arguments) throws(Raised) -> Value {
        let input = try ModelInput(
            a, verb: "score", model: model.core.path, tokenizer: tokenizer)
        var from = [Int](repeating: 1, count: input.batch.count)
        if let skipped = a[afterModelInput].asInt {
            from = from.map { _ in skipped }
        } else if a.has(afterModelInput) {
            from = try a.ints(afterModelInput)
        }
        guard from.count == input.batch.count, from.allSatisfy({ $0 >= 0 }) else {
            throw Raised(
                .value, "prefix_tokens= is a number, or one for each of \(input.batch.count) rows")
        }
        let task = ModelTask(
            core: model.core, batch: input.batch, verb: "score", name: "log_probs",
            adapter: try chosenAdapter(a, adapterNames))
        let values = try runModel(a, task, devices: devices) {
            options throws(ModelError) in
            try model.logProbabilities(input.batch, from: from, adapter: task.adapter, options)
        }.enumerated().map { r, own in
            let count = max(0, input.batch[r].count - max(1, from[r]))
            return Rehearsal.completed(logProbabilities: own, count: count, row: r, a)
        }
        return try framing { () throws(FrameError) in
            value(
                try Series(
                    name: "log_probs",
                    column: Column(
                        .floats(NumberLists(values.map { $0.map(Double.init) })),
                        validity: Validity(values.lazy.map { !($0.first?.isNaN ?? false) })),
                    key: input.key))
        }
    }
}

private func methods(_ type: String, at: String) -> [Builtin] {
    let parameters =
        [.receiver(type)] + modelInputParameters + [
            P("choices", "list of str", .named("None"), "texts of one token each"),
            P("choice_ids", "list of int", .named("None"), "token ids in place of texts"),
            P("labels", "list of str", .named("the choices"), "names of the columns"),
            P("at", "str or int", .named(at), "\"last\", \"mask\" or a position in the row"),
        ]
    return [
        Builtin(
            "choice_proba", parameters,
            "The probability of each choice against the others at one place of each row.",
            examples: type == "causal_lm"
                ? [
                    Example(
                        """
                        m = causal_lm("Resources/demo/model")
                        p = m.choice_proba(tokens([[2, 9, 17], [2, 40]]), choice_ids=[5, 7], labels=["a", "b"])
                        print(p.columns, round(p["a"][1] + p["b"][1], 5))
                        """, prints: "['a', 'b'] 1.0\n")
                ]
                : []
        ) { a throws(Raised) in
            try a.host(0, LanguageModelValue.self, type)
                .choiceValues(a, from: afterModelInput, probabilities: true)
        },
        Builtin(
            "choice_logits", parameters, "The raw score of each choice at one place of each row."
        ) { a throws(Raised) in
            try a.host(0, LanguageModelValue.self, type)
                .choiceValues(a, from: afterModelInput, probabilities: false)
        },
        Builtin(
            "unload", [.receiver(type)],
            "Gives the weights' memory back; the next call loads them again."
        ) { a throws(Raised) in
            try a.host(0, LanguageModelValue.self, type).model.core.unload()
            return .none
        },
    ]
}

private let logProbabilityMethod = Builtin(
    "log_probs",
    [.receiver("causal_lm")] + modelInputParameters + [
        P(
            "prefix_tokens", "int or list of int", .named("1"),
            "tokens at the start of each row that are read, not scored")
    ],
    "The natural logarithm of each token's probability after those before it, a list for each row.",
    examples: [
        Example(
            """
            m = causal_lm("Resources/demo/model")
            scores = m.log_probs(tokens([[2, 9, 17, 4]]), prefix_tokens=2)
            print(len(scores[0]), scores[0][0] < 0)
            """, prints: "2 True\n")
    ]
) { a throws(Raised) in
    try a.host(0, LanguageModelValue.self, "causal_lm").logProbabilities(a)
}

private func open(_ a: Arguments, causal: Bool) throws(Raised) -> Value {
    let opening = try ModelOpeningArguments(a)
    let model = try raising { () throws(ModelError) in
        try VocabularyModel(modelPath: opening.path, causal: causal, opening.options)
    }
    if ["Classification", "Answering", "Choice"].contains(where: model.core.architecture.hasSuffix)
    {
        a.machine.note(
            "\(a.builtin.name): \(opening.path) is saved as \(model.core.architecture), without a head for words: that of the embeddings is taken, and its own head is not used"
        )
    }
    return .host(LanguageModelValue(model, opening))
}

let causalLMFunction = Builtin(
    "causal_lm",
    [P("path", "str", .required, "a model's folder: config.json, weights, tokenizer.json")]
        + modelOpeningParameters,
    "Opens a decoder with its language head; configurations and headers are checked now, weights load at first use.",
    examples: [
        Example(
            "m = causal_lm(\"Resources/demo/model\")\nprint(type(m))", prints: "causal_lm\n")
    ]
) { a throws(Raised) in try open(a, causal: true) }

let maskedLMFunction = Builtin(
    "masked_lm",
    [P("path", "str", .required, "a model's folder: config.json, weights, tokenizer.json")]
        + modelOpeningParameters,
    "Opens an encoder with its language head, for cloze questions.",
    examples: [
        Example(
            """
            m = masked_lm("Tests/Fixtures/architectures/bert-mlm")
            p = m.choice_proba(tokens([[5, 9, 4, 7]]), choice_ids=[11, 12, 13], at=2)
            print(p.columns)
            """, prints: "['11', '12', '13']\n")
    ]
) { a throws(Raised) in try open(a, causal: false) }
