// The order of rows by their values: stable, missing rows last in either direction. Numbers go by
// radix (11 bits a pass, only the bits that differ), text by radix over its first eight bytes and
// then by its other bytes where those are equal.

import Glibc

/// The rows in the order of a column, those of equal value as they were.
/// - Parameter from: the rows in the order they are in; nil for 0, 1, 2 ...
/// - Returns: nil if values of the column's type have no order.
/// - Complexity: O(rows)
func sortedOrder(of column: Column, from: [Int]?, ascending: Bool) -> [Int]? {
    var rows = from ?? Array(0..<column.count)
    var missing: [Int] = []
    if column.validity != nil {
        missing = rows.filter { column.isMissing($0) }
        rows.removeAll { column.isMissing($0) }
    }
    let flip: UInt64 = ascending ? 0 : .max
    switch column.storage {
    case .int64(let values): sortRows(&rows) { orderedBits(values[$0]) ^ flip }
    case .timestamp(let values): sortRows(&rows) { orderedBits(values[$0]) ^ flip }
    case .float64(let values): sortFloats(&rows, flip) { values[$0] }
    case .float32(let values): sortFloats(&rows, flip) { Double(values[$0]) }
    case .bool(let values): sortRows(&rows) { (values[$0] ? 1 : 0) ^ flip }
    case .string(let texts): sortTexts(&rows, texts, ascending)
    case .categorical(let texts):
        sortRows(&rows) { orderedBits(Int64(texts.codes[$0])) ^ flip }
    case .turns, .ints, .floats, .matrix: return nil
    }
    return missing.isEmpty ? rows : rows + missing
}

/// The bits of an integer such that the order of the bits is that of the integers.
@inline(__always)
private func orderedBits(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) ^ (1 << 63) }

/// Bits in the order of the numbers; the zeros are equal, NaN comes last.
@inline(__always)
private func orderedBits(_ value: Double) -> UInt64 {
    let bits = (value == 0 ? 0.0 : value).bitPattern
    return bits >> 63 == 1 ? ~bits : bits | (1 << 63)
}

/// Sorts numbers; NaN is last in either direction.
@inline(__always)
private func sortFloats(_ rows: inout [Int], _ flip: UInt64, _ value: (Int) -> Double) {
    sortRows(&rows) { row in
        let x = value(row)
        return x.isNaN ? .max : orderedBits(x) ^ flip
    }
}

private struct KeyedRow {
    var key: UInt64
    var row: Int
}

/// Sorts rows by 64 bits each.
@inline(__always)
private func sortRows(_ rows: inout [Int], _ key: (Int) -> UInt64) {
    let count = rows.count
    guard count > 1 else { return }
    var items = [KeyedRow](unsafeUninitializedCapacity: count) { buffer, used in
        for i in 0..<count { buffer[i] = KeyedRow(key: key(rows[i]), row: rows[i]) }
        used = count
    }
    radixSort(&items)
    for i in 0..<count { rows[i] = items[i].row }
}

