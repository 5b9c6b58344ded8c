// What stands around a vocabulary in a tokenizer.json: normalizer, pre-tokenizer, decoder, what is put around
// texts, and the special tokens. Of a kind of its own, or taken from another tokenizer.

import ArenaCore

/// A tokenizer.json without its vocabulary.
struct TokenizerRecipe {
    var kind: TokenizerTraining.Kind
    /// The sections as JSON.
    var normalizer = "null"
    var preTokenizer = "null"
    var decoder = "null"
    /// The section that puts tokens around texts, by their ids; those that are not there are left out.
    var postProcessor: ([[UInt8]: Int]) -> String = { _ in "null" }
    /// The special tokens, in the order of their ids.
    var special: [String]
    /// What stands for text without a token.
    var unknown: String
    /// The tokens that have names, such as `pad_token`.
    var named: [(name: String, token: String)] = []
    /// Whether words are spelled in GPT-2's alphabet of bytes.
    var spellsBytes = false

    /// The file's content; without ids nothing is put around texts.
    func document(
        model: String, ids: [[UInt8]: Int] = [:], special: [[UInt8]] = []
    ) -> [UInt8] {
        let added = special.compactMap { token in
            ids[token].map { FileToken(id: $0, content: token).json }
        }
        var json = JSONText()
        json.raw("{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,")
        json.raw("\"added_tokens\":[\(added.joined(separator: ","))],")
        json.raw("\"normalizer\":\(normalizer),\"pre_tokenizer\":\(preTokenizer),")
        let post = ids.isEmpty ? "null" : postProcessor(ids)
        json.raw("\"post_processor\":\(post),\"decoder\":\(decoder),")
        json.raw("\"model\":\(model)}")
        return json.bytes
    }

    /// The content of the tokenizer_config.json beside it.
    func config(special: [[UInt8]]) -> [UInt8] {
        let named = named.filter { special.contains(Array($0.token.utf8)) }
        let members = named.map { "\(JSONText.quoted($0.name)):\(JSONText.quoted($0.token))" }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }
}

extension TokenizerTraining {
    /// What stands around the vocabulary.
    func recipe() throws(TokenizerError) -> TokenizerRecipe {
        if let like { return try TokenizerRecipe(like: like) }
        switch kind {
        case .bpe:
            let end = "<|endoftext|>"
            return TokenizerRecipe(
                kind: .bpe,
                preTokenizer:
                    #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#,
                decoder:
                    #"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true}"#,
                postProcessor: { _ in
                    #"{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":false,"use_regex":true}"#
                },
                special: [end], unknown: end,
                named: [("bos_token", end), ("eos_token", end), ("unk_token", end)],
                spellsBytes: true)
        case .wordpiece:
            return TokenizerRecipe(
                kind: .wordpiece,
                normalizer:
                    #"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}"#,
                preTokenizer: #"{"type":"BertPreTokenizer"}"#,
                decoder: ###"{"type":"WordPiece","prefix":"##","cleanup":true}"###,
                postProcessor: { frameJSON("[CLS]", "[SEP]", $0) },
                special: ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], unknown: "[UNK]",
                named: [
                    ("pad_token", "[PAD]"), ("unk_token", "[UNK]"), ("cls_token", "[CLS]"),
                    ("sep_token", "[SEP]"), ("mask_token", "[MASK]"),
                ])
        case .unigram:
            let metaspace =
                #"{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}"#
            return TokenizerRecipe(
                kind: .unigram,
                normalizer:
                    #"{"type":"Sequence","normalizers":[{"type":"NFKC"},{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}]}"#,
                preTokenizer: metaspace, decoder: metaspace,
                postProcessor: { frameJSON(nil, "</s>", $0) },
                special: ["<pad>", "</s>", "<unk>"], unknown: "<unk>",
                named: [("pad_token", "<pad>"), ("eos_token", "</s>"), ("unk_token", "<unk>")])
        }
    }
}

