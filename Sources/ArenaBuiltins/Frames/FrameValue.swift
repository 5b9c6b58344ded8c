// Frames as scripts see them: columns by name, rows by verbs; every verb gives a new frame.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// A frame in a script.
final class FrameValue: HostObject {
    private(set) var frame: Frame

    init(_ frame: Frame) { self.frame = frame }

    static let hostType = HostType(
        "frame", summary: "A table of named columns whose rows carry a key.", methods: frameMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { FrameValue(frame) }
    var attributeNames: [String] { ["T", "columns", "dtypes", "key", "key_name", "shape"] }
    var itemNames: [String] { frame.knownNames }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "T": return try framing { () throws(FrameError) in value(try frame.transposed()) }
        case "columns": return .list(frame.names.map { .string($0) })
        case "key":
            return keyValues(frame.key)
        case "key_name": return frame.key.map { .string($0.name) } ?? Value.none
        case "dtypes":
            let dict = Value.dict()
            for (name, column) in zip(frame.names, frame.columns) {
                let (key, type) = (Value.string(name), Value.string(column.type.rawValue))
                defer {
                    key.release()
                    type.release()
                }
                try dict.setEntry(key, type)
            }
            return dict
        case "shape": return .tuple([.int(frame.rowCount), .int(frame.names.count)])
        default: return nil
        }
    }

    func item(_ key: Value) throws(Raised) -> Value {
        if let name = key.asString {
            return try framing { () throws(FrameError) in value(try frame.series(name)) }
        }
        if let mask = (key.asHost as? SeriesValue)?.series {
            return try framing { () throws(FrameError) in value(try frame.filtered(by: mask)) }
        }
        if let items = key.items, items.allSatisfy({ $0.asString != nil }) {
            let names = items.compactMap(\.asString)
            return try framing { () throws(FrameError) in value(try frame.select(names)) }
        }
        throw Raised(
            .type,
            "a frame is indexed by a column's name, a list of names or a bool column, not \(key.typeWithArticle)",
            help: "rows: df.head(10), df.take([0, 5]), df[:10], df[df[\"a\"] > 1]")
    }

    func setItem(_ key: Value, _ new: Value) throws(Raised) {
        if let names = key.items, let other = (new.asHost as? FrameValue)?.frame {
            // df[["a", "b"]] = another frame of these rows: column by column, in its order.
            guard names.count == other.names.count else {
                throw Raised(
                    .value, "\(names.count) names for \(other.names.count) columns",
                    help: "give a name for each column of the frame on the right")
            }
            for (name, source) in zip(names, other.names) {
                guard let name = name.asString else {
                    throw Raised(.type, "a column's name is a str, not a \(name.typeName)")
                }
                frame = try framing { () throws(FrameError) in
                    try frame.assign(name, try other.series(source))
                }
            }
            return
        }
        guard let name = key.asString else {
            throw Raised(
                .type, "a column's name is a str, not \(key.typeWithArticle)",
                help: "df[\"a\"] = ...; rows are changed by df[\"a\"].where(...)")
        }
        frame = try assigned(frame, name, new)
    }

    func binary(_ op: String, _ other: Value, reversed: Bool) throws(Raised) -> Value? {
        if op == "abs" {
            let frame = frame
            return try mixing { value(try each(frame) { try $0.applying(.abs) }) }
        }
        guard let op = ColumnOperator(rawValue: op) else { return nil }
        return try combined(frame, op, other, reversed)
    }

    func slice(_ start: Value, _ stop: Value, _ step: Value) throws(Raised) -> Value {
        let (first, count, stride) = try sliceBounds(start, stop, step, frame.rowCount)
        let rows = (0..<count).map { first + $0 * stride }
        return try framing { () throws(FrameError) in value(try frame.take(rows)) }
    }

    var count: Int? { frame.rowCount }
    var hasTruth: Bool { false }

    func contains(_ value: Value) throws(Raised) -> Bool {
        guard let name = value.asString else { return false }
        return frame.knownNames.contains(name)
    }

    func iterate() throws(Raised) -> Value? { .list(frame.names.map { .string($0) }) }

    var representation: String {
        "<frame of \(frame.rowCount) rows x \(frame.names.count) columns>"
    }
    var text: String { withoutLastNewline(ArenaFrame.display(frame)) }
    func display(width: Int) -> String {
        withoutLastNewline(ArenaFrame.display(frame, maxWidth: width))
    }
}

