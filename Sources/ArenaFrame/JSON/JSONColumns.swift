// The cells of all stretches of all files become columns: the type that all of a column's cells have
// together, then each part of each column on whichever core is free.

import ArenaCore

struct JSONColumns: Sendable {
    let parts: [JSONCells]
    let options: JSONOptions
    /// The names in the order of their first occurrence.
    private let names: [String]
    /// For each name the column's place in each part; nil where the part has none.
    private let places: [[Int?]]

    init(_ parts: [JSONCells], _ options: JSONOptions) {
        self.parts = parts
        self.options = options
        var order: [String: Int] = [:]
        var names: [String] = []
        var places: [[Int?]] = []
        for (at, part) in parts.enumerated() {
            for (column, name) in part.names.enumerated() {
                if order[name] == nil {
                    order[name] = names.count
                    names.append(name)
                    places.append([Int?](repeating: nil, count: parts.count))
                }
                if let place = order[name] { places[place][at] = column }
            }
        }
        self.names = names
        self.places = places
    }

    /// The frame; `labels` are what a text calls its rows.
    func frame(key: String?, labels: [String]?) throws(FrameError) -> JSONResult {
        let path = parts.first?.text.path ?? ""
        for name in (key.map { [$0] } ?? []) + (options.columns ?? [])
            + options.types.keys.sorted() where !names.contains(name)
        {
            throw .unknownColumn(name: name, known: names, place: FilePlace(path))
        }
        let chosen = options.columns.map { Set($0) }
        let wanted = names.indices.filter {
            chosen?.contains(names[$0]) ?? true || names[$0] == key
        }
        try checkSize(wanted.count)
        var notes: [String] = []
        var made = try columns(wanted, &notes)
        var kept = wanted.map { names[$0] }
        for (at, name) in kept.enumerated() {
            guard let type = options.types[name], type != made[at].type else { continue }
            made[at] = try converted(made[at], wanted[at], to: type)
        }
        var frameKey: FrameKey?
        if let key, let at = kept.firstIndex(of: key) {
            frameKey = try self.key(key, made.remove(at: at), wanted[at])
            kept.remove(at: at)
        }
        if let labels, let (name, column) = try index(labels, kept + (key.map { [$0] } ?? [])) {
            if frameKey == nil, let own = try? FrameKey(name: name, column: column) {
                frameKey = own
            } else {
                kept.insert(name, at: 0)
                made.insert(column, at: 0)
            }
        }
        let frame = try Frame(names: kept, columns: made, key: frameKey)
        return JSONResult(frame: frame.head(options.rowLimit), notes: notes)
    }

    /// A table may be larger than its text, where rows lack members, but not without bounds.
    private func checkSize(_ columns: Int) throws(FrameError) {
        let rows = parts.reduce(0) { $0 + $1.rows }
        let bytes = Dictionary(parts.map { ($0.text.path, $0.text.count) }) { a, _ in a }
        let (cells, overflow) = rows.multipliedReportingOverflow(by: columns)
        if overflow || cells > JSONCells.limit(bytes: bytes.values.reduce(0, +)) {
            throw .jsonSparse(path: parts.first?.text.path ?? "", rows: rows, columns: columns)
        }
    }

    /// Row labels that say more than the rows' numbers, and a name for them.
    private func index(_ labels: [String], _ taken: [String]) throws(FrameError) -> (
        String, Column
    )? {
        if labels.enumerated().allSatisfy({ $1 == "\($0)" }) { return nil }
        let name = taken.contains("index") ? "level_0" : "index"
        let numbers = labels.compactMap { Int64($0) }
        if numbers.count == labels.count, zip(numbers, labels).allSatisfy({ "\($0)" == $1 }) {
            return (name, Column(numbers))
        }
        return (name, try Column(labels.map { $0 }))
    }

