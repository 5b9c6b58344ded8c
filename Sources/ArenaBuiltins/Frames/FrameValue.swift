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
    var attributeNames: [String] { ["columns", "key", "shape"] }
    var itemNames: [String] { frame.knownNames }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "columns": return .list(frame.names.map { .string($0) })
        case "key":
            return keyValues(frame.key)
        case "shape": return .tuple([.int(frame.rowCount), .int(frame.names.count)])
        default: return nil
        }
    }

    func item(_ key: Value) throws(Raised) -> Value {
        if let name = key.asString {
            return try framing { () throws(FrameError) in value(try frame.series(name)) }
        }
        if let items = key.items, items.allSatisfy({ $0.asString != nil }) {
            let names = items.compactMap(\.asString)
            return try framing { () throws(FrameError) in value(try frame.select(names)) }
        }
        throw Raised(
            .type,
            "a frame is indexed by a column's name or a list of names, not a \(key.typeName)",
            help: "rows: df.head(10), df.take([0, 5]), df[:10]")
    }

    func setItem(_ key: Value, _ new: Value) throws(Raised) {
        guard let name = key.asString else {
            throw Raised(.type, "a column's name is a str, not a \(key.typeName)")
        }
        frame = try assigned(frame, name, new)
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
    let items = new.items.map { Array($0) } ?? Array(repeating: new, count: frame.rowCount)
    let column = try column(ofItems: items, named: name)
    return try framing { () throws(FrameError) in try frame.assign(name, column) }
}

private let frameMethods: [Builtin] = [
    Builtin(
        "head", [.receiver("frame"), P("n", "int", .optional("5"))], "The first n rows.",
        examples: [Example("print(len(frame({\"a\": [1, 2, 3]}).head(2)))", prints: "2\n")]
    ) { a throws(Raised) in
        let n = try a.int(1, or: 5)
        return value(try a.frame(0).head(max(0, n)))
    },
    Builtin(
        "assign", [.receiver("frame"), P("columns", "column, list or value", .keywords)],
        "A new frame with columns added or replaced; a column of other rows is refused.",
        examples: [
            Example(
                "print(frame({\"a\": [1]}).assign(b=[2.5], c=\"x\").columns)",
                prints: "['a', 'b', 'c']\n")
        ]
    ) { a throws(Raised) in
        var frame = try a.frame(0)
        for (name, new) in a[1].dictItems ?? [] {
            frame = try assigned(frame, name.asString ?? "", new)
        }
        return value(frame)
    },
    Builtin(
        "rename", [.receiver("frame"), P("columns", "dict", .required, "old names to new names")],
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
                .type, "rename() wants a dict, not a \(a[1].typeName)",
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
                throw Raised(.type, "take() wants row numbers, not a \(item.typeName)")
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
