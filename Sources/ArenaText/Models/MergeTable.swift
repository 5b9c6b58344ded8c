// The merges of a BPE model: a compact table from (left id, right id) to rank, and the token each makes.

import ArenaCore
import CArenaText

/// Which pairs of tokens merge, in which order, to what.
final class MergeTable: Sendable {
    private let slots: Table<UInt64>
    private let merged: Table<UInt32>
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
        var bits = 4
        while 1 << bits < total * 2 - total / 4 { bits += 1 }
        let slots = Table<UInt64>(count: 1 << bits, repeating: .max)
        let merged = Table<UInt32>(count: max(1, total), repeating: 0)
        let operands = Table<UInt64>(count: max(1, total), repeating: .max)
        let mask = 1 << bits - 1
        let shift = UInt32(64 - bits)

        var reader = MergeReader(vocabulary: vocabulary)
        var rank = 0
        try part.value.forEachElement { (index, element) throws(TokenizerError) in
            guard let (left, right, whole) = try reader.read(element, part, index) else { return }
            let key = UInt64(left) << 21 | UInt64(right)
            var at = Int(arena_bpe_slot(key, shift))
            while slots.base[at] != .max, slots.base[at] >> 22 != key { at = (at + 1) & mask }
            if slots.base[at] != .max { operands.base[Int(slots.base[at] & 0x3F_FFFF)] = .max }
            slots.base[at] = key << 22 | UInt64(rank)
            merged.base[rank] = UInt32(whole)
            operands.base[rank] = UInt64(left) << 32 | UInt64(right)
            rank += 1
        }
        self.slots = slots
        self.merged = merged
        self.operands = operands
        count = rank
        // SAFETY: the pointers belong to tables that live as long as this object.
        pairs = arena_bpe_pairs(
            slots: slots.base, mask: UInt64(mask), shift: shift, merged: merged.base)
    }

    /// The rank of a pair, or `UInt32.max`.
    func rank(of left: UInt32, _ right: UInt32) -> UInt32 {
        withUnsafePointer(to: pairs) { arena_bpe_rank($0, left, right) }
    }

    /// The rank of every pair of bytes.
    func byteRanks(_ symbols: SymbolTable) -> Table<UInt32> {
        let table = Table<UInt32>(count: 1 << 16, repeating: .max)
        for left in 0..<256 {
            for right in 0..<256 {
                table.base[left << 8 | right] = rank(
                    of: symbols.byteIDs.base[left], symbols.byteIDs.base[right])
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
