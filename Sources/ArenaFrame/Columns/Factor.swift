// Rows by equal values: what grouping, counting, joining and dropping duplicates are made of. Whole
// numbers of a small span go through a table, others and text through an open-addressing hash table
// over their bits or bytes, or through sorting where there are very many; no answer depends on the hash.

/// For each row the number of its value.
struct Factor: Sendable {
    /// The number of the value, from 0 in the order of first appearance; -1 for a missing row.
    var codes: [Int32]
    /// For each value the first row that has it.
    var firstRows: [Int]

    /// The number of different values.
    var count: Int { firstRows.count }

    /// The values renumbered so that they ascend.
    /// - Precondition: the column's type has an order, or else the order stays.
    func sorted(by column: Column) -> Factor {
        guard count > 1,
            let order = sortedOrder(of: column.taking(firstRows), from: nil, ascending: true)
        else { return self }
        var place = [Int32](repeating: 0, count: count)
        for (to, from) in order.enumerated() { place[from] = Int32(to) }
        let codes = codes.withUnsafeBufferPointer { old in
            [Int32](unsafeUninitializedCapacity: old.count) { buffer, used in
                for row in 0..<old.count { buffer[row] = old[row] < 0 ? -1 : place[Int(old[row])] }
                used = old.count
            }
        }
        return Factor(codes: codes, firstRows: order.map { firstRows[$0] })
    }

    /// The number of rows of each value.
    var sizes: [Int] {
        var sizes = [Int](repeating: 0, count: count)
        for code in codes where code >= 0 { sizes[Int(code)] += 1 }
        return sizes
    }

    /// The rows of each value, in order.
    var rows: (starts: [Int], rows: [Int]) {
        var starts = [0]
        for size in sizes { starts.append(starts[starts.count - 1] + size) }
        var next = starts
        var rows = [Int](repeating: 0, count: starts[starts.count - 1])
        for (row, code) in codes.enumerated() where code >= 0 {
            rows[next[Int(code)]] = row
            next[Int(code)] += 1
        }
        return (starts, rows)
    }
}

/// The values of a column by number.
/// - Throws: `FrameError.columnType` for vectors, which have no use as a group.
/// - Complexity: O(rows)
func factor(_ column: Column, name: String, verb: String) throws(FrameError) -> Factor {
    switch column.storage {
    case .int64(let values): return factor(values, column.validity)
    case .timestamp(let values): return factor(values, column.validity)
    case .bool(let values): return factor(values.map { $0 ? 1 : 0 }, column.validity)
    case .float64(let values): return factor(values.map(floatKey), column.validity)
    case .float32(let values): return factor(values.map { floatKey(Double($0)) }, column.validity)
    case .categorical(let texts): return factor(texts.codes.map(Int64.init), column.validity)
    case .string(let texts): return factor(texts, column.validity)
    case .turns, .ints, .floats:
        var builder = TextBuilder()
        for row in 0..<column.count { try builder.append(column.text(row) ?? "") }
        return factor(builder.finish(), column.validity)
    case .matrix:
        throw .columnType(
            verb: verb, column: name, needed: "a column of single values", found: column.type)
    }
}

/// Equal numbers have equal keys: the zeros are one value, NaN is another.
private func floatKey(_ value: Double) -> Int64 {
    Int64(bitPattern: value.isNaN ? .max : (value == 0 ? 0.0 : value).bitPattern)
}

/// Several columns as one: rows are equal where all of them are. A row in which one is missing is.
func factor(_ columns: [(name: String, column: Column)], verb: String) throws(FrameError) -> Factor
{
    guard let first = columns.first else { return Factor(codes: [], firstRows: []) }
    var result = try factor(first.column, name: first.name, verb: verb)
    for (name, column) in columns.dropFirst() {
        let next = try factor(column, name: name, verb: verb)
        let width = Int64(max(1, next.count))
        var validity = Validity(repeating: true, count: column.count)
        var pairs = [Int64](repeating: 0, count: column.count)
        for row in pairs.indices {
            if result.codes[row] < 0 || next.codes[row] < 0 {
                validity[row] = false
            } else {
                pairs[row] = Int64(result.codes[row]) * width + Int64(next.codes[row])
            }
        }
        result = factor(pairs, validity.missingCount == 0 ? nil : validity)
    }
    return result
}

/// Whole numbers by number.
func factor(_ values: [Int64], _ validity: Validity?) -> Factor {
    let count = values.count
    guard count > 0 else { return Factor(codes: [], firstRows: []) }
    return values.withUnsafeBufferPointer { values in
        var low = Int64.max
        var high = Int64.min
        if let validity {
            for row in 0..<count where validity[row] {
                low = min(low, values[row])
                high = max(high, values[row])
            }
        } else {
            for value in values {
                low = min(low, value)
                high = max(high, value)
            }
        }
        var firstRows: [Int] = []
        var isTooMany = false
        guard low <= high else {
            return Factor(codes: [Int32](repeating: -1, count: count), firstRows: [])
        }
        let span = high.subtractingReportingOverflow(low)
        let limit = Int64(max(count * 2, 1 << 12))
        let codes = [Int32](unsafeUninitializedCapacity: count) { codes, used in
            used = count
            if !span.overflow, span.partialValue < limit {
                var table = [Int32](repeating: -1, count: Int(span.partialValue) + 1)
                table.withUnsafeMutableBufferPointer { table in
                    for row in 0..<count {
                        if let validity, !validity[row] {
                            codes[row] = -1
                            continue
                        }
                        let at = Int(values[row] - low)
                        if table[at] < 0 {
                            table[at] = Int32(firstRows.count)
                            firstRows.append(row)
                        }
                        codes[row] = table[at]
                    }
                }
                return
            }
            var slots = SlotTable()
            for row in 0..<count {
                if let validity, !validity[row] {
                    codes[row] = -1
                    continue
                }
                if firstRows.count > sortingLimit {
                    isTooMany = true
                    return
                }
                let value = values[row]
                codes[row] = slots.code(hash: mix(UInt64(bitPattern: value)), row: row, &firstRows)
                { values[$0] == value }
            }
        }
        if isTooMany { return factorBySorting(values, validity) }
        return Factor(codes: codes, firstRows: firstRows)
    }
}

