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

    convenience init(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError) {
        try Self.refuseUnsupported(part)
        let ignoresMerges = try part.flag("ignore_merges", or: false)
        let fusesUnknown = try part.flag("fuse_unk", or: false)
        let fallsBack = try part.flag("byte_fallback", or: false)
        let entries = try VocabularyEntries(part.member("vocab"))
        let (known, bytes) = atOnce {
            Result { () throws(TokenizerError) in try entries.dictionary() }
        } and: {
            spellsBytes ? entries.byteForm(isIndexed: ignoresMerges) : nil
        }
        let vocabulary = try known.get()
        entries.discard()
        let merges = try MergeList(part.member("merges"), vocabulary: vocabulary)
        self.init(
            vocabulary: vocabulary, tokenCount: entries.count, pieces: bytes ?? vocabulary,
            merges: merges,
            spellsBytes: spellsBytes, ignoreMerges: ignoresMerges, fallsBack: fallsBack,
            fuseUnknown: fusesUnknown, unknown: try part.optional("unk_token")?.bytes())
        if let unknown = part.optional("unk_token"), unknownID == nil, !symbols.isComplete {
            throw unknown.contradiction("'\(try unknown.string())' is not in model.vocab")
        }
    }

    /// A model of tables that are there: `pieces` is the vocabulary in the texts' own bytes.
    init(
        vocabulary: ByteDictionary, tokenCount: Int, pieces: ByteDictionary, merges: MergeList,
        spellsBytes: Bool, ignoreMerges: Bool, fallsBack: Bool = false, fuseUnknown: Bool = false,
        unknown: [UInt8]? = nil
    ) {
        self.vocabulary = vocabulary
        self.tokenCount = tokenCount
        self.spellsBytes = spellsBytes
        self.ignoreMerges = ignoreMerges
        self.fuseUnknown = fuseUnknown
        idEnd = vocabulary.idEnd
        symbols = SymbolTable(
            vocabulary: vocabulary, idEnd: idEnd, spellsBytes: spellsBytes, fallsBack: fallsBack)
        unknownID = unknown?.withUnsafeBytes { vocabulary.id(of: $0) }.map { UInt32($0) }
        wholePieces = ignoreMerges ? pieces : nil
        let (symbols, unknownID, wholePieces) = (symbols, unknownID, wholePieces)
        let end = max(idEnd, pieces.idEnd)
        let (table, (seams, longTokens)) = atOnce {
            MergeTable(merges, idEnd: end)
        } and: {
            (Self.makeSeams(merges, pieces, symbols, unknownID), LongTokens(wholePieces, end))
        }
        (self.merges, self.seams, self.longTokens) = (table, seams, longTokens)
        bytePairs = spellsBytes && symbols.isComplete ? table.bytePairs(symbols) : nil
        if bytePairs != nil { symbols.joinScalars(pieces, merges, table, count: idEnd) }
        tables = Self.makeTables(
            table, symbols, bytePairs, wholePieces, longTokens, seams, unknownID, fuseUnknown)
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
        if let whole = wholePieces?.tables { tables.dictionary = whole }
        tables.long_tokens = UnsafePointer(longTokens.hashes.base)
        tables.longest_token = UInt64(longTokens.longest)
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
        _ merges: MergeList, _ pieces: ByteDictionary, _ symbols: SymbolTable, _ unknownID: UInt32?
    ) -> SeamTable? {
        if symbols.spellsBytes {
            guard symbols.isComplete else { return nil }
            return SeamTable(merges: merges, idEnd: pieces.idEnd, holdsUnknown: false) {
                pieces.bytes(of: $0)
            }
        }
        // Merges of tokens such as `<0x41>` or the unknown one join what is not in the text.
        let strange = symbols.fallbackTokens.union(unknownID.map { [$0] } ?? [])
        for rank in 0..<merges.count {
            let pair = merges.operands.base[rank]
            if strange.contains(UInt32(pair >> 32)) || strange.contains(UInt32(pair & 0xFFFF_FFFF))
            {
                return nil
            }
        }
        return SeamTable(merges: merges, idEnd: pieces.idEnd, holdsUnknown: !symbols.isComplete) {
            pieces.bytes(of: $0)
        }
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
}

/// What tells that a long piece is no token without looking it up.
private struct LongTokens: Sendable {
    /// The hashes of tokens over 15 bytes, as single bits.
    let hashes = Table<UInt64>(count: (1 << 16) / 64, repeating: 0)
    let longest: Int

    init(_ dictionary: ByteDictionary?, _ idEnd: Int) {
        var longest = 0
        for id in 0..<(dictionary == nil ? 0 : idEnd) {
            guard let token = dictionary?.bytes(of: id) else { continue }
            longest = max(longest, token.count)
            guard token.count > 15 else { continue }
            let bit = Int(hash(UnsafeRawBufferPointer(token)) >> 48)
            hashes.base[bit >> 6] |= 1 << UInt64(bit & 63)
        }
        self.longest = longest
    }
}

/// A token as it is shown in messages.
func quoted(_ text: String) -> String {
    "'" + (text.utf8.count > 80 ? String(text.prefix(60)) + "..." : text) + "'"
}
