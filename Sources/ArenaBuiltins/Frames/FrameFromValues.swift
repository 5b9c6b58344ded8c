// Making a frame of a script's values: columns by name, rows as dicts or lists, a matrix, a column.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

let frameFunction = Builtin(
    "frame",
    [
        P(
            "data", "dict, list, frame or column", .required,
            "names to lists of values, or rows: a list of dicts, of lists or of single values"),
        P(
            "columns", "list of str", .optional("those of data"),
            "the columns' names; of named columns, which of them and in what order"),
        P("key", "str", .optional("None"), "the column that names the rows; it must be unique"),
    ],
    "A frame from columns or rows of values; a single value stands in every row.",
    examples: [
        Example(
            "print(frame({\"id\": [7, 8], \"p\": [0.5, None]}, key=\"id\").shape)",
            prints: "(2, 1)\n"),
        Example(
            """
            rows = [{"id": 1, "label": "a"}, {"id": 2}]
            print(list(frame(rows, key="id")["label"]))
            print(frame([(1, 0.5), (2, 0.25)], columns=["id", "p"]).dtypes)
            """, prints: "['a', None]\n{'id': 'int64', 'p': 'float64'}\n"),
    ]
) { a throws(Raised) in
    // A key in the second place is what frames were made with before.
    let isOldKey = a[1].asString != nil && !a.has(2)
    let names = !a.has(1) || isOldKey ? nil : try a.strings(1, "frame", "columns")
    let key = try a.optionalString(isOldKey ? 1 : 2)
    var maker = FrameMaker(a.machine, names)
    defer { maker.releaseAll() }
    try maker.take(a[0])
    return value(try maker.frame(key: key))
}

/// Gathers columns by name. Values are borrowed from what `owned` keeps.
private struct FrameMaker {
    private let machine: Machine
    /// The names that were asked for.
    private let wanted: [String]?
    private var names: [String] = []
    private var columns: [String: Column] = [:]
    /// The key of the columns that were given as such, with one of them to compare others with.
    private var series: Series?
    private var owned: [Value] = []
    private var rowCount: Int?

    init(_ machine: Machine, _ wanted: [String]?) {
        self.machine = machine
        self.wanted = wanted
    }

    func releaseAll() { for value in owned { value.release() } }

    mutating func take(_ data: Value) throws(Raised) {
        if let frame = (data.asHost as? FrameValue)?.frame {
            for name in frame.knownNames {
                try add(try framing { () throws(FrameError) in try frame.series(name) }, as: name)
            }
            series = try framing { () throws(FrameError) in
                try frame.knownNames.first.map { (n) throws(FrameError) in try frame.series(n) }
            }
            return
        }
        if let series = (data.asHost as? SeriesValue)?.series { return try take(series) }
        if let items = data.dictItems { return try takeColumns(items.map { ($0.key, $0.value) }) }
        if data.isText || data.asDouble != nil || data.isNone {
            throw Raised(
                .type, "frame() wants columns or rows, not \(data.typeWithArticle)",
                help: "frame({\"id\": [1, 2]}, key=\"id\") or frame([{\"id\": 1}, {\"id\": 2}])")
        }
        let list = try machine.materialise(data)
        owned.append(list)
        try takeRows(list.items.map { Array($0) } ?? [])
    }

    // MARK: - Columns

    /// A matrix is as many columns as it is wide, any other column one.
    private mutating func take(_ given: Series) throws(Raised) {
        guard case .matrix(let matrix) = given.column.storage else {
            let name = wanted?.first ?? given.name
            return try add(given, as: name)
        }
        if let wanted, wanted.count != matrix.width {
            throw Raised(
                .value, "frame(): \(wanted.count) names for a matrix of \(matrix.width) columns",
                help: "give a name for each column of the matrix")
        }
        let values = matrix.doubles
        for at in 0..<matrix.width {
            let column = (0..<matrix.count).map { values[$0 * matrix.width + at] }
            let storage: ColumnStorage =
                matrix.isFloat32 ? .float32(column.map(Float.init)) : .float64(column)
            try add(wanted?[at] ?? "\(at)", Column(storage, validity: given.column.validity))
        }
        series = given
    }

    private mutating func takeColumns(_ items: [(Value, Value)]) throws(Raised) {
        var singles: [(String, Value)] = []
        for (key, given) in items {
            guard let name = key.asString else {
                throw Raised(.type, "a column's name is a str, not \(key.typeWithArticle)")
            }
            names.append(name)
            if let series = (given.asHost as? SeriesValue)?.series {
                try add(series, as: name, isNew: false)
            } else if scalar(given) != nil {
                singles.append((name, given))
            } else {
                let list = try machine.materialise(given)
                owned.append(list)
                let column = try ArenaBuiltins.column(
                    ofItems: list.items ?? .init(start: nil, count: 0), named: name)
                try add(name, column, isNew: false)
            }
        }
        // One value stands in every row; where there is nothing else, in one.
        for (name, single) in singles {
            let items = [Value](repeating: single, count: rowCount ?? 1)
            columns[name] = try ArenaBuiltins.column(ofItems: items, named: name)
        }
    }

