// A trie over the bytes of tokens: the tokens that a text goes on with at some place are found in one walk.

/// The tokens of a vocabulary by their bytes. Edges lie in one table of open addressing.
final class Trie: Sendable {
    static let root: UInt32 = 0
    static let none = UInt32.max

    /// (node << 8 | byte) + 1 in the upper half, the child in the lower; 0 where empty.
    private let edges: Table<UInt64>
    private let mask: Int
    private let shift: UInt64
    /// The root's children, without a look into the table.
    private let first: Table<UInt32>
    /// The id of the token that ends at a node, or -1.
    private let ids: Table<Int32>

    /// For the tokens of ids below `count`; of equal tokens the last counts.
    init(count: Int, _ token: (Int) -> Bytes?) {
        var size = 1 << 10
        var slots = [UInt64](repeating: 0, count: size)
        var ends: [Int32] = [-1]
        func place(_ key: UInt64, _ size: Int) -> Int {
            Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (size - 1)
        }
        func child(_ node: UInt32, _ byte: UInt8) -> UInt32 {
            let key = (UInt64(node) << 8 | UInt64(byte)) + 1
            var at = place(key, size)
            while slots[at] != 0 {
                if slots[at] >> 24 == key { return UInt32(slots[at] & 0xFF_FFFF) }
                at = (at + 1) & (size - 1)
            }
            let new = UInt32(ends.count)
            slots[at] = key << 24 | UInt64(new)
            ends.append(-1)
            if ends.count * 2 > size {
                let old = slots
                size *= 2
                slots = [UInt64](repeating: 0, count: size)
                for slot in old where slot != 0 {
                    var at = place(slot >> 24, size)
                    while slots[at] != 0 { at = (at + 1) & (size - 1) }
                    slots[at] = slot
                }
            }
            return new
        }
        for id in 0..<count {
            guard let bytes = token(id), !bytes.isEmpty else { continue }
            var node = Self.root
            for byte in bytes { node = child(node, byte) }
            ends[Int(node)] = Int32(truncatingIfNeeded: id)
        }
        edges = Table(count: size, repeating: 0)
        for (at, slot) in slots.enumerated() where slot != 0 { edges.base[at] = slot }
        mask = size - 1
        shift = 32
        ids = Table(count: ends.count, repeating: -1)
        for (node, id) in ends.enumerated() { ids.base[node] = id }
        first = Table(count: 256, repeating: Self.none)
        for byte in 0..<256 { first.base[byte] = look(Self.root, UInt8(byte)) }
    }

    @inline(__always)
    private func look(_ node: UInt32, _ byte: UInt8) -> UInt32 {
        let key = (UInt64(node) << 8 | UInt64(byte)) + 1
        var at = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift) & mask
        while true {
            let slot = edges.base[at]
            if slot >> 24 == key { return UInt32(slot & 0xFF_FFFF) }
            if slot == 0 { return Self.none }
            at = (at &+ 1) & mask
        }
    }

    /// The node behind a node and a byte, or `none`.
    @inline(__always)
    func step(_ node: UInt32, _ byte: UInt8) -> UInt32 {
        node == Self.root ? first.base[Int(byte)] : look(node, byte)
    }

    /// The token that ends at a node, or -1.
    @inline(__always)
    func id(at node: UInt32) -> Int32 { ids.base[Int(node)] }

    /// The node that a string leads to, or `none`.
    func node(of bytes: [UInt8]) -> UInt32 {
        var node = Self.root
        for byte in bytes {
            node = step(node, byte)
            if node == Self.none { return node }
        }
        return node
    }
}

/// Nodes are numbered in 24 bits.
func checkTrieSize(_ bytes: Int, _ part: FilePart) throws(TokenizerError) {
    guard bytes < 1 << 24 else {
        throw part.unsupported("a vocabulary of \(bytes) bytes", supported: "less than \(1 << 24)")
    }
}
