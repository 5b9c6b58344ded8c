// A row of a frame as functions of a script get it: like a dict from the columns' names to the cells,
// but nothing is copied before it is asked for.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import Glibc

private typealias P = BuiltinParameter

/// What all rows of a frame share, laid out so that a cell is found without counting references.
final class RowSource {
    let frame: Frame
    let columns: [Column]
    /// The names of the columns, the key's first, one behind the other, and where each ends.
    private let nameBytes: [UInt8]
    private let nameEnds: [Int]
    /// The texts of columns that have them in every row.
    private let texts: [TextReader?]
    private let held: [HeldTexts]

    init(_ frame: Frame) {
        self.frame = frame
        columns = (frame.key.map { [$0.column] } ?? []) + frame.columns
        var bytes: [UInt8] = []
        nameEnds = frame.knownNames.map { name in
            bytes += name.utf8
            return bytes.count
        }
        nameBytes = bytes
        var held: [HeldTexts] = []
        texts = columns.map { column in
            guard column.validity == nil, case .string(let texts) = column.storage else {
                return nil
            }
            held.append(HeldTexts(texts))
            return held.last?.reader
        }
        self.held = held
    }

    var names: [String] { frame.knownNames }

    /// The place of a column; -1 if there is none of that name.
    func place(_ name: UnsafeBufferPointer<UInt8>) -> Int {
        nameBytes.withUnsafeBufferPointer { bytes in
            var start = 0
            for at in nameEnds.indices {
                let end = nameEnds[at]
                // SAFETY: start..<end lies in the bytes; an empty text may have no address.
                if end - start == name.count,
                    name.count == 0
                        || memcmp(
                            bytes.baseAddress.unsafelyUnwrapped + start,
                            name.baseAddress.unsafelyUnwrapped, name.count) == 0
                {
                    return at
                }
                start = end
            }
            return -1
        }
    }

    /// A cell, owned.
    func cell(_ at: Int, _ row: Int) -> Value {
        guard let texts = texts[at] else { return ArenaBuiltins.cell(columns[at], row) }
        let bytes = texts.bytes(row)
        return .text(bytes.bindMemory(to: UInt8.self), 0, bytes.count)
    }
}

/// A row in a script.
final class RowValue: HostObject {
    private let source: RowSource
    private let row: Int

    init(_ source: RowSource, _ row: Int) {
        self.source = source
        self.row = row
    }

    static let hostType = HostType(
        "row", summary: "One row of a frame: cells by the names of the columns.",
        methods: rowMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { RowValue(RowSource(source.frame), row) }
    var itemNames: [String] { source.frame.knownNames }
    var count: Int? { source.columns.count }

    func item(_ key: Value) throws(Raised) -> Value {
        if let found = found(key) { return found }
        guard let name = key.asString else {
            throw Raised(.type, "a row is indexed by a column's name, not a \(key.typeName)")
        }
        throw Raised(
            FrameError.unknownColumn(name: name, known: source.frame.knownNames, place: nil))
    }

    /// The cell of a column, owned; nil if there is none of that name.
    fileprivate func found(_ key: Value) -> Value? {
        guard key.isText else { return nil }
        let at = source.place(key.utf8)
        return at < 0 ? nil : source.cell(at, row)
    }

    func setItem(_ key: Value, _ value: Value) throws(Raised) {
        throw Raised(
            .type, "a row is a view of its frame and cannot be assigned to",
            help: "return a dict from the function: df.apply(f, axis=1) gives a frame of them")
    }

    func contains(_ value: Value) throws(Raised) -> Bool {
        value.isText && source.place(value.utf8) >= 0
    }

    func iterate() throws(Raised) -> Value? { .list(source.names.map { .string($0) }) }

    /// The cells in order, owned.
    fileprivate var cells: [Value] { source.columns.indices.map { source.cell($0, row) } }

    var entries: [(name: Value, cell: Value)] {
        zip(source.names, cells).map { (Value.string($0), $1) }
    }

    func isEqual(_ other: any HostObject) -> Bool {
        guard let other = other as? RowValue else { return false }
        return self === other || source === other.source && row == other.row
    }

    var representation: String {
        let parts = zip(source.frame.knownNames, source.columns).prefix(8).map { name, column in
            "\(name): \(String((column.text(row) ?? "None").prefix(40)))"
        }
        return "<row \(parts.joined(separator: ", "))\(source.columns.count > 8 ? ", ..." : "")>"
    }
}

private func method(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String, _ code: String,
    _ output: String, _ body: @escaping @Sendable (RowValue, Arguments) throws(Raised) -> Value
) -> Builtin {
    Builtin(
        name, [.receiver("row")] + parameters, summary,
        examples: [
            Example(
                "row = frame({\"a\": [1], \"b\": [\"x\"]}).rows()[0]\n\(code)",
                prints: output + "\n")
        ]
    ) { a throws(Raised) in try body(try a.host(0, RowValue.self, "row"), a) }
}

private let rowMethods: [Builtin] = [
    method(
        "get", [P("name", "str"), P("default", "any", .optional("None"))],
        "The cell of a column, or the default if there is no such column.",
        "print(row.get(\"a\"), row.get(\"z\", 0))", "1 0"
    ) { (row, a) throws(Raised) in
        row.found(a[1]) ?? (a[2].isUnset ? Value.none : a[2].retain())
    },
    method("keys", [], "The names of the columns.", "print(row.keys())", "['a', 'b']") {
        (row, _) throws(Raised) in try row.iterate() ?? .list()
    },
    method("values", [], "The cells.", "print(row.values())", "[1, 'x']") {
        (row, _) throws(Raised) in .list(row.cells)
    },
    method(
        "items", [], "Pairs of name and cell.", "print(row.items())", "[('a', 1), ('b', 'x')]"
    ) { (row, _) throws(Raised) in .list(row.entries.map { .tuple([$0.name, $0.cell]) }) },
    method("to_dict", [], "The row as a dict.", "print(row.to_dict())", "{'a': 1, 'b': 'x'}") {
        (row, _) throws(Raised) in
        let dict = Value.dict()
        for (name, cell) in row.entries {
            defer {
                name.release()
                cell.release()
            }
            try dict.setEntry(name, cell)
        }
        return dict
    },
]
