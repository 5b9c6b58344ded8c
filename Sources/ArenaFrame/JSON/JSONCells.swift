// The cells of a stretch of rows: for each column where its values stand in the text. Nothing is
// decoded before all of a column is known.

import ArenaCore

/// What a row of a table is in the text.
enum JSONRowShape: Sendable, Equatable {
    /// Columns by name.
    case object
    /// Columns by number.
    case array
    /// One column.
    case single

    init(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "{"): self = .object
        case UInt8(ascii: "["): self = .array
        default: self = .single
        }
    }

    var words: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .single: "a single value"
        }
    }
}

/// The cells of some rows of one text, by column.
struct JSONCells: Sendable {
    let text: JSONText
    private(set) var names: [String] = []
    private(set) var columns: [[JSONSlot]] = []
    private(set) var rows = 0
    /// The first occurrence of each name in the text, to compare with.
    private var keys: [JSONSlot] = []
    private var places: [String: Int] = [:]
    /// Cells that no row of the text has: they may not outgrow it by far.
    private var absent = 0
    private let absentLimit: Int
    /// The columns whose cells are kept; nil is all of them.
    private let wanted: Set<String>?
    private var isWanted: [Bool] = []

    init(_ text: JSONText, wanted: Set<String>?) {
        self.text = text
        self.wanted = wanted
        absentLimit = Self.limit(bytes: text.count)
    }

    /// How many cells a table may have that stand for nothing in its text.
    static func limit(bytes: Int) -> Int { bytes * 8 + 1 << 20 }

    /// Takes the row that begins at `at`, which then is behind it.
    mutating func addRow(
        _ shape: JSONRowShape, _ at: inout Int, _ end: Int, _ room: JSONRoom
    ) throws(JSONProblem) {
        let found = JSONRowShape(at < end ? text.bytes[at] : 0)
        if shape != .single, found != shape {
            throw JSONProblem(
                offset: at, what: .otherRow(expected: shape.words, found: found.words))
        }
        switch shape {
        case .single: try put(try text.value(&at, end), column(numbered: 0), row: rows)
        case .array:
            let count = try text.list(&at, end, room)
            for i in 0..<count {
                try put(try text.slot(i, room), column(numbered: i), row: rows)
            }
        case .object:
            let count = try text.list(&at, end, room)
            var expected = 0
            for i in stride(from: 0, to: count, by: 2) {
                let place = try column(named: try text.slot(i, room), expected)
                try put(try text.slot(i + 1, room), place, row: rows)
                expected = place + 1
            }
        }
        rows += 1
    }

    /// Gives a row its value of a column; the last of several counts.
    mutating func put(_ slot: JSONSlot, _ column: Int, row: Int) throws(JSONProblem) {
        guard isWanted[column] else { return }
        let count = columns[column].count
        if row == count {
            columns[column].append(slot)
        } else if row < count {
            columns[column][row] = slot
        } else {
            absent += row - count
            if absent > absentLimit {
                throw JSONProblem(
                    offset: slot.offset, what: .tooSparse(rows: row + 1, columns: columns.count))
            }
            columns[column].append(contentsOf: repeatElement(.absent, count: row - count))
            columns[column].append(slot)
        }
    }

    /// The column that an object's key names.
    @inline(__always)
    private mutating func column(named key: JSONSlot, _ expected: Int) throws(JSONProblem) -> Int {
        // Rows mostly have their keys in one order.
        if expected < keys.count, keys[expected].length == key.length,
            text.content(key).elementsEqual(text.content(keys[expected]))
        {
            return expected
        }
        return try column(named: text.string(key), key)
    }

    /// The column of that name, made if there is none.
    mutating func column(named name: String, _ key: JSONSlot) throws(JSONProblem) -> Int {
        if let place = places[name] { return place }
        guard names.count < JSONRoom.maximumColumns else {
            throw JSONProblem(offset: key.offset, what: .tooManyColumns)
        }
        places[name] = names.count
        names.append(name)
        keys.append(key)
        columns.append([])
        isWanted.append(wanted?.contains(name) ?? true)
        return names.count - 1
    }

    private mutating func column(numbered number: Int) throws(JSONProblem) -> Int {
        while names.count <= number { _ = try column(named: "\(names.count)", .absent) }
        return number
    }

    /// Makes the number of rows known where no row is added as a whole.
    mutating func setRows(_ count: Int) { rows = count }

    /// Makes a column of a name anew, also where it has no cells.
    mutating func addColumn(_ name: String) throws(JSONProblem) -> Int {
        try column(named: name, .absent)
    }
}
