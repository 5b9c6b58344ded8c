// The merges of a BPE model: compact tables from (left id, right id) to rank and the token each makes.

import ArenaCore
import CArenaText

/// Which pairs of tokens merge, in which order, to what.
final class MergeTable: Sendable {
    private let rows: Table<UInt64>
    private let slots: Table<UInt64>
    /// The token that the merge of a rank makes.
    let merged: Table<UInt32>
    /// The operands by rank: left << 32 | right; all ones where a later merge of the same pair counts.
    let operands: Table<UInt64>
    let count: Int
    nonisolated(unsafe) let pairs: arena_bpe_pairs

    /// Ranks stay below this: 22 bits in the table.
    static let limit = (1 << 22) - 1

    /// Reads merges given as "left right" or as ["left", "right"].
    init(_ part: FilePart, vocabulary: ByteDictionary, idEnd: Int) throws(TokenizerError) {
        guard part.value.kind == .array else { throw part.mismatch("an array") }
        let total = part.value.count
        guard total < Self.limit else {
            throw part.unsupported("\(total) merges", supported: "fewer than \(Self.limit)")
        }
        let merged = Table<UInt32>(count: max(1, total), repeating: 0)
        let operands = Table<UInt64>(count: max(1, total), repeating: .max)
        let rows = Table<UInt64>(count: max(1, idEnd), repeating: 0)
        var reader = MergeReader(vocabulary: vocabulary)
        var rank = 0
        try part.value.forEachElement { (index, element) throws(TokenizerError) in
            guard let (left, right, whole) = try reader.read(element, part, index) else { return }
            merged.base[rank] = UInt32(whole)
            operands.base[rank] = UInt64(left) << 32 | UInt64(right)
            rows.base[left] += 1
            rank += 1
        }
        var used: UInt64 = 0
        for left in 0..<idEnd where rows.base[left] > 0 {
            var bits: UInt64 = 1
            while 3 << bits < rows.base[left] * 4 { bits += 1 }
            rows.base[left] = used << 8 | bits
            used += 1 << bits
        }
        let slots = Table<UInt64>(count: max(1, Int(used)), repeating: .max)
        for rank in 0..<rank {
            let pair = operands.base[rank]
            let right = UInt32(truncatingIfNeeded: pair)
            let row = rows.base[Int(pair >> 32)]
            let start = Int(row >> 8)
            let mask = 1 << Int(row & 0xFF) - 1
            var at = Int(arena_bpe_slot(right, UInt32(row & 0xFF)))
            while slots.base[start + at] != .max, slots.base[start + at] >> 43 != UInt64(right) {
                at = (at + 1) & mask
            }
            let old = slots.base[start + at]
            if old != .max { operands.base[Int(arena_bpe_slot_rank(old))] = .max }
            slots.base[start + at] =
                UInt64(right) << 43 | UInt64(rank) << 21 | UInt64(merged.base[rank])
        }
        self.rows = rows
        self.slots = slots
        self.merged = merged
        self.operands = operands
        count = rank
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

/// Looks up the operands of merges and what they make.
private struct MergeReader: ~Copyable {
    let vocabulary: ByteDictionary
    var whole = Scratch<UInt8>(capacity: 1024)

    /// The ids of one merge and of what it makes; nil for a comment line.
    mutating func read(
        _ element: JSONValue, _ part: FilePart, _ index: Int
    ) throws(TokenizerError) -> (left: Int, right: Int, whole: Int)? {
        if element.kind == .string { return try readLine(element, part, index) }
        guard element.kind == .array, element.count == 2 else {
            throw part.element(index, element).mismatch("\"left right\" or [\"left\", \"right\"]")
        }
        whole.count = 0
        var split = 0
        try element.forEachElement { (side, token) throws(TokenizerError) in
            guard
                token.withStringBytes({ whole.append($0.assumingMemoryBound(to: UInt8.self)) })
                    != nil
            else { throw part.element(index, element).element(side, token).mismatch("a string") }
            if side == 0 { split = whole.count }
        }
        return try lookUp(split, element, part, index)
    }

    private mutating func readLine(
        _ element: JSONValue, _ part: FilePart, _ index: Int
    ) throws(TokenizerError) -> (left: Int, right: Int, whole: Int)? {
        whole.count = 0
        var spaces = 0
        var split = 0
        _ = element.withStringBytes { line in
            var rest = line.assumingMemoryBound(to: UInt8.self)[...]
            while let space = rest.firstIndex(of: UInt8(ascii: " ")) {
                whole.append(Bytes(rebasing: rest[..<space]))
                split = whole.count
                spaces += 1
                rest = rest[(space + 1)...]
            }
            whole.append(Bytes(rebasing: rest))
        }
        if spaces != 1 || whole.base[0] == UInt8(ascii: "#") {
            let line = element.string ?? ""
            if line.hasPrefix("#version") { return nil }
            guard spaces == 1 else {
                throw part.element(index, element).contradiction(
                    "\(quoted(line)) is not two tokens with one space between")
            }
        }
        return try lookUp(split, element, part, index)
    }

    private func lookUp(
        _ split: Int, _ element: JSONValue, _ part: FilePart, _ index: Int
    ) throws(TokenizerError) -> (left: Int, right: Int, whole: Int) {
        let all = UnsafeRawBufferPointer(whole.contents)
        let left = UnsafeRawBufferPointer(rebasing: all[..<split])
        let right = UnsafeRawBufferPointer(rebasing: all[split...])
        guard let leftID = vocabulary.id(of: left) else { throw stranger(left) }
        guard let rightID = vocabulary.id(of: right) else { throw stranger(right) }
        guard let id = vocabulary.id(of: all) else { throw stranger(all) }
        return (leftID, rightID, id)

        func stranger(_ token: UnsafeRawBufferPointer) -> TokenizerError {
            part.element(index, element).contradiction(
                "\(quoted(String(decoding: token, as: UTF8.self))) is not in model.vocab")
        }
    }
}
