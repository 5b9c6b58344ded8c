// Rows by equal values: what grouping, counting, joining and dropping duplicates are made of. Every way
// of finding equal rows (see Leaders.swift) names for each row the first that has its value; numbers are
// then given in the order of first appearance, so that no answer depends on a hash or on the cores.

import ArenaCore

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
        return reordered(order)
    }

    /// The values in another order.
    func reordered(_ order: [Int]) -> Factor {
        guard order.count == count else { return self }
        var place = [Int32](repeating: 0, count: count)
        for (to, from) in order.enumerated() { place[from] = Int32(to) }
        let codes = lending(codes) { old in
            lending(place) { place in
                mappedRows(old.count) { old[$0] < 0 ? -1 : place[Int(old[$0])] }
            }
        }
        return Factor(codes: codes, firstRows: gathered(firstRows, order))
    }

    /// The first row whose value an earlier row has.
    var firstRepeat: Int? {
        codes.indices.first { codes[$0] >= 0 && firstRows[Int(codes[$0])] != $0 }
    }

    /// The number of rows of each value.
    var sizes: [Int] {
        // Tables of their own pay where they are small beside the rows.
        let workers = count * 4 > codes.count ? 1 : Cores.workers(for: codes.count)
        let width = count
        let tables = Scratch<Int>(repeating: 0, count: width * workers)
        lending(codes) { codes in
            parallelRanges(codes.count, workers: workers) { worker, range in
                let own = tables.base + worker * width
                for row in range where codes[row] >= 0 { own[Int(codes[row])] += 1 }
            }
        }
        return (0..<width).map { code in
            (0..<workers).reduce(0) { $0 + tables[$1 * width + code] }
        }
    }

    /// The rows of each value, in order.
    var rows: (starts: [Int], rows: [Int]) {
        var starts = [0]
        for size in sizes { starts.append(starts[starts.count - 1] + size) }
        var next = starts
        let total = starts[starts.count - 1]
        let rows = [Int](unsafeUninitializedCapacity: total) { buffer, used in
            used = total
            next.withUnsafeMutableBufferPointer { next in
                codes.withUnsafeBufferPointer { codes in
                    for row in 0..<codes.count where codes[row] >= 0 {
                        let code = Int(codes[row])
                        buffer[next[code]] = row
                        next[code] += 1
                    }
                }
            }
        }
        return (starts, rows)
    }
}

extension Factor {
    /// The values with missing rows as one more, where the first of them stands.
    func countingMissing() -> Factor {
        guard let first = codes.firstIndex(of: -1) else { return self }
        let place = firstRows.firstIndex { $0 > first } ?? count
        var rows = firstRows
        rows.insert(first, at: place)
        let own = Int32(place)
        return Factor(
            codes: codes.map { $0 < 0 ? own : $0 < own ? $0 : $0 + 1 }, firstRows: rows)
    }

    /// Numbers for the values, given for each row the first row that has its value (-1 where the row
    /// is missing).
    init(leaders: Scratch<Int32>) {
        let count = leaders.count
        let workers = Cores.workers(for: count)
        let totals = Scratch<Int>(repeating: 0, count: workers + 1)
        parallelRanges(count, workers: workers) { worker, range in
            var own = 0
            for row in range { own += leaders.base[row] == Int32(row) ? 1 : 0 }
            totals.base[worker + 1] = own
        }
        for worker in 0..<workers { totals[worker + 1] += totals[worker] }
        let numbers = Scratch<Int32>(count)
        firstRows = [Int](unsafeUninitializedCapacity: totals[workers]) { buffer, used in
            used = totals[workers]
            guard let base = buffer.baseAddress else { return }
            let firsts = Target(base)
            parallelRanges(count, workers: workers) { worker, range in
                var next = totals.base[worker]
                for row in range where leaders.base[row] == Int32(row) {
                    firsts[next] = row
                    numbers.base[row] = Int32(next)
                    next += 1
                }
            }
        }
        codes = mappedRows(count) { row in
            let leader = leaders.base[row]
            return leader < 0 ? -1 : numbers.base[Int(leader)]
        }
    }
}

/// The values of a column by number.
/// - Throws: `FrameError.columnType` for vectors, which have no use as a group.
/// - Complexity: O(rows)
func factor(_ column: Column, name: String, verb: String) throws(FrameError) -> Factor {
    func whole<T: BitwiseCopyable>(
        _ values: [T], _ key: @escaping @Sendable (T) -> Int64
    ) -> Factor {
        let keys = lending(values) { values in mappedRows(values.count) { key(values[$0]) } }
        return factor(keys, column.validity)
    }
    switch column.storage {
    case .int64(let values): return factor(values, column.validity)
    case .timestamp(let values): return factor(values, column.validity)
    case .bool(let values): return whole(values) { $0 ? 1 : 0 }
    case .float64(let values): return whole(values, floatKey)
    case .float32(let values): return whole(values) { floatKey(Double($0)) }
    case .categorical(let texts): return whole(texts.codes) { Int64($0) }
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
@Sendable
private func floatKey(_ value: Double) -> Int64 {
    Int64(bitPattern: value.isNaN ? .max : (value == 0 ? 0.0 : value).bitPattern)
}

/// Several columns as one: rows are equal where all of them are. A row in which one is missing is,
/// unless missing is to be a value like others.
func factor(
    _ columns: [(name: String, column: Column)], verb: String, dropMissing: Bool = true
) throws(FrameError) -> Factor {
    var result: Factor?
    for (name, column) in columns {
        var next = try factor(column, name: name, verb: verb)
        if !dropMissing { next = next.countingMissing() }
        result = result.map { pairs($0, next) } ?? next
    }
    return result ?? Factor(codes: [], firstRows: [])
}

/// Pairs of values by number; a row in which one of the two is missing is.
func pairs(_ first: Factor, _ second: Factor) -> Factor {
    let width = Int64(max(1, second.count))
    let rows = first.codes.count
    let pairs = lending(first.codes) { a in
        lending(second.codes) { b in
            mappedRows(rows) { row in
                a[row] < 0 || b[row] < 0 ? Int64.min : Int64(a[row]) * width + Int64(b[row])
            }
        }
    }
    guard pairs.contains(.min) else { return factor(pairs, nil) }
    return factor(pairs, Validity(pairs.lazy.map { $0 != .min }))
}

/// Whole numbers by number.
func factor(_ values: [Int64], _ validity: Validity?) -> Factor {
    if values.isEmpty { return Factor(codes: [], firstRows: []) }
    return Factor(leaders: lending(values) { leaders($0, validity) })
}

/// Texts by number.
func factor(_ texts: TextStorage, _ validity: Validity?) -> Factor {
    if texts.count == 0 { return Factor(codes: [], firstRows: []) }
    return Factor(leaders: texts.reading { leaders($0, validity) })
}