    private func key(_ name: String, _ column: Column, _ at: Int) throws(FrameError) -> FrameKey {
        do { return try FrameKey(name: name, column: column) } catch {
            switch error {
            case .keyMissing(_, let row, let count):
                throw .csvKeyMissing(place: place(at, row), key: name, count: count)
            case .keyDuplicate(_, let value, let first, let second):
                throw .csvKeyDuplicate(
                    place: place(at, second), key: name, value: value,
                    firstLine: place(at, first).line ?? 0)
            default: throw error
            }
        }
    }

    // MARK: - Columns

    private func columns(_ wanted: [Int], _ notes: inout [String]) throws(FrameError) -> [Column] {
        let types = wanted.map { at in
            options.types[names[at]] == .string ? .text : JSONColumnType(kinds(at))
        }
        let count = parts.count
        let results = inTasks(wanted.count * count, workers: options.workers) { task in
            Result { () throws(FrameError) in
                try column(wanted[task / count], task % count, types[task / count])
            }
        }
        var columns: [Column] = []
        for (place, at) in wanted.enumerated() {
            var lone = 0
            var own: [Column] = []
            for part in 0..<count {
                let (column, surrogates) = try results[place * count + part].get()
                own.append(column)
                lone += surrogates
            }
            columns.append(Column(joiningParts: own))
            if lone > 0 {
                notes.append(
                    "column '\(names[at])' holds \(lone) lone surrogate\(lone == 1 ? "" : "s"), "
                        + "each read as U+FFFD")
            }
            if types[place] == .text, options.types[names[at]] == nil,
                let note = misfit(at, kinds(at).all)
            {
                notes.append(note)
            }
        }
        return columns
    }

    private struct Kinds {
        var all: JSONKinds = []
        var elements: JSONKinds = []
    }

    private func kinds(_ at: Int) -> (all: JSONKinds, elements: JSONKinds) {
        var all: JSONKinds = []
        var elements: JSONKinds = []
        forEachSlot(at) { _, slot in
            all.formUnion(slot.kind)
            if slot.kind == .array { elements.formUnion(slot.elementKinds) }
        }
        return (all, elements)
    }

    private func forEachSlot(_ at: Int, _ body: (JSONText, JSONSlot) -> Void) {
        for (part, column) in places[at].enumerated() {
            guard let column else { continue }
            for slot in parts[part].columns[column] { body(parts[part].text, slot) }
        }
    }

    /// The place of a row's cell in its file, or of the file if the row has none.
    private func place(_ at: Int, _ row: Int) -> FilePlace {
        var left = row
        for (part, cells) in parts.enumerated() {
            guard left >= cells.rows else {
                guard let column = places[at][part], left < cells.columns[column].count,
                    cells.columns[column][left].kind != []
                else { return FilePlace(cells.text.path) }
                return cells.text.place(cells.columns[column][left].offset)
            }
            left -= cells.rows
        }
        return FilePlace(parts.first?.text.path ?? "")
    }

    /// One part of a column, and how many lone surrogates are in it.
    private func column(
        _ at: Int, _ part: Int, _ type: JSONColumnType
    ) throws(FrameError) -> (Column, Int) {
        let cells = parts[part]
        guard let column = places[at][part] else {
            return (Column.missing(type.columnType, count: cells.rows), 0)
        }
        var builder = JSONColumnBuilder(cells.text, cells.columns[column], rows: cells.rows)
        return (try builder.build(type), builder.lone)
    }

    // MARK: - What did not fit

