// `BPE`: byte-pair encoding, over bytes (GPT-2, Llama 3, Qwen2) or over scalars with bytes to fall back
// on (SentencePiece's kind: Llama 2, Mistral, Gemma). This file reads the section of the tokenizer file
// and builds the tables; BPESpeller.swift uses them.

import ArenaCore
import CArenaText

final class BPE: TokenModel {
    static let type = "BPE"

    let vocabulary: ByteDictionary
    let tokenCount: Int
    let idEnd: Int
    let spellsBytes: Bool
    let ignoreMerges: Bool
    let fuseUnknown: Bool
    let unknownID: UInt32?
    let merges: MergeTable
    /// The vocabulary in the texts' own bytes, where whole pieces are looked up first.
    let wholePieces: ByteDictionary?
    let symbols: SymbolTable
    /// What pairs of bytes merge into, where pieces are spelled from bytes.
    let bytePairs: Table<UInt64>?
    /// Where pieces can be taken apart.
    let seams: SeamTable?
    private let longTokens: LongTokens
    /// All of it as bpe.c reads it; valid as long as this object.
    nonisolated(unsafe) let tables: arena_bpe_model

    init(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError) {
        try Self.refuseUnsupported(part)
        self.spellsBytes = spellsBytes
        ignoreMerges = try part.flag("ignore_merges", or: false)
        fuseUnknown = try part.flag("fuse_unk", or: false)

        let (vocabulary, count) = try readVocabulary(part.member("vocab"))
        self.vocabulary = vocabulary.dictionary
        tokenCount = count
        idEnd = vocabulary.idEnd
        merges = try MergeTable(
            part.member("merges"), vocabulary: vocabulary.dictionary, idEnd: idEnd)

        symbols = SymbolTable(
            vocabulary: vocabulary.dictionary, idEnd: idEnd, spellsBytes: spellsBytes,
            fallsBack: try part.flag("byte_fallback", or: false))
        unknownID = try Self.readUnknown(part, vocabulary.dictionary, symbols)
        let pieces =
            spellsBytes
            ? byteForm(of: vocabulary.dictionary, idEnd: idEnd, entries: count)
            : vocabulary.dictionary
        wholePieces = ignoreMerges ? pieces : nil
        bytePairs = spellsBytes && symbols.isComplete ? merges.bytePairs(symbols) : nil
        seams = Self.makeSeams(merges, pieces, symbols, unknownID)
        if bytePairs != nil { symbols.joinScalars(pieces, merges, count: idEnd) }
        longTokens = LongTokens(wholePieces, idEnd)
        tables = Self.makeTables(
            merges, symbols, bytePairs, wholePieces, longTokens, seams, unknownID, fuseUnknown)
    }

    private static func makeTables(
        _ merges: MergeTable, _ symbols: SymbolTable, _ bytePairs: Table<UInt64>?,
        _ wholePieces: ByteDictionary?, _ longTokens: LongTokens, _ seams: SeamTable?,
        _ unknownID: UInt32?,
        _ fuseUnknown: Bool
    ) -> arena_bpe_model {
        var tables = arena_bpe_model()
        tables.pairs = merges.pairs
        tables.byte_ids = UnsafePointer(symbols.byteIDs.base)
        tables.byte_pairs = bytePairs.map { UnsafePointer($0.base) }
        tables.fallback_ids = UnsafePointer(symbols.fallbackIDs.base)
        tables.alphabet = UnsafePointer(ByteAlphabet.shared.scalars.base)
        tables.page_of = UnsafePointer(symbols.pageOf.base)
        tables.pages = UnsafePointer(symbols.pages.base)
        if let whole = wholePieces?.tables {
            tables.dictionary_slots = whole.slots
            tables.dictionary_mask = whole.mask
            tables.dictionary_spans = whole.spans
            tables.dictionary_text = whole.text
            tables.dictionary_long = UnsafePointer(longTokens.hashes.base)
            tables.dictionary_longest = UInt64(longTokens.longest)
        }
        if let seams {
            tables.seams = seams.seams
            tables.holds_unknown = seams.holdsUnknown
        }
        tables.unknown_id = unknownID ?? SymbolTable.none
        tables.spells_bytes = symbols.spellsBytes
        tables.falls_back = symbols.fallsBack
        tables.fuses_unknown = fuseUnknown
        return tables
    }

    /// Seams, where every symbol stands for the text it is named after.
    private static func makeSeams(
        _ merges: MergeTable, _ pieces: ByteDictionary, _ symbols: SymbolTable, _ unknownID: UInt32?
    ) -> SeamTable? {
        if symbols.spellsBytes {
            guard symbols.isComplete else { return nil }
            return SeamTable(merges: merges, holdsUnknown: false) { pieces.bytes(of: $0) }
        }
        // Merges of tokens such as `<0x41>` or the unknown one join what is not in the text.
        let strange = symbols.fallbackTokens.union(unknownID.map { [$0] } ?? [])
        for rank in 0..<merges.count where merges.operands.base[rank] != .max {
            let pair = merges.operands.base[rank]
            if strange.contains(UInt32(pair >> 32)) || strange.contains(UInt32(pair & 0xFFFF_FFFF))
            {
                return nil
            }
        }
        return SeamTable(merges: merges, holdsUnknown: !symbols.isComplete) { pieces.bytes(of: $0) }
    }

