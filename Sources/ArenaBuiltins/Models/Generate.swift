// generate() of causal language models: texts that go on where the rows end.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels
import ArenaText

private typealias P = BuiltinParameter

/// The arguments of generate() behind `modelInputParameters`.
private struct GenerateArguments {
    var settings: GenerationSettings
    let stops: [String]
    let wantsIDs: Bool

    init(_ a: Arguments, _ model: LanguageModelValue) throws(Raised) {
        let first = afterModelInput
        func refused(_ what: String) -> Raised { Raised(.value, "generate(): " + what) }
        let most = try a.int(first, or: 64)
        guard most >= 1, most <= 1 << 20 else {
            throw refused("max_new_tokens is 1 to \(1 << 20), not \(most)")
        }
        let temperature = a.has(first + 1) ? try a.double(first + 1) : 0
        guard temperature.isFinite, temperature >= 0 else {
            throw refused("temperature is a number from 0 up, not \(temperature)")
        }
        let topK = a.has(first + 2) ? try a.int(first + 2) : nil
        if let topK, topK < 1 { throw refused("top_k is at least 1, not \(topK)") }
        let topP = a.has(first + 3) ? try a.double(first + 3) : nil
        if let topP, !(topP > 0 && topP <= 1) {
            throw refused("top_p is above 0 and at most 1, not \(topP)")
        }
        if temperature == 0, a.has(first + 2) || a.has(first + 3) {
            throw Raised(
                .value, "generate(): top_k and top_p are for drawing, temperature=0 draws nothing",
                help: "set temperature=1, or leave them out")
        }
        stops = a.has(first + 5) ? try a.strings(first + 5) : []
        if stops.contains("") { throw refused("a stop is empty") }
        if !stops.isEmpty, model.tokenizer == nil {
            throw Raised(
                .value, "\(model.model.core.path) has no tokenizer to look for stops with",
                help: "give tokenizer= to the model, or stop_ids=[...]")
        }
        wantsIDs = try a.bool(first + 7, or: false)
        if !wantsIDs, model.tokenizer == nil {
            throw Raised(
                .value, "\(model.model.core.path) has no tokenizer to make text of tokens",
                help: "give tokenizer= to the model, or ids=True")
        }
        var ends = model.model.endTokenIDs
        if a.has(first + 6) {
            ends = try a.ints(first + 6).map { Int32(clamping: $0) }
        } else if ends.isEmpty, let eos = model.tokenizer?.tokenizer.eosID {
            ends = [eos]
        }
        settings = GenerationSettings(
            maxNewTokens: most,
            sampling: Sampling(
                temperature: temperature, topK: topK, topP: topP, seed: try a.int(first + 4, or: 0)),
            endTokens: Set(ends))
        if temperature > 0 { a.noteSeed("\(settings.sampling.seed)") }
        guard !stops.isEmpty, let tokenizer = model.tokenizer?.tokenizer else { return }
        for stop in stops {
            // A special token is left out of the text: it ends a row as a token.
            guard let id = tokenizer.tokenToID(stop),
                tokenizer.decode([id], skipSpecialTokens: true).isEmpty
            else { continue }
            settings.endTokens.insert(id)
        }
        let sought = stops.map { Array($0.utf8) }
        settings.isComplete = { ids in
            let text = Array(tokenizer.decode(ids, skipSpecialTokens: true).utf8)
            return sought.contains { firstPlace(of: $0, in: text) != nil }
        }
    }

    /// What results follow from besides the model and the rows.
    func parameters(_ tokenizer: Tokenizer?) -> [(name: String, value: String)] {
        let sampling = settings.sampling
        var list: [(name: String, value: String)] = [
            ("max_new_tokens", "\(settings.maxNewTokens)"),
            ("temperature", "\(sampling.temperature)"),
            ("stop_ids", "\(settings.endTokens.sorted())"), ("stop", "\(stops)"),
        ]
        if sampling.temperature > 0 {
            list += [
                ("top_k", sampling.topK.map(String.init) ?? "all"),
                ("top_p", sampling.topP.map { "\($0)" } ?? "1"), ("seed", "\(sampling.seed)"),
            ]
        }
        // Where a stop ends a text depends on how tokens are spelled.
        if !stops.isEmpty, let tokenizer { list.append(("tokenizer", tokenizer.path)) }
        return list
    }

