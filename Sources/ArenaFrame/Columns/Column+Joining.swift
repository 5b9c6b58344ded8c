// Many columns of one type put end to end, each value moved once.

extension Column {
    /// The rows of columns of one type, one behind the other; text and lists share their bytes.
    /// - Precondition: all parts have the type of the first, matrices its width.
    /// - Complexity: O(rows)
    init(joiningParts parts: [Column]) {
        guard let first = parts.first, parts.count > 1 else {
            self = parts.first ?? Column([Double]())
            return
        }
        var validity: Validity?
        if parts.contains(where: { $0.validity != nil }) {
            var bits = Validity(repeating: true, count: 0)
            for part in parts {
                if let own = part.validity {
                    for row in 0..<part.count { bits.append(own[row]) }
                } else {
                    bits.append(repeating: true, count: part.count)
                }
            }
            validity = bits
        }
        func all<T>(_ values: (ColumnStorage) -> T?) -> [T] {
            let found = parts.compactMap { values($0.storage) }
            precondition(found.count == parts.count, "parts of one type")
            return found
        }
        let storage: ColumnStorage
        switch first.storage {
        case .bool:
            storage = .bool(Array(all { if case .bool(let v) = $0 { v } else { nil } }.joined()))
        case .int64:
            storage = .int64(Array(all { if case .int64(let v) = $0 { v } else { nil } }.joined()))
        case .float64:
            storage = .float64(
                Array(all { if case .float64(let v) = $0 { v } else { nil } }.joined()))
        case .float32:
            storage = .float32(
                Array(all { if case .float32(let v) = $0 { v } else { nil } }.joined()))
        case .timestamp:
            storage = .timestamp(
                Array(all { if case .timestamp(let v) = $0 { v } else { nil } }.joined()))
        case .string:
            storage = .string(
                TextStorage(joining: all { if case .string(let v) = $0 { v } else { nil } }))
        case .categorical:
            let texts = zip(
                parts, all { if case .categorical(let v) = $0 { v } else { nil } }
            ).map { $1.texts($0.validity) }
            storage = .string(TextStorage(joining: texts))
        case .turns:
            storage = .turns(
                ListStorage(joining: all { if case .turns(let v) = $0 { v } else { nil } }))
        case .ints:
            storage = .ints(
                NumberLists(joining: all { if case .ints(let v) = $0 { v } else { nil } }))
        case .floats:
            storage = .floats(
                NumberLists(joining: all { if case .floats(let v) = $0 { v } else { nil } }))
        case .matrix:
            let matrices = all { if case .matrix(let v) = $0 { v } else { nil } }
            storage = .matrix(MatrixStorage(joining: matrices))
        }
        self.init(storage, validity: validity)
    }
}

extension ListStorage {
    /// The rows of several, one behind the other, sharing the bytes.
    init(joining parts: [ListStorage]) {
        var rows: [Row] = []
        rows.reserveCapacity(parts.reduce(0) { $0 + $1.rows.count })
        var validity: Validity? =
            parts.contains { $0.turnValidity != nil } ? Validity(repeating: true, count: 0) : nil
        var shift = 0
        for part in parts {
            for row in part.rows { rows.append(Row(start: row.start + shift, count: row.count)) }
            shift += part.turns.count
            if validity != nil {
                for turn in 0..<part.turns.count { validity?.append(!part.isMissing(turn: turn)) }
            }
        }
        self.init(
            rows: rows, turns: TextStorage(joining: parts.map(\.turns)), turnValidity: validity)
    }
}

extension NumberLists {
    /// The rows of several, one behind the other.
    init(joining parts: [NumberLists]) {
        var rows: [Row] = []
        rows.reserveCapacity(parts.reduce(0) { $0 + $1.rows.count })
        var shift = 0
        for part in parts {
            for row in part.rows { rows.append(Row(start: row.start + shift, count: row.count)) }
            shift += part.numbers.count
        }
        self.init(rows: rows, numbers: Array(parts.map(\.numbers).joined()))
    }
}
