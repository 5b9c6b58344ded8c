// For each row the first row that has its value. Whole numbers of a small span go through tables;
// others, and text, through hash tables: each worker has one for its rows as long as the different
// values are few, and where they are many the rows are first dealt out by their hashes, so that every
// table fits the cache.

import ArenaCore
import Glibc

/// What of a row decides whether it equals another.
private protocol RowValues: Sendable {
    var count: Int { get }
    func hash(_ row: Int) -> UInt64
    func isSame(_ a: Int, _ b: Int) -> Bool
}

private struct WholeValues: RowValues {
    let values: Source<Int64>
    var count: Int { values.count }

    @inline(__always)
    func hash(_ row: Int) -> UInt64 { mix(UInt64(bitPattern: values[row])) }
    @inline(__always)
    func isSame(_ a: Int, _ b: Int) -> Bool { values[a] == values[b] }
}

private struct TextValues: RowValues {
    let texts: TextReader
    var count: Int { texts.count }

    @inline(__always)
    func hash(_ row: Int) -> UInt64 { hashed(texts.bytes(row)) }

    @inline(__always)
    func isSame(_ a: Int, _ b: Int) -> Bool {
        let (x, y) = (texts.bytes(a), texts.bytes(b))
        guard x.count == y.count else { return false }
        guard let p = x.baseAddress, let q = y.baseAddress else { return true }
        return p == q || memcmp(p, q, x.count) == 0
    }
}

/// The first row of each row's value; -1 for a missing row.
func leaders(_ values: Source<Int64>, _ validity: Validity?) -> Scratch<Int32> {
    let count = values.count
    let workers = Cores.workers(for: count)
    let bounds = Scratch<(Int64, Int64)>(repeating: (.max, .min), count: workers)
    parallelRanges(count, workers: workers) { worker, range in
        var (low, high) = (Int64.max, Int64.min)
        for row in range where validity?[row] ?? true {
            low = min(low, values[row])
            high = max(high, values[row])
        }
        bounds.base[worker] = (low, high)
    }
    var (low, high) = (Int64.max, Int64.min)
    for worker in 0..<workers {
        low = min(low, bounds[worker].0)
        high = max(high, bounds[worker].1)
    }
    let span = high.subtractingReportingOverflow(low)
    if low <= high, !span.overflow, span.partialValue < Int64(max(count * 2, 1 << 12)) {
        return leaders(values, validity, from: low, width: Int(span.partialValue) + 1)
    }
    return leaders(WholeValues(values: values), validity)
}

/// The first row of each row's text; -1 for a missing row.
func leaders(_ texts: TextReader, _ validity: Validity?) -> Scratch<Int32> {
    leaders(TextValues(texts: texts), validity)
}

/// Numbers from `low` on by a table with a place for each.
private func leaders(
    _ values: Source<Int64>, _ validity: Validity?, from low: Int64, width: Int
) -> Scratch<Int32> {
    let count = values.count
    let workers = width > count ? 1 : Cores.workers(for: count)
    let tables = Scratch<Int32>(repeating: -1, count: width * workers)
    parallelRanges(count, workers: workers) { worker, range in
        let own = tables.base + worker * width
        for row in range where validity?[row] ?? true {
            let at = Int(values[row] - low)
            if own[at] < 0 { own[at] = Int32(row) }
        }
    }
    // The first worker that has met a value has met it first.
    if workers > 1 {
        overRows(width) { _, range in
            for at in range where tables.base[at] < 0 {
                for worker in 1..<workers where tables.base[worker * width + at] >= 0 {
                    tables.base[at] = tables.base[worker * width + at]
                    break
                }
            }
        }
    }
    let result = Scratch<Int32>(count)
    overRows(count) { _, range in
        for row in range {
            result.base[row] =
                validity?[row] ?? true ? tables.base[Int(values[row] - low)] : -1
        }
    }
    return result
}

private func leaders(_ values: some RowValues, _ validity: Validity?) -> Scratch<Int32> {
    leadersOfFew(values, validity) ?? leadersOfMany(values, validity)
}

// MARK: - Few different values

/// With more different values than this a worker's table leaves the cache.
private let fewValues = 1 << 13

/// Nil where there are too many different values for tables of each worker's own.
private func leadersOfFew(
    _ values: some RowValues, _ validity: Validity?
) -> Scratch<Int32>? {
    let count = values.count
    let workers = Cores.workers(for: count)
    let result = Scratch<Int32>(count)
    let tables = UnsafeMutablePointer<SlotTable>.allocate(capacity: workers)
    for worker in 0..<workers { (tables + worker).initialize(to: SlotTable(limit: fewValues)) }
    defer {
        tables.deinitialize(count: workers)
        tables.deallocate()
    }
    let shared = Target(tables)
    parallelRanges(count, workers: workers) { worker, range in
        var table = shared[worker]
        defer { shared[worker] = table }
        for row in range {
            guard validity?[row] ?? true else {
                result.base[row] = -1
                continue
            }
            let leader = table.leader(of: row, values.hash(row), values)
            if leader < 0 { return }
            result.base[row] = leader
        }
    }
    if (0..<workers).contains(where: { tables[$0].isFull }) { return nil }
    if workers == 1 { return result }
    // Later workers' first rows are those of earlier workers where these have met the value.
    var all = SlotTable(limit: fewValues * workers)
    let final = Scratch<Int32>(count)
    for worker in 0..<workers {
        tables[worker].forEach { final[$0] = all.leader(of: $0, $1, values) }
    }
    parallelRanges(count, workers: workers) { worker, range in
        if worker == 0 { return }
        for row in range where result.base[row] >= 0 {
            result.base[row] = final.base[Int(result.base[row])]
        }
    }
    return result
}

