// The key of a frame: one value a row that names it, unique and never missing. Frames are joined by
// key, never by position.

import Glibc

/// What names the rows of a frame.
package struct FrameKey: Sendable {
    /// The name of the key's column.
    package let name: String
    /// int64 or string, unique, nothing missing.
    package let column: Column

    /// A key, once its values are seen to be fit for one.
    /// - Throws: `FrameError.keyType`, `.keyMissing`, or `.keyDuplicate` with both rows of the
    ///   first duplicate.
    /// - Complexity: O(rows)
    package init(name: String, column: Column) throws(FrameError) {
        if column.missingCount > 0 {
            let row = (0..<column.count).first { column.isMissing($0) } ?? 0
            throw .keyMissing(key: name, row: row, count: column.missingCount)
        }
        guard column.type == .int64 || column.type == .string else {
            throw .keyType(key: name, found: column.type)
        }
        self.init(trusting: name, column)
        let values = try factor(column, name: name, verb: "key")
        if values.count < count, let second = values.firstRepeat {
            let first = values.firstRows[Int(values.codes[second])]
            throw .keyDuplicate(key: name, value: label(first), first: first, second: second)
        }
    }

    /// A key whose values are known to be unique, such as some rows of another key.
    init(trusting name: String, _ column: Column) {
        self.name = name
        self.column = column
    }

    /// The number of rows.
    package var count: Int { column.count }

    /// The key of a row, as text.
    package func label(_ row: Int) -> String { column.text(row) ?? "" }

    func renamed(_ name: String) -> FrameKey { FrameKey(trusting: name, column) }

    /// The rows in ascending order of their keys: numbers by value, text by its bytes.
    /// - Complexity: O(rows log rows)
    func sortedRows() -> [Int] {
        sortedOrder(of: column, from: nil, ascending: true) ?? Array(0..<count)
    }
}

/// For each row of a key the row of another key that has the same value; -1 where there is none.
/// Keys of different types have no value in common.
/// - Complexity: O(rows of both)
func rows(of key: FrameKey, in other: FrameKey) -> [Int] {
    let found: Factor?
    switch (key.column.storage, other.column.storage) {
    case (.int64(let a), .int64(let b)): found = factor(b + a, nil)
    case (.string(let a), .string(let b)): found = factor(b.appending(a), nil)
    case (.bool, _), (.int64, _), (.float64, _), (.float32, _), (.string, _), (.turns, _),
        (.ints, _), (.floats, _), (.matrix, _), (.categorical, _), (.timestamp, _):
        found = nil
    }
    guard let found else { return [Int](repeating: -1, count: key.count) }
    return found.codes.suffix(key.count).map { code in
        let row = found.firstRows[Int(code)]
        return row < other.count ? row : -1
    }
}

/// Whether two columns hold the same value, of the same type, in these rows; neither is missing.
func sameValue(_ a: Column, _ row: Int, _ b: Column, _ other: Int) -> Bool {
    switch (a.storage, b.storage) {
    case (.int64(let x), .int64(let y)): return x[row] == y[other]
    case (.string(let x), .string(let y)): return sameText(x, row, y, other)
    case (.bool(let x), .bool(let y)): return x[row] == y[other]
    case (.float64(let x), .float64(let y)): return sameNumber(x[row], y[other])
    case (.float32(let x), .float32(let y)): return sameNumber(x[row], y[other])
    case (.timestamp(let x), .timestamp(let y)): return x[row] == y[other]
    case (.categorical(let x), .categorical(let y)):
        return sameText(
            x.categories, Int(x.codes[row]), y.categories, Int(y.codes[other]))
    case (.turns(let x), .turns(let y)): return x.strings(at: row) == y.strings(at: other)
    case (.ints(let x), .ints(let y)): return x[row] == y[other]
    case (.floats(let x), .floats(let y)): return x[row] == y[other]
    case (.matrix(let x), .matrix(let y)): return x.row(row) == y.row(other)
    case (.bool, _), (.int64, _), (.float64, _), (.float32, _), (.string, _), (.turns, _),
        (.ints, _), (.floats, _), (.matrix, _), (.categorical, _), (.timestamp, _):
        return false
    }
}

/// Whether two numbers are one value: NaN is the same as NaN.
private func sameNumber<T: BinaryFloatingPoint>(_ a: T, _ b: T) -> Bool {
    a == b || a.isNaN && b.isNaN
}

/// Whether two texts have the same bytes.
func sameText(_ a: TextStorage, _ row: Int, _ b: TextStorage, _ other: Int) -> Bool {
    a.withBytes(at: row) { x in
        b.withBytes(at: other) { y in
            guard x.count == y.count else { return false }
            guard let p = x.baseAddress, let q = y.baseAddress else { return true }
            // SAFETY: both are lent for this call and have x.count bytes.
            return memcmp(p, q, x.count) == 0
        }
    }
}
