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
        if let (first, second) = KeyIndex(self).duplicate {
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

/// Finds the row of a key.
struct KeyIndex {
    private let key: FrameKey
    /// Row numbers plus one by hash, 0 = free; a power of two, at most half full.
    private var slots: [Int]
    /// The first row whose key an earlier row has, with that earlier row.
    private(set) var duplicate: (first: Int, second: Int)?

    /// - Complexity: O(rows)
    init(_ key: FrameKey) {
        self.key = key
        var size = 16
        while size < key.count * 2 { size *= 2 }
        slots = [Int](repeating: 0, count: size)
        for row in 0..<key.count {
            let slot = slot(of: row, of: key)
            if slots[slot] != 0 {
                duplicate = duplicate ?? (slots[slot] - 1, row)
            } else {
                slots[slot] = row + 1
            }
        }
    }

    /// The row of this index's key that has the same value as a row of another; nil if there is
    /// none. Keys of different types have no value in common.
    func row(of row: Int, in other: FrameKey) -> Int? {
        let found = slots[slot(of: row, of: other)]
        return found == 0 ? nil : found - 1
    }

    private func slot(of row: Int, of other: FrameKey) -> Int {
        // Hasher is seeded anew by each process, so no file can be made to collide on purpose; the
        // answer never depends on the hash.
        var hasher = Hasher()
        switch other.column.storage {
        case .int64(let values): hasher.combine(values[row])
        case .string(let texts): texts.withBytes(at: row) { hasher.combine(bytes: $0) }
        case .bool(let values): hasher.combine(values[row])
        case .float64(let values): hasher.combine(values[row])
        case .float32(let values): hasher.combine(values[row])
        case .timestamp(let times): hasher.combine(times[row])
        case .categorical(let texts):
            texts.categories.withBytes(at: Int(texts.codes[row])) { hasher.combine(bytes: $0) }
        case .turns, .ints, .floats, .matrix: break
        }
        var slot = hasher.finalize() & (slots.count - 1)
        while slots[slot] != 0, !same(row, other, slots[slot] - 1) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func same(_ row: Int, _ other: FrameKey, _ own: Int) -> Bool {
        sameValue(other.column, row, key.column, own)
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
