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
                return mappedRows(others.count) { row in
                    validity?[row] ?? true ? tables.number(of: others.bytes(row)) : -1
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
    private static let bits = 6

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
        var total = 0
        for part in 0..<parts {
            var size = 4
            while size < (bounds[part + 1] - bounds[part]) * 2 { size *= 2 }
            starts[part] = total
            masks[part] = size - 1
            total += size
        }
        let slots = Scratch<Slot>(total)
        overParts(parts, workers: Cores.workers(for: rows.count)) { part in
            let own = slots.base + starts.base[part]
            let mask = masks.base[part]
            own.update(repeating: Slot(hash: 0, number: -1), count: mask + 1)
            for at in bounds[part]..<bounds[part + 1] {
                var place = Int(truncatingIfNeeded: dealt.base[at].hash) & mask
                while own[place].number >= 0 { place = (place + 1) & mask }
                own[place] = dealt.base[at]
            }
        }
        self.texts = texts
        self.rows = rows
        self.starts = starts
        self.masks = masks
        self.slots = slots
    }

    @inline(__always)
    func number(of text: UnsafeRawBufferPointer) -> Int32 {
        let hash = hashed(text)
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
