// Rows of token ids, end to end in one array: what a model takes.

/// Token ids of several texts; row r is `ids[offsets[r]..<offsets[r + 1]]`.
package struct TokenBatch: Sendable {
    package private(set) var offsets: [Int]
    package private(set) var ids: [Int32]
    /// The segment of each token; empty if all are 0.
    package private(set) var types: [Int32] = []

    package init() {
        offsets = [0]
        ids = []
    }

    package init(_ rows: some Sequence<[Int32]>) {
        self.init()
        for row in rows { append(row) }
    }

    /// - Parameter types: a segment for each id, or none at all.
    /// - Returns: nil unless offsets start at 0, never fall and end at the number of ids.
    package init?(offsets: [Int], ids: [Int32], types: [Int32] = []) {
        guard offsets.first == 0, offsets.last == ids.count,
            types.isEmpty || types.count == ids.count,
            zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 })
        else { return nil }
        self.offsets = offsets
        self.ids = ids
        self.types = types
    }

    package mutating func append(_ row: some Sequence<Int32>) {
        ids.append(contentsOf: row)
        offsets.append(ids.count)
        if !types.isEmpty {
            types.append(contentsOf: repeatElement(0, count: ids.count - types.count))
        }
    }

    package var count: Int { offsets.count - 1 }

    package subscript(row: Int) -> ArraySlice<Int32> { ids[offsets[row]..<offsets[row + 1]] }

    /// The segments of a row; empty if all are 0.
    package func types(_ row: Int) -> ArraySlice<Int32> {
        types.isEmpty ? [] : types[offsets[row]..<offsets[row + 1]]
    }
}