    private mutating func add(
        _ given: Series, as name: String, isNew: Bool = true
    ) throws(Raised) {
        if let series, series.key != nil, given.key != nil {
            // Says which row is another one.
            _ = try framing { () throws(FrameError) in
                try Frame(names: [], columns: [], key: series.key).assign(name, given)
            }
        }
        if series?.key == nil { series = given }
        try add(name, given.column, isNew: isNew)
    }

    private mutating func add(
        _ name: String, _ column: Column, isNew: Bool = true
    ) throws(Raised) {
        if let rowCount, rowCount != column.count {
            throw Raised(FrameError.lengths(column: name, expected: rowCount, found: column.count))
        }
        rowCount = column.count
        if isNew { names.append(name) }
        columns[name] = column
    }

    // MARK: - Rows

    private mutating func takeRows(_ rows: [Value]) throws(Raised) {
        guard let first = rows.first else {
            for name in wanted ?? [] { try add(name, Column.missing(.float64, count: 0)) }
            return
        }
        if first.asHost is SeriesValue {
            for row in rows {
                guard let series = (row.asHost as? SeriesValue)?.series else {
                    throw mixed("columns", row)
                }
                try add(series, as: series.name)
            }
        } else if first.dictItems != nil || first.asHost is RowValue {
            try takeDicts(rows)
        } else if scalar(first) != nil {
            let name = wanted?.first ?? "0"
            try add(name, try ArenaBuiltins.column(ofItems: rows, named: name))
        } else {
            try takeLists(rows)
        }
    }

    private func mixed(_ kind: String, _ row: Value) -> Raised {
        Raised(
            .type, "frame(): the rows are \(kind), and one is \(row.typeWithArticle)",
            help: "rows are all dicts, all lists, or all single values")
    }

    /// Rows by name: a name that a row lacks is missing there.
    private mutating func takeDicts(_ rows: [Value]) throws(Raised) {
        var cells: [String: [Value]] = [:]
        for (at, row) in rows.enumerated() {
            var entries: [(Value, Value)] = []
            if let items = row.dictItems {
                entries = items.map { ($0.key, $0.value) }
            } else if let row = row.asHost as? RowValue {
                entries = row.entries.map { ($0.name, $0.cell) }
                for (name, cell) in entries { owned += [name, cell] }
            } else {
                throw mixed("dicts", row)
            }
            for (key, cell) in entries {
                guard let name = key.asString else {
                    throw Raised(.type, "a column's name is a str, not \(key.typeWithArticle)")
                }
                if cells[name] == nil {
                    names.append(name)
                    cells[name] = [Value](repeating: .none, count: rows.count)
                }
                cells[name]?[at] = cell
            }
        }
        rowCount = rows.count
        for name in names {
            columns[name] = try ArenaBuiltins.column(ofItems: cells[name] ?? [], named: name)
        }
    }

    /// Rows by place.
    private mutating func takeLists(_ rows: [Value]) throws(Raised) {
        var lists: [[Value]] = []
        for (at, row) in rows.enumerated() {
            if row.dictItems != nil || scalar(row) != nil { throw mixed("lists", row) }
            let list = try machine.materialise(row)
            owned.append(list)
            lists.append(list.items.map { Array($0) } ?? [])
            let width = wanted?.count ?? lists[0].count
            guard lists[at].count == width else {
                throw Raised(
                    .value,
                    "frame(): row \(at) has \(lists[at].count) values, "
                        + (wanted == nil
                            ? "the first has \(width)" : "columns= has \(width) names"),
                    help: "every row has a value for each column; None is a missing one")
            }
        }
        for at in 0..<(wanted?.count ?? lists[0].count) {
            let name = wanted?[at] ?? "\(at)"
            guard columns[name] == nil else { throw Raised(FrameError.duplicateColumn(name: name)) }
            try add(name, try ArenaBuiltins.column(ofItems: lists.map { $0[at] }, named: name))
        }
    }

    // MARK: - The frame

    func frame(key: String?) throws(Raised) -> Frame {
        var kept = wanted ?? names
        for name in kept where columns[name] == nil {
            throw Raised(FrameError.unknownColumn(name: name, known: names, place: nil))
        }
        // The key of columns travels with them, unless another is given.
        let travelling = key == nil ? series?.key : nil
        if let travelling { kept.removeAll { $0 == travelling.name } }
        return try framing { () throws(FrameError) in
            var frameKey = travelling
            if let key {
                guard let column = columns[key] else {
                    throw .unknownColumn(name: key, known: names, place: nil)
                }
                frameKey = try FrameKey(name: key, column: column)
                kept.removeAll { $0 == key }
            }
            return try Frame(
                names: kept, columns: kept.compactMap { columns[$0] }, key: frameKey)
        }
    }
}