/// With more different values than this a hash table no longer fits the cache, and sorting is faster.
private let sortingLimit = 1 << 17

/// Whole numbers by number, from the runs of equal ones in their order.
private func factorBySorting(
    _ values: UnsafeBufferPointer<Int64>, _ validity: Validity?
) -> Factor {
    let count = values.count
    let column = Column(.int64(Array(values)), validity: validity)
    let order = sortedOrder(of: column, from: nil, ascending: true) ?? []
    var codes = [Int32](repeating: -1, count: count)
    var firsts: [Int] = []
    var last: Int64 = 0
    for row in order.prefix(count - column.missingCount) {
        if firsts.isEmpty || values[row] != last {
            last = values[row]
            // The sort is stable, so the first of a run is the first row of its value.
            firsts.append(row)
        }
        codes[row] = Int32(firsts.count - 1)
    }
    var isFirst = [Bool](repeating: false, count: count)
    for row in firsts { isFirst[row] = true }
    var place = [Int32](repeating: 0, count: firsts.count)
    var firstRows: [Int] = []
    firstRows.reserveCapacity(firsts.count)
    for row in 0..<count where isFirst[row] {
        place[Int(codes[row])] = Int32(firstRows.count)
        firstRows.append(row)
    }
    for row in 0..<count where codes[row] >= 0 { codes[row] = place[Int(codes[row])] }
    return Factor(codes: codes, firstRows: firstRows)
}

/// Texts by number.
func factor(_ texts: TextStorage, _ validity: Validity?) -> Factor {
    var firstRows: [Int] = []
    let count = texts.count
    let codes = withExtendedLifetime(texts) {
        [Int32](unsafeUninitializedCapacity: count) { codes, used in
            used = count
            var slots = SlotTable()
            for row in 0..<count {
                if let validity, !validity[row] {
                    codes[row] = -1
                    continue
                }
                let bytes = texts.bytes(at: row)
                codes[row] = slots.code(hash: hash(bytes), row: row, &firstRows) { other in
                    sameText(texts, row, texts, other)
                }
            }
        }
    }
    return Factor(codes: codes, firstRows: firstRows)
}

/// An open-addressing table from hashes to the numbers of values.
private struct SlotTable {
    private struct Slot {
        var hash: UInt64
        var code: Int32
    }
    private var slots = [Slot](repeating: Slot(hash: 0, code: -1), count: 1024)
    private var used = 0

    /// The number of the row's value, which is new if no row of the same hash has it.
    @inline(__always)
    mutating func code(
        hash: UInt64, row: Int, _ firstRows: inout [Int], _ isSame: (Int) -> Bool
    ) -> Int32 {
        if used * 2 >= slots.count { grow() }
        let mask = slots.count - 1
        var at = Int(truncatingIfNeeded: hash) & mask
        while true {
            let slot = slots[at]
            if slot.code < 0 {
                let code = Int32(firstRows.count)
                slots[at] = Slot(hash: hash, code: code)
                firstRows.append(row)
                used += 1
                return code
            }
            if slot.hash == hash, isSame(firstRows[Int(slot.code)]) { return slot.code }
            at = (at + 1) & mask
        }
    }

    @inline(never)
    private mutating func grow() {
        let old = slots
        slots = [Slot](repeating: Slot(hash: 0, code: -1), count: old.count * 4)
        let mask = slots.count - 1
        for slot in old where slot.code >= 0 {
            var at = Int(truncatingIfNeeded: slot.hash) & mask
            while slots[at].code >= 0 { at = (at + 1) & mask }
            slots[at] = slot
        }
    }
}

/// Seeded anew by each process, so that no file can be made to collide on purpose.
private let seed = UInt64.random(in: .min ... .max)

@inline(__always)
private func mix(_ value: UInt64) -> UInt64 {
    let wide = (value ^ seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return wide.high ^ wide.low
}

/// A hash of bytes, eight at a time.
@inline(__always)
private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var state = seed ^ UInt64(bytes.count) &* 0xA076_1D64_78BD_642F
    var at = 0
    while at + 8 <= bytes.count {
        state = mix(state ^ bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        at += 8
    }
    var tail: UInt64 = 0
    while at < bytes.count {
        tail = tail << 8 | UInt64(bytes[at])
        at += 1
    }
    return mix(state ^ tail)
}
