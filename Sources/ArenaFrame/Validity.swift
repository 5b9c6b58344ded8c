// Which rows of a column hold a value: one bit a row, 1 = there, 0 = missing. Kept apart from the
// values, so that NaN stays a number and no value stands for "missing".

/// A bitmap of the rows that hold a value.
package struct Validity: Sendable, Equatable {
    private(set) var words: [UInt64]
    /// The number of rows.
    package private(set) var count: Int

    /// `count` rows that all hold a value, or all miss it.
    package init(repeating present: Bool, count: Int) {
        self.count = 0
        words = []
        append(repeating: present, count: count)
    }

    private init(words: [UInt64], count: Int) {
        self.words = words
        self.count = count
    }

    /// One row for each element.
    package init(_ present: some Sequence<Bool>) {
        words = []
        count = 0
        for bit in present { append(bit) }
    }

    /// Whether the row holds a value.
    package subscript(row: Int) -> Bool {
        @inline(__always) get { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }
        set {
            let bit: UInt64 = 1 << UInt64(row & 63)
            if newValue { words[row >> 6] |= bit } else { words[row >> 6] &= ~bit }
        }
    }

    /// Adds a row.
    @inline(__always)
    package mutating func append(_ present: Bool) {
        if count & 63 == 0 { words.append(0) }
        if present { words[count >> 6] |= 1 << UInt64(count & 63) }
        count += 1
    }

    /// Adds `count` rows that are all alike.
    package mutating func append(repeating present: Bool, count more: Int) {
        var left = more
        while left > 0, count & 63 != 0 || left < 64 {
            append(present)
            left -= 1
        }
        words.append(contentsOf: repeatElement(present ? UInt64.max : 0, count: left / 64))
        count += left / 64 * 64
        for _ in 0..<left % 64 { append(present) }
    }

    /// The number of rows without a value.
    package var missingCount: Int { count - words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The rows that are there in both.
    /// - Precondition: both have as many rows.
    func intersecting(_ other: Validity) -> Validity {
        var result = self
        for at in words.indices { result.words[at] &= other.words[at] }
        return result
    }

    /// The rows in the order given.
    /// - Precondition: every row is in range.
    package func taking(_ rows: some Sequence<Int>) -> Validity {
        let order = Array(rows)
        return lending(words) { source in
            lending(order) { rows in
                let words = mappedRows((rows.count + 63) / 64) { word -> UInt64 in
                    var bits: UInt64 = 0
                    for place in word * 64..<min(word * 64 + 64, rows.count) {
                        let row = rows[place]
                        bits |= (source[row >> 6] >> UInt64(row & 63) & 1) << UInt64(place & 63)
                    }
                    return bits
                }
                return Validity(words: words, count: rows.count)
            }
        }
    }
}
