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

    /// Reads the tokenizer_config.json in the folder of a tokenizer.json, if there is one; a file of
    /// another name stands by itself.
    init(beside file: String) throws(TokenizerError) {
        let (folder, name) = splitPath(file)
        self.init()
        guard name == "tokenizer.json" else { return }
        let path =
            folder.isEmpty ? "tokenizer_config.json" : joinPath(folder, "tokenizer_config.json")
        if fileExists(path) { try self.init(readJSON(path)) }
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
        if let length = root.optional("model_max_length") {
            guard let number = length.value.double else { throw length.mismatch("a number") }
            // "No limit" is written as a number of 31 digits.
            if number >= 1, number < 1e9 { maxLength = Int(number) }
        }
    }
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
