// Tables that are one JSON object: pandas' orients `columns`, `index` and `split`, and columns as lists.

/// A text whose value is an object.
struct JSONObjectTable {
    let text: JSONText
    let orient: JSONOrient?
    let wanted: Set<String>?

    private struct Member {
        var name: String
        var key: JSONSlot
        var value: JSONSlot
    }

    /// The cells, and the rows' labels where they have some.
    func read(_ at: inout Int) throws(JSONProblem) -> ([JSONCells], [String]?) {
        let start = at
        // One pass checks the whole text and finds its end.
        _ = try text.value(&at, text.count)
        try expectEnd(text, at)
        at = start
        if orient == .records { return (try oneRow(&at), nil) }
        // A record may have many more members than a table has columns: they are rows then.
        let members = try members(from: start)
        func member(_ name: String) -> JSONSlot? { members.last { $0.name == name }?.value }
        let isSplit = member("columns")?.kind == .array && member("data")?.kind == .array
        switch orient {
        case .split where !isSplit:
            throw JSONProblem(
                offset: start, what: .orient(expected: "members \"columns\" and \"data\""))
        case .values:
            throw JSONProblem(offset: start, what: .orient(expected: "an array of arrays"))
        case .index: return try byLabel(members)
        case nil, .split, .records, .columns: break
        }
        if isSplit, orient != .columns, let columns = member("columns"), let data = member("data") {
            return try split(columns, member("index"), data)
        }
        // to_json(orient="table") has its records under "data".
        if orient == nil, member("schema")?.kind == .object, let data = member("data"),
            data.kind == .array
        {
            return (try records(data), nil)
        }
        let kinds = members.reduce(into: JSONKinds()) { $0.formUnion($1.value.kind) }
        if kinds == .object { return try byColumn(members) }
        if kinds == .array, let cells = try lists(members) { return ([cells], nil) }
        if orient == .columns, !members.isEmpty {
            throw JSONProblem(
                offset: start,
                what: .orient(expected: "an object or a list of one length for each column"))
        }
        at = start
        return (try oneRow(&at), nil)
    }

    private func members(from start: Int) throws(JSONProblem) -> [Member] {
        var members: [Member] = []
        let end = text.count
        var at = text.skippingSpace(start + 1, end)
        while at < end, text.bytes[at] != UInt8(ascii: "}") {
            let key = try text.value(&at, end)
            at = text.skippingSpace(text.skippingSpace(at, end) + 1, end)
            let value = try text.value(&at, end)
            members.append(Member(name: text.string(key), key: key, value: value))
            at = text.skippingSpace(at, end)
            if at < end, text.bytes[at] == UInt8(ascii: ",") {
                at = text.skippingSpace(at + 1, end)
            }
        }
        return members
    }

    private func oneRow(_ at: inout Int) throws(JSONProblem) -> [JSONCells] {
        var cells = JSONCells(text, wanted: wanted)
        try cells.addRow(.object, &at, text.count, JSONRoom())
        return [cells]
    }

    private func records(_ data: JSONSlot) throws(JSONProblem) -> [JSONCells] {
        var cells = JSONCells(text, wanted: wanted)
        let room = JSONRoom()
        try text.forEachElement(data) { (row) throws(JSONProblem) in
            var at = row.offset
            try cells.addRow(.object, &at, row.range.upperBound, room)
        }
        return [cells]
    }

    /// `{"a": {"0": 1}}`: rows by their labels, in the order in which they occur.
    private func byColumn(_ members: [Member]) throws(JSONProblem) -> ([JSONCells], [String]?) {
        var cells = JSONCells(text, wanted: wanted)
        var labels: [String] = []
        var places: [String: Int] = [:]
        for member in members {
            let column = try cells.column(named: member.name, member.key)
            var expected = 0
            for entry in try self.members(from: member.value.offset) {
                let row: Int
                if expected < labels.count, labels[expected] == entry.name {
                    row = expected
                } else if let known = places[entry.name] {
                    row = known
                } else {
                    row = labels.count
                    places[entry.name] = row
                    labels.append(entry.name)
                }
                try cells.put(entry.value, column, row: row)
                expected = row + 1
            }
        }
        cells.setRows(labels.count)
        return ([cells], labels)
    }

    /// `{"0": {"a": 1}}`.
    private func byLabel(_ members: [Member]) throws(JSONProblem) -> ([JSONCells], [String]?) {
        var cells = JSONCells(text, wanted: wanted)
        let room = JSONRoom()
        for member in members {
            var at = member.value.offset
            try cells.addRow(.object, &at, member.value.range.upperBound, room)
        }
        return ([cells], members.map(\.name))
    }

    /// `{"a": [1, 2], "b": [3, 4]}`; nil if the lists are of several lengths.
    private func lists(_ members: [Member]) throws(JSONProblem) -> JSONCells? {
        var cells = JSONCells(text, wanted: wanted)
        var rows: Int?
        for member in members {
            let column = try cells.column(named: member.name, member.key)
            var row = 0
            try text.forEachElement(member.value) { (element) throws(JSONProblem) in
                try cells.put(element, column, row: row)
                row += 1
            }
            if rows != nil, rows != row { return nil }
            rows = row
        }
        cells.setRows(rows ?? 0)
        return cells
    }

    private func split(
        _ columns: JSONSlot, _ index: JSONSlot?, _ data: JSONSlot
    ) throws(JSONProblem) -> ([JSONCells], [String]?) {
        var cells = JSONCells(text, wanted: wanted)
        var places: [Int] = []
        try text.forEachElement(columns) { (name) throws(JSONProblem) in
            let words = name.kind == .string ? text.string(name) : label(name)
            places.append(try cells.column(named: words, name))
        }
        var row = 0
        try text.forEachElement(data) { (list) throws(JSONProblem) in
            guard list.kind == .array else {
                throw JSONProblem(
                    offset: list.offset,
                    what: .otherRow(expected: "an array", found: "another value"))
            }
            var at = 0
            try text.forEachElement(list) { (cell) throws(JSONProblem) in
                guard at < places.count else {
                    throw JSONProblem(
                        offset: cell.offset,
                        what: .otherRow(
                            expected: "\(places.count) cells, as \"columns\" has names",
                            found: "more"))
                }
                try cells.put(cell, places[at], row: row)
                at += 1
            }
            row += 1
        }
        cells.setRows(row)
        guard let index, index.kind == .array else { return ([cells], nil) }
        var labels: [String] = []
        text.forEachElement(index) { (name: JSONSlot) in
            labels.append(name.kind == .string ? text.string(name) : label(name))
        }
        return ([cells], labels.count == row ? labels : nil)
    }

    private func label(_ slot: JSONSlot) -> String {
        String(decoding: text.content(slot), as: UTF8.self)
    }
}