    func makeSpeller() -> any PieceSpeller { BPESpeller(self) }

    private static func refuseUnsupported(_ part: FilePart) throws(TokenizerError) {
        if let dropout = part.optional("dropout"), dropout.value.double != 0 {
            throw dropout.unsupported("dropout", supported: "null: ids must not depend on chance")
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let affix = part.optional(name), try !affix.bytes().isEmpty {
                throw affix.unsupported(
                    "'\(try affix.string())'", supported: "null or an empty string")
            }
        }
    }

    /// The unknown token; one that could be needed and is not in the vocabulary is an error.
    private static func readUnknown(
        _ part: FilePart, _ vocabulary: ByteDictionary, _ symbols: SymbolTable
    ) throws(TokenizerError) -> UInt32? {
        guard let unknown = part.optional("unk_token") else { return nil }
        let name = try unknown.bytes()
        if let id = name.withUnsafeBytes({ vocabulary.id(of: $0) }) { return UInt32(id) }
        guard symbols.isComplete else {
            throw unknown.contradiction("'\(try unknown.string())' is not in model.vocab")
        }
        return nil
    }
}

/// What tells that a long piece is no token without looking it up.
private struct LongTokens: Sendable {
    /// The hashes of tokens over 15 bytes, as single bits.
    let hashes = Table<UInt64>(count: (1 << 16) / 64, repeating: 0)
    let longest: Int

    init(_ dictionary: ByteDictionary?, _ idEnd: Int) {
        var longest = 0
        for id in 0..<(dictionary == nil ? 0 : idEnd) {
            guard let token = dictionary?.bytes(of: id), token.count > 15 else { continue }
            longest = max(longest, token.count)
            let bit = Int(hash(UnsafeRawBufferPointer(token)) >> 48)
            hashes.base[bit >> 6] |= 1 << UInt64(bit & 63)
        }
        self.longest = longest
    }
}

/// Reads a `{"token": id}` object.
func readVocabulary(
    _ part: FilePart
) throws(TokenizerError) -> (vocabulary: (dictionary: ByteDictionary, idEnd: Int), count: Int) {
    guard part.value.kind == .object else { throw part.mismatch("an object") }
    var end = 0
    var bytes = 0
    func entry(_ token: JSONValue, _ id: JSONValue) -> FilePart {
        FilePart(id, key: "\(part.key)[\(quoted(token.string ?? ""))]")
    }
    try part.value.forEachMember { (token, value) throws(TokenizerError) in
        guard let id = value.int, id >= 0, id < idLimit else {
            _ = try entry(token, value).id()
            return
        }
        end = max(end, id + 1)
        bytes += token.withStringBytes { $0.count } ?? 0
    }
    let count = part.value.count
    let dictionary = ByteDictionary(ids: end, entries: count, bytes: bytes)
    try part.value.forEachMember { (token, value) throws(TokenizerError) in
        guard let id = value.int else { return }
        let insertion = token.withStringBytes { dictionary.insert($0, id: id) }
        switch insertion {
        case .sameBytes(let other):
            throw entry(token, value).contradiction(
                "the token is there twice, with the ids \(other) and \(id)")
        case .sameID:
            let other = dictionary.bytes(of: id).map { String(decoding: $0, as: UTF8.self) } ?? ""
            throw entry(token, value).contradiction("the id \(id) is also that of \(quoted(other))")
        case .done, nil: break
        }
    }
    return ((dictionary, end), count)
}

/// The vocabulary with tokens of the byte alphabet read back to bytes; others cannot occur in text.
private func byteForm(of vocabulary: ByteDictionary, idEnd: Int, entries: Int) -> ByteDictionary {
    // No token is longer in bytes than in the characters that stand for them.
    let result = ByteDictionary(ids: idEnd, entries: entries, bytes: vocabulary.byteCount)
    var bytes = Scratch<UInt8>(capacity: 1024)
    for id in 0..<idEnd {
        guard let token = vocabulary.bytes(of: id) else { continue }
        bytes.count = 0
        if ByteAlphabet.shared.appendBytes(of: token, to: &bytes) {
            _ = result.insert(UnsafeRawBufferPointer(bytes.contents), id: id)
        }
    }
    return result
}

/// A token as it is shown in messages.
func quoted(_ text: String) -> String {
    "'" + (text.utf8.count > 80 ? String(text.prefix(60)) + "..." : text) + "'"
}
