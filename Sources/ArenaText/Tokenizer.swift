// A tokenizer as its model's folder describes it: text to ids and back. The steps (normalizers,
// pre-tokenizers, model, post-processor, decoders) are read from tokenizer.json by the families in the
// folders beside this file; Tokenizer+Encode.swift and Tokenizer+Decode.swift run them.

import ArenaCore
import Synchronization

/// A tokenizer; immutable after loading and usable from every thread.
package final class Tokenizer: Sendable {
    /// The tokenizer.json it was read from.
    package let path: String
    /// One more than the largest token id.
    package let vocabularySize: Int
    /// The tokens that tokenizer_config.json and special_tokens_map.json name.
    package let bosID: Int32?
    package let eosID: Int32?
    package let padID: Int32?
    /// How long the model's texts may be by its own files; nil where they do not say.
    package let modelMaxLength: Int?
    package let paddingSide: Side
    package let truncationSide: Side

    /// The tokens that the files name, by key.
    let namedTokens: [String: String]
    /// How conversations are written, by name; "default" is the one without.
    let chatTemplates: [String: String]
    let added: AddedTokens
    let normalizers: [any Normalizer]
    let preTokenizers: [any PreTokenizer]
    /// Whether a step asks if a stretch stands at the start of the whole text.
    let asksForStart: Bool
    let model: any TokenModel
    let decoders: [any Decoder]?
    let framing: Framing
    /// How offsets are narrowed.
    let offsetTrims: [OffsetTrim]
    /// Texts up to this many bytes keep every offset in 32 bits.
    let textLimit: Int
    let encoders = EncoderPool()
    private let seams = Mutex<TextSeams??>(nil)

    /// An end of a text.
    package enum Side: String, Sendable { case left, right }

    /// Reads a model's folder, or a tokenizer's file with the settings beside it.
    /// - Throws: `TokenizerError` naming the file and the key.
    package convenience init(path: String) throws(TokenizerError) {
        try self.init(readTokenizerFile(path))
    }

    /// Reads the content of a tokenizer.json, and of a tokenizer_config.json if given; `name` stands
    /// for the path in errors.
    package convenience init(
        json: [UInt8], config: [UInt8]? = nil, name: String
    ) throws(TokenizerError) {
        let settings =
            if let config {
                try TokenizerSettings(readJSON(config, name: name))
            } else {
                TokenizerSettings()
            }
        try self.init(
            TokenizerFile(document: readJSON(json, name: name), settings: settings))
    }

    init(_ read: TokenizerFile) throws(TokenizerError) {
        let (document, settings) = (read.document, read.settings)
        let file = document.name
        path = file
        let root = FilePart(root: document.root)
        guard root.value.kind == .object else { throw root.mismatch("an object") }
        if let version = root.optional("version"), try version.string() != "1.0" {
            throw version.unsupported("version \(try version.string())", supported: "1.0")
        }

        normalizers =
            if let part = root.optional("normalizer") { try readNormalizers(part) } else { [] }
        let modelPart = try root.member("model")
        var steps: [any PreTokenizer] = []
        var spellsBytes = false
        if let part = root.optional("pre_tokenizer") {
            (steps, spellsBytes) = try readPreTokenizers(
                part, isBPE: modelType(modelPart) == BPE.type)
        }
        preTokenizers = steps.filter { $0.cuts }
        asksForStart = steps.contains { ($0 as? Metaspace)?.scheme == .first }
        let model: any TokenModel =
            if let known = read.model { known } else {
                try readModel(modelPart, spellsBytes: spellsBytes)
            }
        self.model = model
        let added = try AddedTokens(
            root.optional("added_tokens"), model: model, normalizers: normalizers)
        self.added = added
        decoders = if let part = root.optional("decoder") { try readDecoders(part) } else { nil }
        vocabularySize = max(model.idEnd, (added.tokens.keys.max() ?? -1) + 1)
        textLimit =
            Int(Int32.max)
            / (normalizers.map(\.growth) + steps.map(\.growth)).reduce(1) { min($0 * $1, 1 << 16) }

        func id(_ token: FilePart?) throws(TokenizerError) -> Int32? {
            guard let token else { return nil }
            let content = try token.bytes()
            guard
                let id = added.idOf[content]
                    ?? content.withUnsafeBytes({ model.vocabulary.id(of: $0) })
            else {
                throw token.contradiction(
                    "\(quoted(String(decoding: content, as: UTF8.self))) is not a token of \(file)")
            }
            return Int32(id)
        }
        bosID = try id(settings.bos)
        eosID = try id(settings.eos)
        padID = try id(settings.pad)
        namedTokens = settings.tokens
        chatTemplates = settings.chatTemplates
        modelMaxLength = settings.maxLength
        paddingSide = settings.paddingSide
        truncationSide = settings.truncationSide

        offsetTrims = try root.optional("post_processor").map(readOffsetTrims) ?? []
        if let part = root.optional("post_processor") {
            framing = try readFraming(part) { id in
                added.tokens[id] != nil || model.vocabulary.bytes(of: id) != nil
            }
        } else {
            // Without a post-processor the flags of tokenizer_config.json say what stands around a text.
            framing = Framing(
                bos: settings.addsBOS ? bosID : nil, eos: settings.addsEOS ? eosID : nil)
        }
    }

    /// A copy with other added tokens.
    fileprivate init(_ other: Tokenizer, added: AddedTokens) {
        path = other.path
        vocabularySize = max(other.vocabularySize, (added.tokens.keys.max() ?? -1) + 1)
        (bosID, eosID, padID) = (other.bosID, other.eosID, other.padID)
        modelMaxLength = other.modelMaxLength
        (paddingSide, truncationSide) = (other.paddingSide, other.truncationSide)
        namedTokens = other.namedTokens
        chatTemplates = other.chatTemplates
        self.added = added
        normalizers = other.normalizers
        preTokenizers = other.preTokenizers
        asksForStart = other.asksForStart
        model = other.model
        decoders = other.decoders
        framing = other.framing
        offsetTrims = other.offsetTrims
        textLimit = other.textLimit
    }

    /// Where texts can be taken apart; made when first asked for, nil if nowhere.
    var textSeams: TextSeams? {
        seams.withLock { known in
            if let known { return known }
            let made = TextSeams(self)
            known = .some(made)
            return made
        }
    }

    /// The id of a token by its text, as it stands in the file.
    package func tokenToID(_ token: String) -> Int32? {
        let bytes = Array(token.utf8)
        let id = added.idOf[bytes] ?? bytes.withUnsafeBytes { model.vocabulary.id(of: $0) }
        return id.map { Int32($0) }
    }

    /// The id of a token that the files name, such as `cls_token`.
    package func namedID(_ name: some StringProtocol) -> Int32? {
        namedTokens[String(name)].flatMap { tokenToID($0) }
    }

    /// The text of a token that the files name, such as `mask_token`.
    package func namedToken(_ name: String) -> String? { namedTokens[name] }

    /// The text of a token, as it stands in the file; nil for an id that nothing has.
    package func idToToken(_ id: Int32) -> String? {
        if let token = added.tokens[Int(id)] {
            return String(decoding: token.content, as: UTF8.self)
        }
        return model.vocabulary.bytes(of: Int(id)).map { String(decoding: $0, as: UTF8.self) }
    }
}

extension Tokenizer {
    /// The same with further added tokens, and how many of them are new. As in the reference, a token
    /// that is in the vocabulary keeps its id, and one that is not special is looked for in normalized
    /// text.
    package func adding(
        _ tokens: [String], special: Bool
    ) throws(TokenizerError) -> (Tokenizer, Int) {
        let (added, count) = try added.adding(
            tokens, special: special, model: model, normalizers: normalizers, path: path)
        return (Tokenizer(self, added: added), count)
    }
}

/// Parses bytes in memory.
func readJSON(_ bytes: [UInt8], name: String) throws(TokenizerError) -> JSONDocument {
    do { return try JSONDocument(bytes, name: name) } catch { throw .json(error.report) }
}

/// Parses a file.
func readJSON(_ path: String) throws(TokenizerError) -> JSONDocument {
    do {
        return try JSONDocument(file: path)
    } catch .file(let error) {
        throw .file(error)
    } catch {
        throw .json(error.report)
    }
}
