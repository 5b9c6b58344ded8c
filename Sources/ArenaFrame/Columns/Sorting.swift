// The order of rows by their values: stable, missing rows last in either direction. Numbers go by
// radix over the bits in which they differ, text by eight bytes at a time; large columns on all cores.

import ArenaCore
import Glibc

/// The rows in the order of a column, those of equal value as they were.
/// - Parameter from: the rows in the order they are in; nil for 0, 1, 2 ...
/// - Returns: nil if values of the column's type have no order.
/// - Complexity: O(rows)
func sortedOrder(of column: Column, from: [Int]?, ascending: Bool) -> [Int]? {
    var rows = from ?? mappedRows(column.count) { $0 }
    var missing: [Int] = []
    if column.validity != nil {
        missing = rows.filter { column.isMissing($0) }
        rows.removeAll { column.isMissing($0) }
    }
    let flip: UInt64 = ascending ? 0 : .max
    switch column.storage {
    case .int64(let values), .timestamp(let values):
        lending(values) { sortRows(&rows, by: WholeBits(values: $0, flip: flip)) }
    case .float64(let values):
        lending(values) { sortRows(&rows, by: FloatBits(values: $0, flip: flip)) }
    case .float32(let values):
        lending(values) { sortRows(&rows, by: FloatBits(values: $0, flip: flip)) }
    case .bool(let values):
        lending(values) { sortRows(&rows, by: TruthBits(values: $0, flip: flip)) }
    case .categorical(let texts):
        lending(texts.codes) { sortRows(&rows, by: WholeBits(values: $0, flip: flip)) }
    case .string(let texts): texts.reading { sortTexts(&rows, $0, flip) }
    case .turns, .ints, .floats, .matrix: return nil
    }
    return missing.isEmpty ? rows : rows + missing
}

// MARK: - Values as bits

/// 64 bits for each row, in whose order the rows are put.
private protocol RowBits: Sendable {
    func bits(_ row: Int) -> UInt64
}

private struct WholeBits<T: FixedWidthInteger & Sendable>: RowBits {
    let values: Source<T>
    let flip: UInt64

    @inline(__always)
    func bits(_ row: Int) -> UInt64 {
        (UInt64(bitPattern: Int64(truncatingIfNeeded: values[row])) ^ (1 << 63)) ^ flip
    }
}

/// The zeros are equal; NaN is last in either direction.
private struct FloatBits<T: BinaryFloatingPoint & Sendable>: RowBits {
    let values: Source<T>
    let flip: UInt64

    @inline(__always)
    func bits(_ row: Int) -> UInt64 {
        let value = Double(values[row])
        if value.isNaN { return .max }
        let bits = (value == 0 ? 0.0 : value).bitPattern
        return (bits >> 63 == 1 ? ~bits : bits | (1 << 63)) ^ flip
    }
}

private struct TruthBits: RowBits {
    let values: Source<Bool>
    let flip: UInt64

    @inline(__always)
    func bits(_ row: Int) -> UInt64 { (values[row] ? 1 : 0) ^ flip }
}

/// Eight bytes of a text from an offset on, as a number in their order; zeros behind its end.
private struct TextBits: RowBits {
    let texts: TextReader
    let offset: Int
    let flip: UInt64

    @inline(__always)
    func bits(_ row: Int) -> UInt64 { prefix(texts.bytes(row), offset) ^ flip }
}

@inline(__always)
private func prefix(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    let left = bytes.count - offset
    if left >= 8 {
        return UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    if left <= 0 { return 0 }
    if bytes.count >= 8 {
        // The last eight bytes, those before the offset shifted out.
        let tail = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self)
        return UInt64(bigEndian: tail) << UInt64(64 - 8 * left)
    }
    var value: UInt64 = 0
    for at in offset..<bytes.count { value = value << 8 | UInt64(bytes[at]) }
    return value << UInt64(64 - 8 * left)
}

// MARK: - Numbers

private struct KeyedRow: BitwiseCopyable {
    var key: UInt64
    var row: Int
}

/// What the keys of some rows are like.
private struct KeyRange {
    var low = UInt64.max
    var high = UInt64.min
    var isSorted = true

    init() {}