    /// Why a column is text.
    private func misfit(_ at: Int, _ kinds: JSONKinds) -> String? {
        let present = kinds.subtracting(.null)
        if present == .string { return nil }
        var counts: [String: Int] = [:]
        var order: [String] = []
        var first: [String: (JSONText, JSONSlot)] = [:]
        forEachSlot(at) { text, slot in
            guard let word = slot.kind.word else { return }
            if counts[word] == nil {
                order.append(word)
                first[word] = (text, slot)
            }
            counts[word, default: 0] += 1
        }
        let rare = order.min { (counts[$0] ?? 0) < (counts[$1] ?? 0) }
        guard let rare, let (text, slot) = first[rare] else { return nil }
        let place = text.place(slot.offset)
        let shown = excerpt(text.content(slot))
        if order.count == 1 {
            let what =
                rare == "array"
                ? "its arrays are not all of text, of 32-bit integers or of numbers"
                : rare == "object"
                    ? "it holds objects"
                    : "it holds whole numbers beyond 64 bits"
            return "column '\(names[at])' is the JSON text of its cells: \(what), first "
                + "\(shown) in \(place)"
        }
        let list = order.map { word in
            let n = counts[word] ?? 0
            return "\(n) \(word)\(n == 1 ? "" : "s")"
        }.joined(separator: ", ")
        return "column '\(names[at])' is text: it has \(list); the first \(rare) is "
            + "\(shown) in \(place)"
    }

    private func converted(
        _ column: Column, _ at: Int, to type: ColumnType
    ) throws(FrameError) -> Column {
        let name = names[at]
        if column.missingCount == column.count { return .missing(type, count: column.count) }
        let series = Series(trusting: name, column, nil)
        if type == .matrix { return try series.matrix().column }
        if type == .floats, case .ints(let lists) = column.storage {
            return Column(
                .floats(
                    NumberLists(
                        rows: lists.rows.map { .init(start: $0.start, count: $0.count) },
                        numbers: lists.numbers.map(Double.init))), validity: column.validity)
        }
        do { return try series.converted(to: type).column } catch {
            // The first row that does not fit is what is wrong in the file.
            let row = (0..<column.count).first { row in
                !column.isMissing(row)
                    && (try? Series(trusting: name, column.taking([row]), nil).converted(to: type))
                        == nil
            }
            guard let row else { throw error }
            let shown = Array((column.text(row) ?? "").utf8).withUnsafeBytes { excerpt($0) }
            throw .csvUnfit(place: place(at, row), column: name, wanted: type, shown: shown)
        }
    }
}

extension JSONKinds {
    /// What a script is told a value is; nil for null.
    fileprivate var word: String? {
        if self == [] || self == .null { return nil }
        if self == .bool { return "truth value" }
        if self == .string { return "text" }
        if self == .array { return "array" }
        return self == .object ? "object" : "number"
    }
}

/// The type of a column of JSON values.
enum JSONColumnType: Sendable, Equatable {
    case bool, int64, float64, text, turns, ints, floats

    init(_ kinds: (all: JSONKinds, elements: JSONKinds)) {
        let all = kinds.all.subtracting(.null)
        if all == [] {
            self = .float64
        } else if all == .bool {
            self = .bool
        } else if all.isSubset(of: .whole) {
            self = .int64
        } else if all.isSubset(of: .numbers), all.contains(.float) {
            self = .float64
        } else if all == .array {
            let elements = kinds.elements
            if elements.isSubset(of: [.string, .null]) {
                self = .turns
            } else if elements == .int {
                self = .ints
            } else if elements.isSubset(of: [.int, .float]) {
                self = .floats
            } else {
                self = .text
            }
        } else {
            self = .text
        }
    }

    var columnType: ColumnType {
        switch self {
        case .bool: .bool
        case .int64: .int64
        case .float64: .float64
        case .text: .string
        case .turns: .turns
        case .ints: .ints
        case .floats: .floats
        }
    }
}

/// Makes a column of the cells of one stretch.
private struct JSONColumnBuilder {
    let text: JSONText
    let slots: [JSONSlot]
    let rows: Int
    private(set) var lone = 0

    init(_ text: JSONText, _ slots: [JSONSlot], rows: Int) {
        self.text = text
        self.slots = slots
        self.rows = rows
    }

