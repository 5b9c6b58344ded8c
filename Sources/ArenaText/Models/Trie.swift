// A trie over the bytes of tokens: the tokens that a text goes on with at some place are found in one walk.
// Built breadth first from the sorted tokens, so that children lie side by side and the upper levels, which
// every walk goes through, lie together; trie.c walks.

import CArenaText
import Glibc

/// The tokens of a vocabulary by their bytes.
final class Trie: Sendable {
    static let root: UInt32 = 0
    static let none = UInt32(ARENA_BPE_NONE)

    private let nodes: Table<arena_trie_node>
    private let labels: Table<UInt8>
    private let first = Table<UInt32>(count: 256, repeating: Trie.none)
    /// The trie as C walks it; valid as long as this object.
    nonisolated(unsafe) let tables: arena_trie

    /// For the tokens of ids below `count`; of equal tokens the last counts.
    init(count: Int, _ token: (Int) -> Bytes?) {
        let tokens = sortedTokens(count, token)
        var nodes = Scratch<arena_trie_node>(capacity: 2 * tokens.count + 1)
        var labels = Scratch<UInt8>(capacity: 2 * tokens.count + 1)
        // Which tokens go through a node, and how many bytes lie before it.
        var ranges = Scratch<NodeRange>(capacity: 2 * tokens.count + 1)
        nodes.append(arena_trie_node(first: 0, count: 0, id: -1))
        labels.append(0)
        ranges.append(NodeRange(low: 0, high: UInt32(tokens.count), depth: 0))
        var at = 0
        while at < nodes.count {
            let range = ranges.base[at]
            var i = Int(range.low)
            let depth = Int(range.depth)
            while i < Int(range.high), tokens[i].bytes.count == depth {
                nodes.base[at].id = tokens[i].id
                i += 1
            }
            nodes.base[at].first = UInt32(nodes.count)
            while i < Int(range.high) {
                let byte = tokens[i].bytes[depth]
                var end = i + 1
                while end < Int(range.high), tokens[end].bytes[depth] == byte { end += 1 }
                nodes.append(arena_trie_node(first: 0, count: 0, id: -1))
                labels.append(byte)
                ranges.append(
                    NodeRange(low: UInt32(i), high: UInt32(end), depth: UInt32(depth + 1)))
                nodes.base[at].count += 1
                i = end
            }
            at += 1
        }
        self.nodes = Table(count: nodes.count, repeating: arena_trie_node())
        self.labels = Table(count: labels.count, repeating: 0)
        // SAFETY: both were made for as many.
        self.nodes.base.update(from: nodes.base, count: nodes.count)
        self.labels.base.update(from: labels.base, count: labels.count)
        let root = nodes.base[0]
        for child in Int(root.first)..<Int(root.first + root.count) {
            first.base[Int(labels.base[child])] = UInt32(child)
        }
        tables = arena_trie(nodes: self.nodes.base, labels: self.labels.base, first: first.base)
    }

    /// The node that a string leads to, or `none`.
    func node(of bytes: [UInt8]) -> UInt32 {
        var node = Self.root
        for byte in bytes {
            node = withUnsafePointer(to: tables) { arena_trie_step($0, node, byte) }
            if node == Self.none { return node }
        }
        return node
    }
}

private struct NodeRange: BitwiseCopyable {
    let low: UInt32
    let high: UInt32
    let depth: UInt32
}

private struct SortedToken {
    let bytes: Bytes
    let id: Int32
}

/// A token's first eight bytes as a number, and its id.
private struct SortKey {
    let key: UInt64
    let id: Int32
}

/// Tokens in the order of their bytes, equal ones in the order of their ids; empty ones are left out.
private func sortedTokens(_ count: Int, _ token: (Int) -> Bytes?) -> [SortedToken] {
    var keys: [SortKey] = []
    keys.reserveCapacity(count)
    for id in 0..<count {
        guard let bytes = token(id), let p = bytes.baseAddress, !bytes.isEmpty else { continue }
        var key: UInt64 = 0
        memcpy(&key, p, min(8, bytes.count))
        keys.append(SortKey(key: key.bigEndian, id: Int32(truncatingIfNeeded: id)))
    }
    // By digits of 16 bits from the last on; each pass keeps the order of the one before.
    var other = keys
    var places = [Int](repeating: 0, count: 1 << 16)
    for shift in stride(from: UInt64(0), to: 64, by: 16) {
        for i in places.indices { places[i] = 0 }
        for key in keys { places[Int(key.key >> shift & 0xFFFF)] += 1 }
        var sum = 0
        for i in places.indices {
            let here = places[i]
            places[i] = sum
            sum += here
        }
        for key in keys {
            let digit = Int(key.key >> shift & 0xFFFF)
            other[places[digit]] = key
            places[digit] += 1
        }
        swap(&keys, &other)
    }
    other = []
    var tokens: [SortedToken] = []
    tokens.reserveCapacity(keys.count)
    for key in keys {
        guard let bytes = token(Int(key.id)) else { continue }
        tokens.append(SortedToken(bytes: bytes, id: key.id))
    }
    // What the first eight bytes leave open.
    var start = 0
    while start < keys.count {
        var end = start + 1
        while end < keys.count, keys[end].key == keys[start].key { end += 1 }
        if end - start > 1 { tokens[start..<end].sort(by: isBefore) }
        start = end
    }
    return tokens
}

private func isBefore(_ a: SortedToken, _ b: SortedToken) -> Bool {
    guard let p = a.bytes.baseAddress, let q = b.bytes.baseAddress else { return false }
    let order = memcmp(p, q, min(a.bytes.count, b.bytes.count))
    if order != 0 { return order < 0 }
    return (a.bytes.count, a.id) < (b.bytes.count, b.id)
}