    init(_ keys: some RowBits, _ rows: Source<Int>) {
        let workers = Cores.workers(for: rows.count)
        let parts = Scratch<KeyRange>(repeating: KeyRange(), count: workers)
        parallelRanges(rows.count, workers: workers) { worker, range in
            var own = KeyRange()
            // Each range is compared with the row before it, so that all together are sorted.
            var last = keys.bits(rows[max(0, range.lowerBound - 1)])
            for place in range {
                let key = keys.bits(rows[place])
                own.low = min(own.low, key)
                own.high = max(own.high, key)
                own.isSorted = own.isSorted && last <= key
                last = key
            }
            parts[worker] = own
        }
        for worker in 0..<parts.count {
            low = min(low, parts[worker].low)
            high = max(high, parts[worker].high)
            isSorted = isSorted && parts[worker].isSorted
        }
    }
}

/// Sorts rows by 64 bits each.
private func sortRows(_ rows: inout [Int], by keys: some RowBits) {
    let count = rows.count
    guard count > 1 else { return }
    rows =
        lending(rows) { old -> [Int]? in
            let range = KeyRange(keys, old)
            if range.isSorted { return nil }
            let span = range.high - range.low
            if span < 1 << 32, old.count < 1 << 32 {
                return sortedNarrow(old, keys, range.low, 64 - span.leadingZeroBitCount)
            }
            let (items, spare) = keyed(old, keys)
            sortWide(items, spare)
            return mappedRows(count) { items[$0].row }
        } ?? rows
}

private func keyed(
    _ rows: Source<Int>, _ keys: some RowBits
) -> (items: Scratch<KeyedRow>, spare: Scratch<KeyedRow>) {
    let items = Scratch<KeyedRow>(rows.count)
    overRows(rows.count) { _, range in
        for place in range {
            items.base[place] = KeyedRow(key: keys.bits(rows[place]), row: rows[place])
        }
    }
    return (items, Scratch<KeyedRow>(rows.count))
}

/// Keys of at most 32 bits share a word with their rows and go from the lowest bits to the highest.
private func sortedNarrow(
    _ rows: Source<Int>, _ keys: some RowBits, _ low: UInt64, _ width: Int
) -> [Int] {
    let count = rows.count
    var items = Scratch<UInt64>(count)
    var spare = Scratch<UInt64>(count)
    let first = items
    overRows(count) { _, range in
        for place in range {
            first.base[place] =
                (keys.bits(rows[place]) - low) << 32
                | UInt64(UInt32(truncatingIfNeeded: rows[place]))
        }
    }
    // Few rows do not pay for large tables.
    let most = count < 1 << 12 ? 6 : count < 1 << 16 ? 8 : 11
    let passes = (width + most - 1) / most
    var shift = 32
    for pass in 0..<passes {
        let bits = (width - (shift - 32) + passes - pass - 1) / (passes - pass)
        let (by, mask) = (UInt64(shift), 1 << bits - 1)
        distribute(items, to: spare, digits: 1 << bits) { Int($0 >> by) & mask }
        swap(&items, &spare)
        shift += bits
    }
    let sorted = items
    return mappedRows(count) { Int(sorted.base[$0] & 0xFFFF_FFFF) }
}

/// Sorts from the highest bits: one pass on all cores, then the parts by whoever is free.
private func sortWide(
    _ items: Scratch<KeyedRow>, _ spare: Scratch<KeyedRow>,
    _ ties:
        @escaping @Sendable (UnsafeMutablePointer<KeyedRow>, UnsafeMutablePointer<KeyedRow>, Int)
        -> Void = { _, _, _ in }
) {
    let count = items.count
    let first = items[0].key
    var differing: UInt64 = 0
    for at in 0..<count { differing |= items[at].key ^ first }
    guard count >= 1 << 12, differing != 0 else {
        sortPart(items.base, spare.base, count)
        forEachTie(items.base, spare.base, count, ties)
        return
    }
    let shift = UInt64(max(0, 64 - differing.leadingZeroBitCount - 11))
    let mask = 1 << 11 - 1
    let starts = distribute(items, to: spare, digits: 1 << 11) {
        Int(truncatingIfNeeded: $0.key >> shift) & mask
    }
    overParts(1 << 11, workers: Cores.workers(for: count)) { digit in
        let (from, length) = (starts[digit], starts[digit + 1] - starts[digit])
        if length == 0 { return }
        (items.base + from).update(from: spare.base + from, count: length)
        sortPart(items.base + from, spare.base + from, length)
        forEachTie(items.base + from, spare.base + from, length, ties)
    }
}