/// The frame with a column set to a series of the same rows, a list, or one value for every row.
func assigned(_ frame: Frame, _ name: String, _ new: Value) throws(Raised) -> Frame {
    if let series = (new.asHost as? SeriesValue)?.series {
        return try framing { () throws(FrameError) in try frame.assign(name, series) }
    }
    let column: Column
    if let items = new.items {
        column = try ArenaBuiltins.column(ofItems: items, named: name)
    } else if let operand = operand(new) {
        column = try framing { () throws(FrameError) in
            try Column.filled(operand, count: frame.rowCount)
        }
    } else if new.isNone {
        column = .missing(.float64, count: frame.rowCount)
    } else {
        throw Raised(
            .type, "a \(new.typeName) cannot be assigned to column '\(name)'",
            help: "assign a column, a list of \(frame.rowCount) values, or a single value")
    }
    return try framing { () throws(FrameError) in try frame.assign(name, column) }
}

private let frameMethods: [Builtin] =
    selectionMethods + frameVerbMethods + frameStatisticMethods + frameShapeMethods
    + frameFormMethods + frameWindowMethods + pivotMethods

private let selectionMethods: [Builtin] = [
    Builtin(
        "head", [.receiver("frame"), P("n", "int", .optional("5"))], "The first n rows.",
        examples: [Example("print(len(frame({\"a\": [1, 2, 3]}).head(2)))", prints: "2\n")]
    ) { a throws(Raised) in
        let n = try a.int(1, or: 5)
        return value(try a.frame(0).head(max(0, n)))
    },
    Builtin(
        "assign", [.receiver("frame"), P("columns", "column, list, value or function", .keywords)],
        "A new frame with columns added or replaced, or what functions of the frame give; a column of other rows is refused.",
        examples: [
            Example(
                "print(frame({\"a\": [1]}).assign(b=[2.5], c=\"x\").columns)",
                prints: "['a', 'b', 'c']\n")
        ]
    ) { a throws(Raised) in
        var frame = try a.frame(0)
        for (name, new) in a[1].dictItems ?? [] {
            if isCallable(new) {
                let argument = value(frame)
                defer { argument.release() }
                let result = try a.machine.call(new, [argument])
                defer { result.release() }
                frame = try assigned(frame, name.asString ?? "", result)
            } else {
                frame = try assigned(frame, name.asString ?? "", new)
            }
        }
        return value(frame)
    },
    Builtin(
        "rename",
        [
            .receiver("frame"),
            P("columns", "dict", .required, "old names to new names: {\"old\": \"new\"}"),
        ],
        "A new frame with other column names.",
        examples: [
            Example("print(frame({\"a\": [1]}).rename({\"a\": \"b\"}).columns)", prints: "['b']\n")
        ]
    ) { a throws(Raised) in
        var changes: [String: String] = [:]
        for (old, new) in a[1].dictItems ?? [] {
            guard let o = old.asString, let n = new.asString else {
                throw Raised(.type, "rename() wants names on both sides: {\"old\": \"new\"}")
            }
            changes[o] = n
        }
        guard a[1].dictItems != nil else {
            throw Raised(
                .type, "rename() wants a dict, not \(a[1].typeWithArticle)",
                help: "df.rename({\"old\": \"new\"})")
        }
        let frame = try a.frame(0)
        return try framing { () throws(FrameError) in value(try frame.rename(changes)) }
    },
    Builtin(
        "swap", [.receiver("frame"), P("a", "str"), P("b", "str")],
        "A new frame in which two columns have changed places; the names stay.",
        examples: [
            Example(
                "f = frame({\"a\": [1], \"b\": [2]}).swap(\"a\", \"b\")\nprint(list(f[\"a\"]), list(f[\"b\"]))",
                prints: "[2] [1]\n")
        ]
    ) { a throws(Raised) in
        let frame = try a.frame(0)
        let (x, y) = (try a.string(1), try a.string(2))
        return try framing { () throws(FrameError) in value(try frame.swap(x, y)) }
    },
    Builtin(
        "take", [.receiver("frame"), P("rows", "list of int")],
        "The rows at these positions, in this order.",
        examples: [
            Example(
                "print(list(frame({\"a\": [1, 2, 3]}).take([2, 0])[\"a\"]))", prints: "[3, 1]\n")
        ]
    ) { a throws(Raised) in
        let list = try a.iterable(1)
        defer { list.release() }
        var rows: [Int] = []
        for item in list.items ?? .init(start: nil, count: 0) {
            guard let n = item.asInt else {
                throw Raised(.type, "take() wants row numbers, not \(item.typeWithArticle)")
            }
            rows.append(n)
        }
        let frame = try a.frame(0)
        return try framing { () throws(FrameError) in value(try frame.take(rows)) }
    },
    Builtin(
        "sort_index", [.receiver("frame")], "The rows in the order of their keys.",
        examples: [
            Example(
                "print(list(frame({\"id\": [2, 1], \"a\": [\"x\", \"y\"]}, key=\"id\").sort_index()[\"a\"]))",
                prints: "['y', 'x']\n")
        ]
    ) { a throws(Raised) in
        let frame = try a.frame(0)
        return try framing { () throws(FrameError) in value(try frame.sortedByKey()) }
    },
]
