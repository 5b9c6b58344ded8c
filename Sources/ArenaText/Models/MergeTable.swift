// The merges of a BPE model: compact tables from (left id, right id) to rank and the token each makes.

import CArenaText

/// Which pairs of tokens merge, in which order, to what.
final class MergeTable: Sendable {
    private let rows: Table<UInt64>
    private let slots: Table<UInt64>
    /// The token that the merge of a rank makes.
    let merged: Table<UInt32>
    nonisolated(unsafe) let pairs: arena_bpe_pairs

    /// Merges in the order of a list, of ids below `idEnd`; of the same pair the last one counts.
    init(_ list: MergeList, idEnd: Int) {
        let (merged, operands, count) = (list.merged, list.operands, list.count)
        let rows = Table<UInt64>(count: max(1, idEnd), repeating: 0)
        for rank in 0..<count { rows.base[Int(operands.base[rank] >> 32)] += 1 }
        var used: UInt64 = 0
        for left in 0..<idEnd where rows.base[left] > 0 {
            var bits: UInt64 = 1
            while 3 << bits < rows.base[left] * 4 { bits += 1 }
            rows.base[left] = used << 8 | bits
            used += 1 << bits
        }
        let slots = Table<UInt64>(count: max(1, Int(used)), repeating: .max)
        for rank in 0..<count {
            let pair = operands.base[rank]
            let right = UInt32(truncatingIfNeeded: pair)
            let row = rows.base[Int(pair >> 32)]
            let start = Int(row >> 8)
            let mask = 1 << Int(row & 0xFF) - 1
            var at = Int(arena_bpe_slot(right, UInt32(row & 0xFF)))
            while slots.base[start + at] != .max, slots.base[start + at] >> 43 != UInt64(right) {
                at = (at + 1) & mask
            }
            slots.base[start + at] =
                UInt64(right) << 43 | UInt64(rank) << 21 | UInt64(merged.base[rank])
        }
        self.rows = rows
        self.slots = slots
        self.merged = merged
        // SAFETY: the pointers belong to tables that live as long as this object.
        pairs = arena_bpe_pairs(rows: rows.base, slots: slots.base, merged: merged.base)
    }

    /// The rank of a pair, or `UInt32.max`.
    func rank(of left: UInt32, _ right: UInt32) -> UInt32 {
        withUnsafePointer(to: pairs) { arena_bpe_rank($0, left, right) }
    }

    /// The slot of every pair of bytes.
    func bytePairs(_ symbols: SymbolTable) -> Table<UInt64> {
        let table = Table<UInt64>(count: 1 << 16, repeating: .max)
        withUnsafePointer(to: pairs) { pairs in
            for left in 0..<256 {
                for right in 0..<256 {
                    table.base[left << 8 | right] = arena_bpe_find(
                        pairs, symbols.byteIDs.base[left], symbols.byteIDs.base[right])
                }
            }
        }
        return table
    }
}
