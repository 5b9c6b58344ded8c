// `tekken.json` (Mistral-Nemo and later): tokens as bytes by rank behind a block of special tokens. Merges
// follow from the ranks: two tokens merge if their bytes together are a token, in the order of its rank.

import ArenaCore

func readTekken(
    _ document: JSONDocument, _ settings: TokenizerSettings
) throws(TokenizerError) -> TokenizerFile {
    let root = FilePart(root: document.root)
    let config = try root.member("config")
    let pattern = try config.member("pattern").string()
    let total = try config.member("default_vocab_size").id()
    let special = try config.member("default_num_special_tokens").id()
    let vocabulary = try root.member("vocab")
    guard vocabulary.value.kind == .array else { throw vocabulary.mismatch("an array") }
    guard special <= total, vocabulary.value.count >= total - special else {
        throw vocabulary.contradiction(
            "\(vocabulary.value.count) tokens, but the config says \(total) with \(special) special ones"
        )
    }
    let names = try specialNames(root, special)
    let model = try readTokens(vocabulary, names, total - special)
    var json = JSONText()
    json.raw("{\"added_tokens\":[")
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
    json.raw("\"model\":{\"type\":\"BPE\"}}")
    return TokenizerFile(
        document: try readJSON(json.bytes, name: document.name), settings: settings, model: model)
}

/// The tokens behind the special ones, and the merges that follow from them.
private func readTokens(
    _ part: FilePart, _ names: [String], _ count: Int
) throws(TokenizerError) -> BPE {
    let special = names.count
    var tokens = Scratch<UInt8>(capacity: 1 << 20)
    var ends: [Int] = []
    ends.reserveCapacity(count)
    guard let cursor = part.value.cursor else { throw part.mismatch("an array") }
    var at = part.value.nodeIndex + 1
    for rank in 0..<count {
        let before = tokens.count
        let entry = entryFields(cursor, at)
        let isPlain =
            entry.rank == rank && (entry.token.map { appendBase64($0, to: &tokens) } ?? false)
        if !isPlain || tokens.count == before {
            tokens.count = before
            let token = try readEntry(part.element(rank, part.value.value(at: at)), rank)
            token.withUnsafeBufferPointer { tokens.append($0) }
        }
        ends.append(tokens.count)
        at = cursor.next(at)
    }
    let nameBytes = names.reduce(0) { $0 + $1.utf8.count }
    // In the texts' own bytes, and in GPT-2's alphabet, whose characters have two bytes at most.
    let pieces = ByteDictionary(
        ids: special + count, entries: special + count, bytes: tokens.count + nameBytes)
    let vocabulary = ByteDictionary(
        ids: special + count, entries: special + count, bytes: tokens.count * 2 + nameBytes)
    for (id, name) in names.enumerated() {
        let bytes = Array(name.utf8)
        guard case .done = bytes.withUnsafeBytes({ vocabulary.insert($0, id: id) }) else {
            throw part.contradiction("the special token \(quoted(name)) is there twice")
        }
    }
    var start = 0
    var alphabet = Scratch<UInt8>()
    for (rank, end) in ends.enumerated() {
        let token = Bytes(rebasing: tokens.contents[start..<end])
        alphabet.count = 0
        for byte in token { appendScalar(ByteAlphabet.shared.scalarOf[Int(byte)], to: &alphabet) }
        let id = special + rank
        guard case .done = pieces.insert(UnsafeRawBufferPointer(token), id: id),
            case .done = vocabulary.insert(UnsafeRawBufferPointer(alphabet.contents), id: id)
        else { throw part.contradiction("the token of rank \(rank) is there twice") }
        start = end
    }
    guard let merges = tekkenMerges(pieces, special..<special + count) else {
        throw part.unsupported(
            "\(MergeList.limit) or more merges", supported: "fewer than \(MergeList.limit)")
    }
    for (id, name) in names.enumerated() {
        let bytes = Array(name.utf8)
        _ = bytes.withUnsafeBytes { pieces.insert($0, id: id) }
    }
    return BPE(
        vocabulary: vocabulary, tokenCount: special + count, pieces: pieces, merges: merges,
        spellsBytes: true, ignoreMerges: true)
}

/// Two tokens merge if their bytes together are a token, in the order of its rank; nil for too many.
private func tekkenMerges(_ pieces: ByteDictionary, _ ids: Range<Int>) -> MergeList? {
    var merges: [(split: TokenSplits.Split, id: Int)] = []
    merges.reserveCapacity(2 * ids.count)
    var splits = TokenSplits(pieces)
    splits.forEach(of: ids, in: pieces) { id, found in
        let sorted =
            found.count < 2 ? found : found.sorted { ($0.left, $0.right) < ($1.left, $1.right) }
        for split in sorted { merges.append((split, id)) }
    }
    guard merges.count < MergeList.limit else { return nil }
    var list = MergeList(capacity: merges.count)
    for merge in merges { list.append(Int(merge.split.left), Int(merge.split.right), merge.id) }
    return list
}

/// The rank and the token of an entry, where they stand there plainly.
private func entryFields(_ cursor: JSONCursor, _ at: Int) -> (rank: Int?, token: Bytes?) {
    let node = cursor.nodes[at]
    guard node.kind == .object else { return (nil, nil) }
    var rank: Int?
    var token: Bytes?
    var member = at + 1
    while member < cursor.next(at) {
        let key = cursor.text(cursor.nodes[member])
        let value = cursor.nodes[member + 1]
        if key.elementsEqual("rank".utf8), value.kind == .number, value.length < 10 {
            rank = Int(String(decoding: cursor.text(value), as: UTF8.self))
        } else if key.elementsEqual("token_bytes".utf8), value.kind == .string {
            token = cursor.text(value)
        }
        member = cursor.next(member + 1)
    }
    return (rank, token)
}

/// The token of an entry that is written in another way, or what is wrong with it.
private func readEntry(_ entry: FilePart, _ rank: Int) throws(TokenizerError) -> [UInt8] {
    let text = try entry.member("token_bytes")
    guard let bytes = decodeBase64(try text.bytes()), !bytes.isEmpty else {
        throw text.contradiction("the token is not base64")
    }
    guard try entry.member("rank").id() == rank else {
        throw try entry.member("rank").contradiction("the rank should be \(rank)")
    }
    return bytes
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
