// `WordPiece`: a word is spelled from the left, each time with the longest token that fits; a word that
// cannot be spelled, or is too long, is the unknown token (BERT, DistilBERT, MiniLM, MPNet).

import CArenaText

final class WordPiece: TokenModel, PieceModel {
    static let type = "WordPiece"

    let vocabulary: ByteDictionary
    let tokenCount: Int
    let idEnd: Int
    private let trie: Trie
    /// Where words go on: behind the prefix of continuations.
    private let continuation: UInt32
    private let longestWord: Int
    let unknownID: Int32
    /// What tokens that go on with a word begin with.
    let prefix: [UInt8]

    init(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError) {
        let entries = try VocabularyEntries(part.member("vocab"))
        let vocabulary = try entries.dictionary()
        self.vocabulary = vocabulary
        tokenCount = entries.count
        idEnd = entries.idEnd
        prefix = try part.optional("continuing_subword_prefix")?.bytes() ?? Array("##".utf8)
        let longest = part.optional("max_input_chars_per_word")
        longestWord = longest?.value.int ?? 100
        if let longest, longest.value.int == nil || longestWord < 0 {
            throw longest.mismatch("a whole number")
        }
        unknownID = try readUnknown(part, vocabulary)
        trie = Trie(count: idEnd) { vocabulary.bytes(of: $0) }
        continuation = trie.node(of: prefix)
    }

    func makeSpeller() -> any PieceSpeller { CachedSpeller(self) }
    func makeMemory() -> Bool { true }
    func trim(_ memory: inout Bool, above limit: Int) {}

    func spell(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ memory: inout Bool,
        into out: UnsafeMutablePointer<Int32>, unknown: inout Int
    ) -> Int {
        var count = 0
        var start = 0
        if n > longestWord, characters(p, n) > longestWord { start = -1 }
        while start >= 0, start < n {
            let node = start == 0 ? Trie.root : continuation
            var end = UInt64(start)
            let best: Int32 =
                node == Trie.none
                ? -1
                : withUnsafePointer(to: trie.tables) {
                    arena_trie_longest($0, node, p, UInt64(start), UInt64(n), &end)
                }
            if best < 0 {
                start = -1
            } else {
                out[count] = best
                count += 1
                start = Int(end)
            }
        }
        if start >= 0 { return count }
        unknown += 1
        out[0] = unknownID
        return 1
    }

    private func characters(_ p: UnsafePointer<UInt8>, _ n: Int) -> Int {
        var count = 0
        for i in 0..<n where p[i] & 0xC0 != 0x80 { count += 1 }
        return count
    }
}

/// `WordLevel`: a piece is a token or the unknown one.
final class WordLevel: TokenModel, PieceModel {
    static let type = "WordLevel"

    let vocabulary: ByteDictionary
    let tokenCount: Int
    let idEnd: Int
    private let unknownID: Int32

    init(_ part: FilePart, spellsBytes: Bool) throws(TokenizerError) {
        let entries = try VocabularyEntries(part.member("vocab"))
        let vocabulary = try entries.dictionary()
        self.vocabulary = vocabulary
        tokenCount = entries.count
        idEnd = entries.idEnd
        unknownID = try readUnknown(part, vocabulary)
    }

    func makeSpeller() -> any PieceSpeller { CachedSpeller(self) }
    func makeMemory() -> Bool { true }
    func trim(_ memory: inout Bool, above limit: Int) {}

    func spell(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ memory: inout Bool,
        into out: UnsafeMutablePointer<Int32>, unknown: inout Int
    ) -> Int {
        let id = vocabulary.id(of: UnsafeRawBufferPointer(start: p, count: n))
        if id == nil { unknown += 1 }
        out[0] = id.map { Int32(truncatingIfNeeded: $0) } ?? unknownID
        return 1
    }
}

/// The unknown token, which words without a spelling become; it has to be there.
private func readUnknown(
    _ part: FilePart, _ vocabulary: ByteDictionary
) throws(TokenizerError) -> Int32 {
    let unknown = try part.member("unk_token")
    let name = try unknown.bytes()
    guard let id = name.withUnsafeBytes({ vocabulary.id(of: $0) }) else {
        throw unknown.contradiction("'\(try unknown.string())' is not in model.vocab")
    }
    return Int32(truncatingIfNeeded: id)
}