/// Sorts in place, by the highest bits that differ and then each part.
private func sortPart(
    _ items: UnsafeMutablePointer<KeyedRow>, _ spare: UnsafeMutablePointer<KeyedRow>, _ count: Int
) {
    if count <= 24 {
        guard count > 1 else { return }
        for i in 1..<count {
            let item = items[i]
            var j = i
            while j > 0, items[j - 1].key > item.key {
                items[j] = items[j - 1]
                j -= 1
            }
            items[j] = item
        }
        return
    }
    let first = items[0].key
    var differing: UInt64 = 0
    for at in 0..<count { differing |= items[at].key ^ first }
    if differing == 0 { return }
    let width = 64 - differing.leadingZeroBitCount
    let bits = min(width, max(4, min(11, 60 - count.leadingZeroBitCount)))
    let shift = UInt64(width - bits)
    let mask = 1 << bits - 1
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 1 << bits + 1) { ends in
        ends.initialize(repeating: 0)
        for at in 0..<count {
            ends[Int(truncatingIfNeeded: items[at].key >> shift) & mask + 1] += 1
        }
        for digit in 0..<1 << bits { ends[digit + 1] += ends[digit] }
        for at in 0..<count {
            let digit = Int(truncatingIfNeeded: items[at].key >> shift) & mask
            spare[ends[digit]] = items[at]
            ends[digit] += 1
        }
        items.update(from: spare, count: count)
        if shift == 0 { return }
        var from = 0
        for digit in 0..<1 << bits {
            if ends[digit] - from > 1 {
                sortPart(items + from, spare + from, ends[digit] - from)
            }
            from = ends[digit]
        }
    }
}

private func forEachTie(
    _ items: UnsafeMutablePointer<KeyedRow>, _ spare: UnsafeMutablePointer<KeyedRow>, _ count: Int,
    _ body: (UnsafeMutablePointer<KeyedRow>, UnsafeMutablePointer<KeyedRow>, Int) -> Void
) {
    var from = 0
    while from < count {
        var to = from + 1
        while to < count, items[to].key == items[from].key { to += 1 }
        if to - from > 1 { body(items + from, spare + from, to - from) }
        from = to
    }
}

// MARK: - Text

/// Sorts text by its bytes, which for UTF-8 is by code points.
private func sortTexts(_ rows: inout [Int], _ texts: TextReader, _ flip: UInt64) {
    let count = rows.count
    guard count > 1 else { return }
    var offset = 0
    rows =
        lending(rows) { old -> [Int]? in
            // What all begin with says nothing.
            var range = KeyRange(TextBits(texts: texts, offset: 0, flip: flip), old)
            while range.low == range.high {
                let end = offset + 8
                guard (0..<count).allSatisfy({ texts.length(old[$0]) > end }) else { break }
                offset = end
                range = KeyRange(TextBits(texts: texts, offset: offset, flip: flip), old)
            }
            let from = offset
            let (items, spare) = keyed(old, TextBits(texts: texts, offset: from, flip: flip))
            sortWide(items, spare) { sortTies($0, $1, $2, texts, from + 8, flip) }
            return mappedRows(count) { items[$0].row }
        } ?? rows
}

/// Sorts rows whose texts are equal before an offset, counting zeros behind the end of short ones.
private func sortTies(
    _ items: UnsafeMutablePointer<KeyedRow>, _ spare: UnsafeMutablePointer<KeyedRow>, _ count: Int,
    _ texts: TextReader, _ offset: Int, _ flip: UInt64
) {
    var (items, count, offset) = (items, count, offset)
    while count > 1 {
        // Texts that have ended come before those that go on, the shorter first.
        var ended = 0
        var isOneLength = true
        let length = texts.length(items[0].row)
        for at in 0..<count {
            let own = texts.length(items[at].row)
            ended += own <= offset ? 1 : 0
            isOneLength = isOneLength && own == length
            items[at].key = UInt64(min(own, offset + 1)) ^ flip
        }
        if ended > 0 {
            if !isOneLength { sortPart(items, spare, count) }
            if flip == 0 { items += ended }
            count -= ended
            if count < 2 { return }
        }
        for at in 0..<count {
            items[at].key = prefix(texts.bytes(items[at].row), offset) ^ flip
        }
        sortPart(items, spare, count)
        offset += 8
        if items[0].key == items[count - 1].key { continue }
        let next = offset
        forEachTie(items, spare, count) { sortTies($0, $1, $2, texts, next, flip) }
        return
    }
}

/// Below 0, 0 or above it as the first text comes before the second, is it, or comes after.
func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let shared = min(a.count, b.count)
    if shared > 0, let p = a.baseAddress, let q = b.baseAddress {
        // SAFETY: both have at least `shared` bytes.
        let c = memcmp(p, q, shared)
        if c != 0 { return Int(c) }
    }
    return a.count - b.count
}
