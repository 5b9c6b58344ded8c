// The pairs of tokens that make a token: the merges of vocabularies that do not list them (tekken,
// SentencePiece).

import CArenaText

/// Finds every way to cut tokens in two tokens, a batch of them at a time.
struct TokenSplits: ~Copyable {
    /// One way: the two tokens, and how many bytes the left one has.
    struct Split {
        let left: UInt32
        let right: UInt32
        let leftBytes: Int
    }

    private var tables: arena_dictionary
    private var strings = Scratch<arena_string>(capacity: 1024)
    private var found = Scratch<UInt32>(capacity: 1024)

    /// Finds the parts in this dictionary, which must live as long.
    init(_ dictionary: ByteDictionary) { tables = dictionary.tables }

    /// Calls `body` with each of `ids` and its splits, from the shortest left token on. `cuts` says whether
    /// a token may be cut before a byte of it.
    mutating func forEach(
        of ids: some Sequence<Int>, in dictionary: ByteDictionary,
        cuts: (UInt8) -> Bool = { _ in true }, _ body: (Int, [Split]) -> Void
    ) {
        var batch: [Int] = []
        for id in ids {
            guard let token = dictionary.bytes(of: id), let p = token.baseAddress else { continue }
            batch.append(id)
            for i in stride(from: 1, to: token.count, by: 1) where cuts(p[i]) {
                strings.append(arena_string(text: p, count: UInt64(i)))
                strings.append(arena_string(text: p + i, count: UInt64(token.count - i)))
            }
            if strings.count > 900 { finish(&batch, dictionary, cuts, body) }
        }
        finish(&batch, dictionary, cuts, body)
    }

    private mutating func finish(
        _ batch: inout [Int], _ dictionary: ByteDictionary, _ cuts: (UInt8) -> Bool,
        _ body: (Int, [Split]) -> Void
    ) {
        found.reserve(strings.count)
        arena_dictionary_find(&tables, strings.base, UInt64(strings.count), found.base)
        var at = 0
        var splits: [Split] = []
        for id in batch {
            guard let token = dictionary.bytes(of: id), let p = token.baseAddress else { continue }
            splits.removeAll(keepingCapacity: true)
            for i in stride(from: 1, to: token.count, by: 1) where cuts(p[i]) {
                let (left, right) = (found.base[at], found.base[at + 1])
                at += 2
                if left != SymbolTable.none, right != SymbolTable.none {
                    splits.append(Split(left: left, right: right, leftBytes: i))
                }
            }
            body(id, splits)
        }
        strings.count = 0
        batch.removeAll(keepingCapacity: true)
    }
}