/// An open-addressing table from values to the first rows that have them.
private struct SlotTable {
    private struct Slot: BitwiseCopyable {
        var hash: UInt64
        var row: Int32  // -1: free

        static let free = Slot(hash: 0, row: -1)
    }
    private let limit: Int
    private var slots = Scratch(repeating: Slot.free, count: 1024)
    private var mask = 1023
    private var used = 0
    private(set) var isFull = false

    init(limit: Int) { self.limit = limit }

    /// The first row of the row's value, itself if it is new; -1 where there is no room.
    @inline(__always)
    mutating func leader(of row: Int, _ hash: UInt64, _ values: some RowValues) -> Int32 {
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots.base[at]
            if slot.row < 0 { return add(row, hash, at) }
            if slot.hash == hash, values.isSame(Int(slot.row), row) { return slot.row }
            at = (at + 1) & mask
        }
    }

    @inline(never)
    private mutating func add(_ row: Int, _ hash: UInt64, _ at: Int) -> Int32 {
        if used >= limit {
            isFull = true
            return -1
        }
        slots.base[at] = Slot(hash: hash, row: Int32(row))
        used += 1
        if used * 2 > mask { grow() }
        return Int32(row)
    }

    private mutating func grow() {
        let old = slots
        slots = Scratch(repeating: .free, count: old.count * 4)
        mask = slots.count - 1
        for place in 0..<old.count where old[place].row >= 0 {
            var at = Int(truncatingIfNeeded: old[place].hash) & mask
            while slots[at].row >= 0 { at = (at + 1) & mask }
            slots[at] = old[place]
        }
    }

    /// Calls `body` with the first row and the hash of each value.
    func forEach(_ body: (Int, UInt64) -> Void) {
        for at in 0..<slots.count where slots[at].row >= 0 {
            body(Int(slots[at].row), slots[at].hash)
        }
    }
}

// MARK: - Many different values

private struct HashedRow: BitwiseCopyable {
    var hash: UInt64
    var row: Int32
}

/// Rows dealt out by the upper bits of their hashes, in their order; then a table for each part.
private func leadersOfMany(_ values: some RowValues, _ validity: Validity?) -> Scratch<Int32> {
    let count = values.count
    let bits = 8
    let items = Scratch<HashedRow>(count)
    let result = Scratch<Int32>(count)
    overRows(count) { _, range in
        for row in range {
            if validity?[row] ?? true {
                items.base[row] = HashedRow(hash: values.hash(row), row: Int32(row))
            } else {
                // Missing rows go into the last part and are told there by this.
                items.base[row] = HashedRow(hash: .max, row: ~Int32(row))
            }
        }
    }
    let dealt = Scratch<HashedRow>(count)
    let starts = distribute(items, to: dealt, digits: 1 << bits) {
        Int($0.hash >> UInt64(64 - bits))
    }
    overParts(1 << bits, workers: Cores.workers(for: count)) { part in
        let own = dealt.base + starts[part]
        let length = starts[part + 1] - starts[part]
        var size = 16
        while size < length * 2 { size *= 2 }
        let mask = size - 1
        let slots = Scratch<Int32>(repeating: -1, count: size)
        for at in 0..<length {
            let item = own[at]
            if item.row < 0 {
                result.base[Int(~item.row)] = -1
                continue
            }
            var place = Int(truncatingIfNeeded: item.hash) & mask
            while true {
                let found = Int(slots.base[place])
                if found < 0 {
                    slots.base[place] = Int32(at)
                    result.base[Int(item.row)] = item.row
                    break
                }
                if own[found].hash == item.hash,
                    values.isSame(Int(own[found].row), Int(item.row))
                {
                    result.base[Int(item.row)] = own[found].row
                    break
                }
                place = (place + 1) & mask
            }
        }
    }
    return result
}

// MARK: - Hashes

/// Seeded anew by each process, so that no file can be made to collide on purpose.
private let seed = UInt64.random(in: .min ... .max)

@inline(__always)
private func mix(_ value: UInt64) -> UInt64 {
    let wide = (value ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return wide.high ^ wide.low
}

/// A hash of bytes, eight at a time.
@inline(__always)
func hashed(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = seed ^ UInt64(bytes.count) &* 0xA076_1D64_78BD_642F
    var at = 0
    while at + 8 <= bytes.count {
        state = mix(state ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        at += 8
    }
    var tail: UInt64 = 0
    if at < bytes.count, bytes.count >= 8 {
        // With some bytes that were there before: the length is in it, so no two texts are taken for one.
        tail = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
    } else {
        while at < bytes.count {
            tail = tail << 8 | UInt64(bytes[at])
            at += 1
        }
    }
    return mix(state ^ tail)
}
