// `vocab.txt` (BERT's kind: one token a line) and `vocab.json` with `merges.txt` (GPT-2's kind), with what
// tokenizer_config.json says about them.

import ArenaCore

/// A vocab.txt: WordPiece behind BERT's normalizer and pre-tokenizer.
func readWordList(
    _ file: String, _ settings: TokenizerSettings
) throws(TokenizerError) -> JSONDocument {
    let bytes = try readBytes(file)
    var vocabulary = JSONText()
    var idOf: [[UInt8]: Int] = [:]
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map(Array.init)
    if lines.last?.isEmpty == true { lines.removeLast() }
    for (id, line) in lines.enumerated() {
        let token = line.last == 13 ? Array(line.dropLast()) : line
        if let other = idOf.updateValue(id, forKey: token) {
            throw .contradiction(
                key: quoted(String(decoding: token, as: UTF8.self)),
                what: "the token stands in lines \(other + 1) and \(id + 1)",
                place: FilePlace(file, line: id + 1))
        }
        vocabulary.raw(id == 0 ? "" : ",")
        vocabulary.string(token)
        vocabulary.raw(":\(id)")
    }
    let isMPNet = settings.tokenizerClass?.hasPrefix("MPNet") == true
    func name(_ key: String, _ other: String) -> String { settings.tokens[key] ?? other }
    let unknown = name("unk_token", "[UNK]")
    let cls = name("cls_token", isMPNet ? "<s>" : "[CLS]")
    let sep = name("sep_token", isMPNet ? "</s>" : "[SEP]")
    let pad = name("pad_token", isMPNet ? "<pad>" : "[PAD]")
    let mask = name("mask_token", isMPNet ? "<mask>" : "[MASK]")
    var added: [FileToken] = []
    for token in [pad, unknown, cls, sep, mask] {
        guard let id = idOf[Array(token.utf8)], !added.contains(where: { $0.id == id }) else {
            continue
        }
        added.append(
            FileToken(
                id: id, content: Array(token.utf8), stripsLeft: isMPNet && token == mask))
    }
    var ends: [String: Int] = [:]
    for token in [cls, sep] {
        guard let id = idOf[Array(token.utf8)] else {
            throw .contradiction(
                key: token, what: "the vocabulary has no such token", place: FilePlace(file))
        }
        ends[token] = id
    }
    let post = templateJSON(
        [cls, "A", sep], isMPNet ? [cls, "A", sep, sep, "B", sep] : [cls, "A", sep, "B:1", sep],
        ends)
    var json = JSONText()
    json.raw(
        "{\"added_tokens\":[" + added.sorted { $0.id < $1.id }.map(\.json).joined(separator: ","))
    json.raw("],\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true,")
    json.raw("\"handle_chinese_chars\":\(settings.flags["tokenize_chinese_chars"] ?? true),")
    json.raw("\"strip_accents\":\(settings.flags["strip_accents"].map(String.init) ?? "null"),")
    json.raw("\"lowercase\":\(settings.flags["do_lower_case"] ?? true)},")
    json.raw("\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"post_processor\":\(post),")
    json.raw("\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},")
    json.raw("\"model\":{\"type\":\"WordPiece\",\"unk_token\":\(JSONText.quoted(unknown)),")
    json.raw("\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,\"vocab\":{")
    return try readJSON(json.bytes + vocabulary.bytes + Array("}}}".utf8), name: file)
}

/// A vocab.json and the merges.txt beside it: byte-level BPE.
func readMergeList(
    _ folder: String, _ settings: TokenizerSettings
) throws(TokenizerError) -> JSONDocument {
    let path = { (name: String) in folder.isEmpty ? name : joinPath(folder, name) }
    let vocabularyBytes = try readBytes(path("vocab.json"))
    let vocabulary = try readJSON(vocabularyBytes, name: path("vocab.json"))
    guard vocabulary.root.kind == .object else {
        throw FilePart(root: vocabulary.root).mismatch("an object")
    }
    var merges = JSONText()
    var first = true
    let lines = try readBytes(path("merges.txt")).split(separator: 10)
    for (number, line) in lines.enumerated() {
        let line = line.last == 13 ? line.dropLast() : line
        if number == 0, line.starts(with: Array("#version".utf8)) || line.isEmpty { continue }
        merges.raw(first ? "" : ",")
        merges.string(line)
        first = false
    }
    let name = settings.tokenizerClass ?? ""
    let isRoberta = ["Roberta", "Bart", "Longformer", "LED"].contains { name.hasPrefix($0) }
    let isQwen = name.hasPrefix("Qwen2")
    func id(_ token: String) throws(TokenizerError) -> Int {
        guard let id = vocabulary.root[token]?.int else {
            throw .contradiction(
                key: token, what: "the vocabulary has no such token",
                place: FilePlace(vocabulary.name))
        }
        return id
    }
    var added = settings.addedTokens
    var post = "{\"type\":\"ByteLevel\"}"
    if isRoberta {
        let cls = settings.tokens["cls_token"] ?? "<s>"
        let sep = settings.tokens["sep_token"] ?? "</s>"
        post =
            "{\"type\":\"RobertaProcessing\",\"cls\":[\(JSONText.quoted(cls)),\(try id(cls))],"
            + "\"sep\":[\(JSONText.quoted(sep)),\(try id(sep))]}"
        if added.isEmpty {
            for token in ["<s>", "<pad>", "</s>", "<unk>", "<mask>"] {
                guard let id = vocabulary.root[token]?.int else { continue }
                added.append(
                    FileToken(id: id, content: Array(token.utf8), stripsLeft: token == "<mask>"))
            }
        }
    } else if added.isEmpty, let end = vocabulary.root["<|endoftext|>"]?.int {
        added = [FileToken(id: end, content: Array("<|endoftext|>".utf8))]
    }
    added.sort { $0.id < $1.id }
    let space = settings.flags["add_prefix_space"] ?? false
    let bytes = "{\"type\":\"ByteLevel\",\"add_prefix_space\":\(space),\"use_regex\":"
    let cut =
        isQwen
        ? "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":"
            + JSONText.quoted(SplitPattern.cl100k(digits: 1).text)
            + "},\"behavior\":\"Isolated\",\"invert\":false},\(bytes)false}]}"
        : bytes + "true}"
    var json = JSONText()
    json.raw("{\"added_tokens\":[\(added.map(\.json).joined(separator: ","))],\"normalizer\":")
    json.raw(isQwen ? "{\"type\":\"NFC\"}" : "null")
    json.raw(",\"pre_tokenizer\":\(cut),\"post_processor\":\(post),")
    json.raw("\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"merges\":[")
    return try readJSON(
        json.bytes + merges.bytes + Array("],\"vocab\":".utf8) + vocabularyBytes + Array("}}".utf8),
        name: vocabulary.name)
}
