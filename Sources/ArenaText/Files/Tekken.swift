// `tekken.json` (Mistral-Nemo and later): tokens as bytes by rank behind a block of special tokens. Merges
// follow from the ranks: two tokens merge if their bytes together are a token, in the order of its rank.

import ArenaCore

func readTekken(_ document: JSONDocument) throws(TokenizerError) -> JSONDocument {
    let root = FilePart(root: document.root)
    let config = try root.member("config")
    let pattern = try config.member("pattern").string()
    let total = try config.member("default_vocab_size").id()
    let special = try config.member("default_num_special_tokens").id()
    let vocabulary = try root.member("vocab")
    let entries = try vocabulary.elements()
    guard special <= total, entries.count >= total - special else {
        throw vocabulary.contradiction(
            "\(entries.count) tokens, but the config says \(total) with \(special) special ones")
    }
    var ranks: [[UInt8]: Int] = [:]
    var tokens: [[UInt8]] = []
    for (rank, entry) in entries.prefix(total - special).enumerated() {
        let text = try entry.member("token_bytes")
        guard let bytes = decodeBase64(try text.bytes()), !bytes.isEmpty else {
            throw text.contradiction("the token is not base64")
        }
        guard try entry.member("rank").id() == rank else {
            throw try entry.member("rank").contradiction("the rank should be \(rank)")
        }
        guard ranks.updateValue(rank, forKey: bytes) == nil else {
            throw text.contradiction("the token is there twice")
        }
        tokens.append(bytes)
    }
    var json = JSONText()
    json.raw("{\"added_tokens\":[")
    let names = try specialNames(root, special)
    json.raw(
        names.enumerated().map { FileToken(id: $0, content: Array($1.utf8)).json }
            .joined(separator: ","))
    json.raw("],\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",")
    json.raw("\"pattern\":{\"Regex\":\(JSONText.quoted(pattern))},\"behavior\":\"Isolated\",")
    json.raw("\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,")
    json.raw("\"use_regex\":false}]},\"decoder\":{\"type\":\"ByteLevel\"},")
    if special > 1 {
        let bos = names[1]
        json.raw("\"post_processor\":\(templateJSON([bos, "A"], [bos, "A", bos, "B"], [bos: 1])),")
    }
    json.raw("\"model\":{\"type\":\"BPE\",\"ignore_merges\":true,\"vocab\":{")
    for (id, name) in names.enumerated() {
        json.raw(id == 0 ? "" : ",")
        json.string(name)
        json.raw(":\(id)")
    }
    for (rank, token) in tokens.enumerated() {
        json.raw(rank + special == 0 ? "" : ",")
        json.string(inAlphabet(token))
        json.raw(":\(rank + special)")
    }
    json.raw("},\"merges\":[")
    var first = true
    for token in tokens where token.count > 1 {
        for (left, right) in splits(of: token, ranks) {
            json.raw(first ? "[" : ",[")
            json.string(inAlphabet(left))
            json.raw(",")
            json.string(inAlphabet(right))
            json.raw("]")
            first = false
        }
    }
    json.raw("]}}")
    return try readJSON(json.bytes, name: document.name)
}

/// The names of the special tokens, as the file lists them or as its older versions leave to the reader.
private func specialNames(_ root: FilePart, _ count: Int) throws(TokenizerError) -> [String] {
    var names = [
        "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
        "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]",
        "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
        "[TOOL_CONTENT]",
    ]
    if let listed = root.optional("special_tokens") {
        names = []
        for (rank, entry) in try listed.elements().enumerated() {
            guard try entry.member("rank").id() == rank else {
                throw try entry.member("rank").contradiction("the rank should be \(rank)")
            }
            names.append(try entry.member("token_str").string())
        }
    }
    names = Array(names.prefix(count))
    while names.count < count { names.append("<SPECIAL_\(names.count)>") }
    return names
}

/// The pairs of tokens that make a token, by the ranks of the two.
private func splits(
    of token: [UInt8], _ ranks: [[UInt8]: Int]
) -> [(left: [UInt8], right: [UInt8])] {
    var found: [(left: [UInt8], right: [UInt8], first: Int, second: Int)] = []
    for i in 1..<token.count {
        let left = Array(token[..<i])
        let right = Array(token[i...])
        if let first = ranks[left], let second = ranks[right] {
            found.append((left, right, first, second))
        }
    }
    return found.sorted { ($0.first, $0.second) < ($1.first, $1.second) }.map {
        ($0.left, $0.right)
    }
}

/// Bytes in GPT-2's alphabet.
private func inAlphabet(_ bytes: [UInt8]) -> [UInt8] {
    var out = Scratch<UInt8>(capacity: bytes.count * 2)
    for byte in bytes { appendScalar(ByteAlphabet.shared.scalarOf[Int(byte)], to: &out) }
    return Array(out.contents)
}
