// tokenizer_config.json: which tokens mean what, and the defaults for cutting and padding. Where the
// tokenizer.json has a post-processor, that one rules what stands around a text, as in transformers.

import ArenaCore

/// What the file beside a tokenizer.json says; all of it may be left out.
struct TokenizerSettings {
    var bos: FilePart?
    var eos: FilePart?
    var pad: FilePart?
    var addsBOS = false
    var addsEOS = false
    var maxLength: Int?
    var paddingSide = Tokenizer.Side.right
    var truncationSide = Tokenizer.Side.right

    /// The class that transformers reads the files with.
    var tokenizerClass: String?
    /// Every token that is named, by its key, such as `cls_token`.
    var tokens: [String: String] = [:]
    /// Every member that is true or false.
    var flags: [String: Bool] = [:]
    /// `extra_ids` of T5's kind.
    var extraIDs: Int?
    /// `chat_template`, by name.
    var chatTemplates: [String: String] = [:]
    /// `added_tokens_decoder`.
    var addedTokens: [FileToken] = []

    /// Reads the settings in the folder of a tokenizer.json; a file of another name stands by itself.
    init(beside file: String) throws(TokenizerError) {
        if splitPath(file).name == "tokenizer.json" {
            try self.init(around: file)
        } else {
            self.init()
        }
    }

    /// Reads tokenizer_config.json and special_tokens_map.json in the folder of a file.
    init(around file: String) throws(TokenizerError) {
        let folder = splitPath(file).folder
        func path(_ name: String) -> String { folder.isEmpty ? name : joinPath(folder, name) }
        if fileExists(path("tokenizer_config.json")) {
            try self.init(readJSON(path("tokenizer_config.json")))
        } else {
            self.init()
        }
        if fileExists(path("chat_template.jinja")) {
            chatTemplates["default"] = String(
                decoding: try readBytes(path("chat_template.jinja")), as: UTF8.self)
        }
        // The older file of the two says what the newer one leaves out.
        if fileExists(path("special_tokens_map.json")) {
            let map = try TokenizerSettings(readJSON(path("special_tokens_map.json")))
            bos = bos ?? map.bos
            eos = eos ?? map.eos
            pad = pad ?? map.pad
            tokens.merge(map.tokens) { own, _ in own }
        }
    }

    init() {}

    /// Reads the content of a tokenizer_config.json.
    init(_ document: JSONDocument) throws(TokenizerError) {
        let root = FilePart(root: document.root)
        guard root.value.kind == .object else { throw root.mismatch("an object") }
        bos = try token(root, "bos_token")
        eos = try token(root, "eos_token")
        pad = try token(root, "pad_token")
        addsBOS = try root.flag("add_bos_token", or: false)
        addsEOS = try root.flag("add_eos_token", or: false)
        paddingSide = try side(root, "padding_side")
        truncationSide = try side(root, "truncation_side")
        tokenizerClass = try root.optional("tokenizer_class")?.string()
        extraIDs = root.optional("extra_ids")?.value.int.map { min(max($0, 0), 1 << 16) }
        for name in ["bos", "eos", "unk", "sep", "pad", "cls", "mask"] {
            if let named = try token(root, name + "_token") {
                tokens[name + "_token"] = try named.string()
            }
        }
        var flags: [String: Bool] = [:]
        document.root.forEachMember { key, value in
            if let flag = value.bool, let name = key.string { flags[name] = flag }
        }
        self.flags = flags
        addedTokens = try readAddedTokens(root)
        chatTemplates = try readChatTemplates(root)
        if let length = root.optional("model_max_length") {
            guard let number = length.value.double else { throw length.mismatch("a number") }
            // "No limit" is written as a number of 31 digits.
            if number >= 1, number < 1e9 { maxLength = Int(number) }
        }
    }
}

/// The chat template, or several with names.
private func readChatTemplates(_ root: FilePart) throws(TokenizerError) -> [String: String] {
    guard let part = root.optional("chat_template") else { return [:] }
    if let one = part.value.string { return ["default": one] }
    var templates: [String: String] = [:]
    for entry in try part.elements() {
        templates[try entry.member("name").string()] = try entry.member("template").string()
    }
    return templates
}

/// The tokens of `added_tokens_decoder`, by id.
private func readAddedTokens(_ root: FilePart) throws(TokenizerError) -> [FileToken] {
    guard let part = root.optional("added_tokens_decoder") else { return [] }
    guard let members = part.value.members else { throw part.mismatch("an object") }
    var tokens: [FileToken] = []
    for (key, _) in members {
        guard let entry = part.optional(key) else { continue }
        guard let id = Int(key), id >= 0, id < idLimit else {
            throw entry.contradiction("the key is not a token id")
        }
        tokens.append(
            FileToken(
                id: id, content: try entry.member("content").bytes(),
                isSpecial: try entry.flag("special", or: false),
                stripsLeft: try entry.flag("lstrip", or: false)))
    }
    return tokens.sorted { $0.id < $1.id }
}

/// A token as a string or as an object with `content`.
private func token(_ root: FilePart, _ name: String) throws(TokenizerError) -> FilePart? {
    guard let part = root.optional(name) else { return nil }
    return part.value.kind == .object ? try part.member("content") : part
}

private func side(_ root: FilePart, _ name: String) throws(TokenizerError) -> Tokenizer.Side {
    guard let part = root.optional(name) else { return .right }
    let text = try part.string()
    guard let side = Tokenizer.Side(rawValue: text) else {
        throw part.unsupported("'\(text)'", supported: "left, right")
    }
    return side
}