/// Sorts by the bits in which the keys differ.
private func radixSort(_ items: inout [KeyedRow]) {
    let count = items.count
    guard count > 1 else { return }
    let first = items[0].key
    var differing: UInt64 = 0
    var isSorted = true
    var last = first
    for item in items {
        differing |= item.key ^ first
        isSorted = isSorted && last <= item.key
        last = item.key
    }
    if isSorted { return }
    if count < 256 {
        // Few rows: insertion is stable and needs no tables.
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
    let bits = 11
    let size = 1 << bits
    var spare = items
    var shift = differing.trailingZeroBitCount
    let end = 64 - differing.leadingZeroBitCount
    while shift < end {
        var counts = [Int](repeating: 0, count: size)
        let by = UInt64(shift)
        items.withUnsafeBufferPointer { source in
            spare.withUnsafeMutableBufferPointer { target in
                counts.withUnsafeMutableBufferPointer { counts in
                    let mask = UInt64(size - 1)
                    for item in source { counts[Int(item.key >> by & mask)] += 1 }
                    var sum = 0
                    for digit in 0..<size { (counts[digit], sum) = (sum, sum + counts[digit]) }
                    for item in source {
                        let digit = Int(item.key >> by & mask)
                        target[counts[digit]] = item
                        counts[digit] += 1
                    }
                }
            }
        }
        swap(&items, &spare)
        shift += bits
    }
}

/// Sorts text by its bytes, which for UTF-8 is by code points.
private func sortTexts(_ rows: inout [Int], _ texts: TextStorage, _ ascending: Bool) {
    let count = rows.count
    guard count > 1 else { return }
    let flip: UInt64 = ascending ? 0 : .max
    withExtendedLifetime(texts) {
        var items = [KeyedRow](unsafeUninitializedCapacity: count) { buffer, used in
            for i in 0..<count {
                buffer[i] = KeyedRow(key: prefix(texts.bytes(at: rows[i])) ^ flip, row: rows[i])
            }
            used = count
        }
        radixSort(&items)
        var from = 0
        while from < count {
            var to = from + 1
            while to < count, items[to].key == items[from].key { to += 1 }
            if to - from > 1 { sortTies(&items, from..<to, texts, ascending) }
            from = to
        }
        for i in 0..<count { rows[i] = items[i].row }
    }
}

/// Sorts rows whose first eight bytes are equal.
private func sortTies(
    _ items: inout [KeyedRow], _ range: Range<Int>, _ texts: TextStorage, _ ascending: Bool
) {
    // Short texts padded with zeros may be equal there; lengths and the other bytes decide.
    let places = Array(range)
    let order = places.indices.sorted { a, b in
        let c = compareBytes(
            texts.bytes(at: items[places[a]].row), texts.bytes(at: items[places[b]].row))
        return c == 0 ? a < b : ascending ? c < 0 : c > 0
    }
    let sorted = order.map { items[places[$0]] }
    items.replaceSubrange(range, with: sorted)
}

/// The first eight bytes as a number in their order.
@inline(__always)
private func prefix(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    if bytes.count >= 8 {
        return UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    }
    var value: UInt64 = 0
    for (i, byte) in bytes.enumerated() { value |= UInt64(byte) << UInt64(56 - 8 * i) }
    return value
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

/// A sort key: a column of the frame, and whether it ascends.
package struct SortKey: Sendable {
    package var name: String
    package var ascending: Bool

    package init(_ name: String, ascending: Bool = true) {
        self.name = name
        self.ascending = ascending
    }
}

extension Frame {
    /// The rows in the order of some columns, the first of them first; stable, missing last.
    /// - Throws: `FrameError.unknownColumn`, `.columnType`.
    package func sorted(by keys: [SortKey]) throws(FrameError) -> Frame {
        var rows: [Int]?
        for key in keys.reversed() {
            let column = try column(key.name)
            guard let order = sortedOrder(of: column, from: rows, ascending: key.ascending) else {
                throw .columnType(
                    verb: "sort_values", column: key.name,
                    needed: "a column of numbers or text", found: column.type)
            }
            rows = order
        }
        return taking(trusted: rows ?? Array(0..<rowCount))
    }
}

extension Series {
    /// The rows in the order of the values; stable, missing last.
    /// - Throws: `FrameError.columnType`.
    package func sorted(ascending: Bool) throws(FrameError) -> Series {
        taking(trusted: try order(ascending: ascending))
    }

    /// The row numbers in the order of the values; stable, missing last.
    /// - Throws: `FrameError.columnType`.
    package func order(ascending: Bool) throws(FrameError) -> [Int] {
        guard let rows = sortedOrder(of: column, from: nil, ascending: ascending) else {
            throw .columnType(
                verb: "sort_values", column: name, needed: "a column of numbers or text",
                found: column.type)
        }
        return rows
    }

    /// Rows that are known to be in range and, if there is a key, each taken once.
    func taking(trusted rows: [Int]) -> Series {
        Series(
            trusting: name, column.taking(rows),
            key.map { FrameKey(trusting: $0.name, $0.column.taking(rows)) })
    }

    /// The rows in the order given.
    /// - Throws: `FrameError.rowOutOfRange`; `.keyDuplicate` if a keyed row is taken twice.
    package func take(_ rows: [Int]) throws(FrameError) -> Series {
        let frame = Frame(trusting: [name], [column], key, rows: count)
        let taken = try frame.take(rows)
        return Series(trusting: name, taken.columns[0], taken.key)
    }

    /// The same rows with other values.
    func with(_ column: Column) -> Series { Series(trusting: name, column, key) }

    /// The same column under another name.
    package func renamed(_ name: String) -> Series { Series(trusting: name, column, key) }
}
