// Models spell pieces with tokens. One file a kind (with helpers of its own); adding one is that file
// and one line here.

/// A vocabulary and the way pieces are spelled with it; read by every thread.
protocol TokenModel: Sendable {
    /// The model's `type` in a tokenizer file.
    static var type: String { get }

    /// Reads the `model` section. `spellsBytes` says that the vocabulary is in the byte alphabet.
    init(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError)

    /// The tokens by id, as they stand in the file.
    var vocabulary: ByteDictionary { get }
    /// How many tokens the file's vocabulary has.
    var tokenCount: Int { get }
    /// One more than the largest id.
    var idEnd: Int { get }

    /// A speller with working memory of its own, for one thread at a time.
    func makeSpeller() -> any PieceSpeller
}

/// One thread's working state for a model.
protocol PieceSpeller: AnyObject {
    /// Appends the tokens of all pieces in order.
    func spell(_ pieces: borrowing Pieces, into ids: inout Scratch<Int32>)
    /// How many characters had no token since the last call.
    func takeUnknownCount() -> Int
    /// Gives memory back that one huge text has left behind.
    func trim(above limit: Int)
}

/// The kinds that are known.
let modelKinds: [any TokenModel.Type] = [
    BPE.self,
    Unigram.self,
    WordLevel.self,
    WordPiece.self,
]

/// The name of a model's kind; older files leave it out, and then what is there tells.
func modelType(_ part: FilePart) throws(TokenizerError) -> String {
    if let type = part.optional("type") { return try type.string() }
    if part.optional("merges") != nil { return BPE.type }
    if part.optional("continuing_subword_prefix") != nil { return WordPiece.type }
    if part.optional("vocab")?.value.kind == .array { return Unigram.type }
    guard part.optional("unk_token") != nil, part.optional("vocab") != nil else {
        throw .missingKey(key: part.key + ".type", place: part.place)
    }
    return WordLevel.type
}

func readModel(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError) -> any TokenModel {
    let name = try modelType(part)
    for kind in modelKinds where kind.type == name {
        return try kind.init(part, spellsBytes: spellsBytes)
    }
    throw (part.optional("type") ?? part).unknown("model", name, known: modelKinds.map { $0.type })
}