    mutating func build(_ type: JSONColumnType) throws(FrameError) -> Column {
        var validity = Validity(repeating: true, count: 0)
        for slot in slots { validity.append(!(slot.kind == [] || slot.kind == .null)) }
        validity.append(repeating: false, count: rows - slots.count)
        return Column(try storage(type), validity: validity)
    }

    private mutating func storage(_ type: JSONColumnType) throws(FrameError) -> ColumnStorage {
        switch type {
        case .bool: return .bool(values(false) { text.bytes[$0.offset] == UInt8(ascii: "t") })
        case .int64:
            return .int64(
                values(0) { slot in
                    if case .int(let n) = NumberText.read(text.content(slot)) { return n }
                    return 0
                })
        case .float64: return .float64(values(0) { number($0) })
        case .text:
            var builder = TextBuilder()
            builder.reserveViews(rows)
            for slot in slots { try append(slot, to: &builder) }
            for _ in slots.count..<rows { builder.appendEmpty() }
            return .string(builder.finish())
        case .turns: return try turns()
        case .ints:
            return .ints(
                lists { slot in
                    if case .int(let n) = NumberText.read(text.content(slot)) {
                        return Int32(truncatingIfNeeded: n)
                    }
                    return 0
                })
        case .floats: return .floats(lists { number($0) })
        }
    }

    private func values<T>(_ filler: T, _ value: (JSONSlot) -> T) -> [T] {
        var result: [T] = []
        result.reserveCapacity(rows)
        for slot in slots {
            result.append(slot.kind == [] || slot.kind == .null ? filler : value(slot))
        }
        result.append(contentsOf: repeatElement(filler, count: rows - slots.count))
        return result
    }

    private func number(_ slot: JSONSlot) -> Double {
        switch NumberText.read(text.content(slot)) {
        case .int(let n): Double(n)
        case .hugeInt(let x), .double(let x): x
        case .none: 0
        }
    }

    /// A cell as text: a string's own, of other values their JSON.
    private mutating func append(
        _ slot: JSONSlot, to builder: inout TextBuilder
    ) throws(FrameError) {
        if slot.kind == [] || slot.kind == .null { return builder.appendEmpty() }
        let raw = text.content(slot)
        guard slot.kind == .string, slot.isEscaped else { return try builder.append(raw) }
        let room = try builder.reserve(raw.count)
        // SAFETY: reserve gives raw.count bytes of the builder's own.
        let (length, lone) = decodeJSONString(
            raw, into: UnsafeMutableRawBufferPointer(start: room, count: raw.count))
        self.lone += lone
        builder.commit(length)
    }

    private mutating func turns() throws(FrameError) -> ColumnStorage {
        var builder = TextBuilder()
        var validity = Validity(repeating: true, count: 0)
        var rows: [ListStorage.Row] = []
        rows.reserveCapacity(self.rows)
        for slot in slots {
            let start = builder.count
            if slot.kind == .array {
                var own = self
                try text.forEachElement(slot) { (element) throws(FrameError) in
                    try own.append(element, to: &builder)
                    validity.append(element.kind == .string)
                }
                lone = own.lone
            }
            rows.append(ListStorage.Row(start: start, count: builder.count - start))
        }
        for _ in slots.count..<self.rows { rows.append(ListStorage.Row(start: 0, count: 0)) }
        return .turns(ListStorage(rows: rows, turns: builder.finish(), turnValidity: validity))
    }

    private func lists<T>(_ value: (JSONSlot) -> T) -> NumberLists<T> {
        var rows: [NumberLists<T>.Row] = []
        var numbers: [T] = []
        for slot in slots {
            let start = numbers.count
            if slot.kind == .array {
                text.forEachElement(slot) { (element: JSONSlot) in numbers.append(value(element)) }
            }
            rows.append(.init(start: start, count: numbers.count - start))
        }
        for _ in slots.count..<self.rows { rows.append(.init(start: 0, count: 0)) }
        return NumberLists(rows: rows, numbers: numbers)
    }
}