    /// A row's text, up to the first stop in it.
    func text(_ generated: GeneratedText, _ tokenizer: Tokenizer) -> String {
        let text = tokenizer.decode(generated.ids, skipSpecialTokens: true)
        let bytes = Array(text.utf8)
        let cut = stops.compactMap { firstPlace(of: Array($0.utf8), in: bytes) }.min()
        return cut.map { String(decoding: bytes[..<$0], as: UTF8.self) } ?? text
    }
}

/// Where a run of bytes first stands in others.
private func firstPlace(of part: [UInt8], in bytes: [UInt8]) -> Int? {
    guard let first = part.first, bytes.count >= part.count else { return nil }
    return (0...bytes.count - part.count).first {
        bytes[$0] == first && bytes[$0...].starts(with: part)
    }
}

extension GeneratedText.End {
    fileprivate var word: String {
        switch self {
        case .length: return "length"
        case .token: return "token"
        case .text: return "stop"
        }
    }
}

extension LanguageModelValue {
    func generate(_ a: Arguments) throws(Raised) -> Value {
        let own = try GenerateArguments(a, self)
        let input = try ModelInput(
            a, verb: "generate", model: model.core.path, tokenizer: tokenizer)
        let task = ModelTask(
            core: model.core, batch: input.batch, verb: "generate", name: "generate",
            parameters: own.parameters(tokenizer?.tokenizer),
            adapter: try chosenAdapter(a, adapterNames))
        let rows = try runModel(a, task, devices: devices) { options throws(ModelError) in
            try model.generate(input.batch, own.settings, adapter: task.adapter, options)
        }.enumerated().map { Rehearsal.completed($1, row: input.batch[$0], a) }
        let texts = tokenizer.map { t in rows.map { $0.map { own.text($0, t.tokenizer) } } }
        return try framing { () throws(FrameError) in
            let column = try texts.map { texts throws(FrameError) in try Column(texts) }
            if !own.wantsIDs, let column {
                return value(try Series(name: "text", column: column, key: input.key))
            }
            let ids = Column(
                .ints(NumberLists(rows.map { $0?.ids ?? [] })),
                validity: Validity(rows.lazy.map { $0 != nil }))
            let ends = try Column(rows.map { $0?.end.word })
            return value(
                try Frame(
                    names: (column == nil ? [] : ["text"]) + ["ids", "ended"],
                    columns: (column.map { [$0] } ?? []) + [ids, ends], key: input.key))
        }
    }
}

let generateMethod = Builtin(
    "generate",
    [.receiver("causal_lm")] + modelInputParameters + [
        P("max_new_tokens", "int", .named("64"), "a row ends after so many"),
        P(
            "temperature", "float", .named("0"),
            "0 takes the most probable token each time; above, tokens are drawn"),
        P("top_k", "int", .named("None"), "draw from so many of the most probable tokens"),
        P(
            "top_p", "float", .named("None"),
            "draw from the most probable tokens that together reach this probability"),
        P("seed", "int", .named("0"), "with the row's own tokens, what is drawn follows from it"),
        P("stop", "str or list of str", .named("None"), "a row ends before the first of these"),
        P("stop_ids", "list of int", .named("the model's eos"), "tokens that end a row"),
        P(
            "ids", "bool", .named("False"),
            "give a frame: the text, the new tokens, and what ended each row (length, token or stop)"
        ),
    ],
    "The text that the model goes on with after each row, keyed like the text.",
    examples: [
        Example(
            """
            m = causal_lm("Resources/demo/model")
            g = m.generate(tokens([[2, 9, 17], [2, 40]]), max_new_tokens=5, ids=True)
            print(g.columns, len(g["ids"][0]), g["ended"][1])
            """, prints: "['text', 'ids', 'ended'] 5 length\n")
    ]
) { a throws(Raised) in
    try a.host(0, LanguageModelValue.self, "causal_lm").generate(a)
}
