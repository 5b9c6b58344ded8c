// Text around columns: template("<prompt>: {prompt}") applied to a frame gives one text a row.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// A template, called with a frame.
final class TemplateValue: HostObject {
    enum Piece {
        case text([UInt8])
        case column(String)
    }

    private let source: String
    private let pieces: [Piece]

    init(_ source: String) throws(Raised) {
        self.source = source
        pieces = try Self.parse(source)
    }

    static let hostType = HostType("template", summary: "Text with columns in it.", methods: [])
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { self }
    var representation: String { "<template \(source.debugDescription)>" }

    private static let signature = Builtin(
        "template", [P("frame", "frame")], "One text a row, with the columns filled in."
    ) { a throws(Raised) in .none }
    var callSignature: Builtin? { Self.signature }

    func call(_ arguments: Arguments) throws(Raised) -> Value? {
        let frame = try arguments.frame(0)
        var columns: [String: (texts: TextStorage, column: Column)] = [:]
        for case .column(let name) in pieces where columns[name] == nil {
            let series = try framing { () throws(FrameError) in try frame.series(name) }
            columns[name] = (try columnTexts(series), series.column)
            if series.column.missingCount > 0 {
                arguments.machine.note(
                    "template: \(series.column.missingCount) missing cells of '\(name)' count as empty text"
                )
            }
        }
        let result = try framing { () throws(FrameError) in
            var builder = TextBuilder()
            var row: [UInt8] = []
            for r in 0..<frame.rowCount {
                row.removeAll(keepingCapacity: true)
                for piece in pieces {
                    switch piece {
                    case .text(let text): row += text
                    case .column(let name):
                        guard let (texts, column) = columns[name], !column.isMissing(r) else {
                            continue
                        }
                        texts.withBytes(at: r) { row += $0 }
                    }
                }
                let failure: FrameError? = row.withUnsafeBytes { bytes in
                    do throws(FrameError) { try builder.append(bytes) } catch { return error }
                    return nil
                }
                if let failure { throw failure }
            }
            return try Series(
                name: "text", column: Column(.string(builder.finish())), key: frame.key)
        }
        return value(result)
    }

    private static func parse(_ source: String) throws(Raised) -> [Piece] {
        var pieces: [Piece] = []
        var text: [UInt8] = []
        let bytes = Array(source.utf8)
        var i = 0
        let open = UInt8(ascii: "{")
        let close = UInt8(ascii: "}")
        while i < bytes.count {
            let c = bytes[i]
            if c == open || c == close, i + 1 < bytes.count, bytes[i + 1] == c {
                text.append(c)
                i += 2
            } else if c == open {
                guard let end = bytes[i...].firstIndex(of: close), end > i + 1 else {
                    throw Raised(
                        .value, "the template has a '{' without a column name and '}'",
                        help: "write '{{' for a brace")
                }
                if !text.isEmpty { pieces.append(.text(text)) }
                text = []
                pieces.append(.column(String(decoding: bytes[i + 1..<end], as: UTF8.self)))
                i = end + 1
            } else if c == close {
                throw Raised(
                    .value, "the template has a single '}'", help: "write '}}' for a brace")
            } else {
                text.append(c)
                i += 1
            }
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        return pieces
    }
}

let templateFunction = Builtin(
    "template", [P("text", "str", .required, "text with {column} names in it; '{{' is a brace")],
    "Makes a text of each row: call the result with a frame.",
    examples: [
        Example(
            "pair = template(\"<a>: {a}\")\nprint(list(pair(frame({\"a\": [\"x\", \"y\"]}))))",
            prints: "['<a>: x', '<a>: y']\n")
    ]
) { a throws(Raised) in .host(try TemplateValue(try a.string(0))) }

/// A column as text; numbers as they print.
func columnTexts(_ series: Series) throws(Raised) -> TextStorage {
    switch series.column.storage {
    case .string(let texts): return texts
    case .turns:
        throw Raised(
            .type, "column '\(series.name)' holds lists of turns",
            help: "join them first: df[\"\(series.name)\"].join(\" \")")
    case .bool, .int64, .float64, .float32, .ints, .floats, .matrix, .categorical, .timestamp:
        return try framing { () throws(FrameError) in
            try TextStorage((0..<series.count).map { series.column.text($0) ?? "" })
        }
    }
}
