// Texts of one column looked up among those of another: a join hashes the texts it looks up but lays
// out tables only for those it looks among, one for each part of the hashes so that all cores make them.

import ArenaCore
import Glibc

extension Factor {
    /// The numbers of values for rows of another column of texts, by the numbers of this one's; -1 where
    /// no row of this column has the text.
    /// - Precondition: the factor is that of `own`.
    func numbers(
        of others: TextStorage, _ validity: Validity?, among own: TextStorage
    ) -> [Int32] {
        own.reading { own in
            others.reading { others in
                let tables = lending(firstRows) { ProbeTables(own, $0) }
                return filled(others.count) { target, rows in
                    // Hashes first, a block at a time, so that the look-ups do not wait for each other.
                    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: ProbeTables.block) {
                        hashes in
                        var start = rows.lowerBound
                        while start < rows.upperBound {
                            let end = min(start + ProbeTables.block, rows.upperBound)
                            for row in start..<end {
                                hashes[row - start] = hashed(others.bytes(row))
                            }
                            for row in start..<end {
                                let hash = hashes[row - start]
                                target[row] =
                                    tables.mayHave(hash) && validity?[row] ?? true
                                    ? tables.number(of: others.bytes(row), hash) : -1
                            }
                            start = end
                        }
                    }
                }
            }
        }
    }
}

private struct ProbeTables: Sendable {
    private struct Slot: BitwiseCopyable {
        var hash: UInt64
        var number: Int32  // -1: free
    }
    private let texts: TextReader
    private let rows: Source<Int>
    private let starts: Scratch<Int>
    private let masks: Scratch<Int>
    private let slots: Scratch<Slot>
    /// A bit for each of eight to sixteen places a value: where it is not set no value has the hash.
    private let filter: Scratch<UInt64>
    private let filterStarts: Scratch<Int>
    private static let bits = 6
    static let block = 256

    /// - Parameter rows: the row of each value, all different.
    init(_ texts: TextReader, _ rows: Source<Int>) {
        let parts = 1 << Self.bits
        let shift = UInt64(64 - Self.bits)
        let items = Scratch<Slot>(rows.count)
        overRows(rows.count) { _, range in
            for number in range {
                items.base[number] = Slot(
                    hash: hashed(texts.bytes(rows[number])), number: Int32(number))
            }
        }
        let dealt = Scratch<Slot>(rows.count)
        let bounds = distribute(items, to: dealt, digits: parts) { Int($0.hash >> shift) }
        let starts = Scratch<Int>(parts)
        let masks = Scratch<Int>(parts)
        let filterStarts = Scratch<Int>(parts)
        var total = 0
        var words = 0
        for part in 0..<parts {
            var size = 4
            while size < (bounds[part + 1] - bounds[part]) * 2 { size *= 2 }
            starts[part] = total
            masks[part] = size - 1
            filterStarts[part] = words
            total += size
            words += Self.filterWords(size - 1)
        }
        let slots = Scratch<Slot>(total)
        let filter = Scratch<UInt64>(words)
        overParts(parts, workers: Cores.workers(for: rows.count)) { part in
            let own = slots.base + starts.base[part]
            let mask = masks.base[part]
            own.update(repeating: Slot(hash: 0, number: -1), count: mask + 1)
            let set = filter.base + filterStarts.base[part]
            let filterWords = Self.filterWords(mask)
            set.update(repeating: 0, count: filterWords)
            for at in bounds[part]..<bounds[part + 1] {
                var place = Int(truncatingIfNeeded: dealt.base[at].hash) & mask
                while own[place].number >= 0 { place = (place + 1) & mask }
                own[place] = dealt.base[at]
                let bit = Self.filterBit(dealt.base[at].hash, filterWords)
                set[bit >> 6] |= 1 << UInt64(bit & 63)
            }
        }
        self.texts = texts
        self.rows = rows
        self.starts = starts
        self.masks = masks
        self.slots = slots
        self.filter = filter
        self.filterStarts = filterStarts
    }

    /// A quarter of a word for each four slots, a power of two.
    @inline(__always)
    private static func filterWords(_ mask: Int) -> Int { max(1, (mask + 1) >> 4) }

    @inline(__always)
    private static func filterBit(_ hash: UInt64, _ words: Int) -> Int {
        Int(truncatingIfNeeded: hash >> 24) & (words << 6 - 1)
    }

    /// Whether a value may have the hash; if not, none has.
    @inline(__always)
    func mayHave(_ hash: UInt64) -> Bool {
        let part = Int(hash >> UInt64(64 - Self.bits))
        let bit = Self.filterBit(hash, Self.filterWords(masks.base[part]))
        return filter.base[filterStarts.base[part] + bit >> 6] >> UInt64(bit & 63) & 1 == 1
    }

    @inline(__always)
    func number(of text: UnsafeRawBufferPointer, _ hash: UInt64) -> Int32 {
        let part = Int(hash >> UInt64(64 - Self.bits))
        let own = slots.base + starts.base[part]
        let mask = masks.base[part]
        var place = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = own[place]
            if slot.number < 0 { return -1 }
            if slot.hash == hash, isSame(texts.bytes(rows[Int(slot.number)]), text) {
                return slot.number
            }
            place = (place + 1) & mask
        }
    }

    @inline(__always)
    private func isSame(_ x: UnsafeRawBufferPointer, _ y: UnsafeRawBufferPointer) -> Bool {
        guard x.count == y.count else { return false }
        guard let p = x.baseAddress, let q = y.baseAddress else { return true }
        return p == q || memcmp(p, q, x.count) == 0
    }
}