/// `[first] A last` and the like for pairs, of the tokens that are there.
private func frameJSON(
    _ first: String?, _ last: String, _ ids: [[UInt8]: Int]
) -> String {
    func known(_ token: String?) -> [String] {
        token.map { ids[Array($0.utf8)] == nil ? [] : [$0] } ?? []
    }
    let (before, after) = (known(first), known(last))
    guard !before.isEmpty || !after.isEmpty else { return "null" }
    var used: [String: Int] = [:]
    for token in before + after { used[token] = ids[Array(token.utf8)] }
    return templateJSON(before + ["A"] + after, before + ["A"] + after + ["B:1"] + after, used)
}

extension TokenizerRecipe {
    /// All of another tokenizer but its vocabulary.
    /// - Throws: `TokenizerError` for tokenizers whose kind cannot be trained.
    init(like path: String) throws(TokenizerError) {
        let file = try readTokenizerFile(path)
        let root = FilePart(root: file.document.root)
        let model = try root.member("model")
        let name = try modelType(model)
        let kinds = [
            BPE.type: TokenizerTraining.Kind.bpe, WordPiece.type: .wordpiece,
            Unigram.type: .unigram,
        ]
        guard let kind = kinds[name] else {
            throw model.unsupported(
                "training a \(name) vocabulary",
                supported: kinds.keys.sorted().joined(separator: ", "))
        }
        if try model.flag("byte_fallback", or: false) {
            throw model.unsupported(
                "training a vocabulary that falls back on bytes",
                supported: "byte-level BPE, WordPiece, and Unigram without byte_fallback")
        }
        if kind == .wordpiece, let prefix = model.optional("continuing_subword_prefix"),
            try prefix.string() != "##"
        {
            throw prefix.unsupported("'\(try prefix.string())'", supported: "'##'")
        }
        self.kind = kind
        func section(_ name: String) -> String {
            root.optional(name).map { jsonText($0.value) } ?? "null"
        }
        normalizer = section("normalizer")
        preTokenizer = section("pre_tokenizer")
        decoder = section("decoder")
        let post = root.optional("post_processor")?.value
        postProcessor = { ids in post.map { jsonText($0, ids: ids) } ?? "null" }
        var tokens: [(id: Int, content: String)] = []
        for token in try root.optional("added_tokens")?.elements() ?? []
        where try token.flag("special", or: false) {
            tokens.append((try token.member("id").id(), try token.member("content").string()))
        }
        special = tokens.sorted { $0.id < $1.id }.map(\.content)
        named = file.settings.tokens.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let asked = try model.optional("unk_token")?.string()
        unknown = asked ?? file.settings.tokens["unk_token"] ?? "<unk>"
        if let part = root.optional("pre_tokenizer") {
            spellsBytes = try readPreTokenizers(part, isBPE: kind == .bpe).spellsBytes
        }
        if kind != .bpe, !special.contains(unknown) { special.insert(unknown, at: 0) }
    }
}

/// A value as JSON. With `ids`, tokens that have ids beside them get those: `["[SEP]", 3]`, and the `ids` of
/// a template's tokens.
private func jsonText(_ value: JSONValue, ids: [[UInt8]: Int]? = nil) -> String {
    switch value.kind {
    case .null: return "null"
    case .bool: return value.bool == true ? "true" : "false"
    case .number: return value.numberText
    case .string: return JSONText.quoted(value.stringBytes ?? [])
    case .array:
        let items = value.elements ?? []
        if let ids, items.count == 2, let token = items[0].stringBytes, items[1].kind == .number,
            let id = ids[token]
        {
            return "[\(JSONText.quoted(token)),\(id)]"
        }
        return "[" + items.map { jsonText($0, ids: ids) }.joined(separator: ",") + "]"
    case .object:
        let id = ids.flatMap { ids in value["id"]?.stringBytes.flatMap { ids[$0] } }
        let members = (value.members ?? []).map { member in
            let isID = member.key == "ids" && id != nil
            let text = isID ? "[\(id ?? 0)]" : jsonText(member.value, ids: ids)
            return "\(JSONText.quoted(member.key)):\(text)"
        }
        return "{" + members.joined(separator: ",") + "}"
    }
}
