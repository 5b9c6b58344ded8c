// `json`: Python's dialect of JSON. Reading goes through ArenaCore's document; writing gives the text
// that Python's `json.dumps` gives, byte by byte.

import ArenaCore
import ArenaLanguage

private typealias P = BuiltinParameter

let jsonModule = Module(
    "json", "Reads and writes JSON as Python's json does.",
    [
        moduleFunction(
            "loads", [P("text", "str or bytes")], "The value that a JSON text stands for.",
            examples: [
                Example(
                    "print(json.loads('{\"a\": [1, 2.5, null], \"b\": \"\\\\u00e9\"}'))",
                    prints: "{'a': [1, 2.5, None], 'b': 'é'}\n")
            ]
        ) { a throws(Raised) in
            guard a[1].isText || a[1].isBytes else {
                throw Raised(
                    .type, "loads(): 'text' must be a str or bytes, not \(a[1].typeWithArticle)",
                    help: "json.load(path) reads a file")
            }
            return try loaded(Array(a[1].utf8), path: nil)
        },
        moduleFunction(
            "load", [P("path", "str or file")], "The value in a JSON file.",
            examples: [
                Example(
                    "json.dump([1, True], \".build/load.json\")\nprint(json.load(\".build/load.json\"))",
                    prints: "[1, True]\n")
            ]
        ) { a throws(Raised) in
            if let file = a[1].asHost as? FileValue {
                return try loaded(try file.readAll(), path: file.path)
            }
            let path = try a.string(1)
            return try loaded(
                try raising { () throws(FileError) in try readFile(path) }, path: path)
        },
        moduleFunction(
            "dumps", [P("x", "any")] + writerParameters, "The value as JSON text.",
            examples: [
                Example(
                    "print(json.dumps({\"b\": 1, \"a\": [None, \"é\"]}, sort_keys=True, ensure_ascii=False))",
                    prints: "{\"a\": [null, \"é\"], \"b\": 1}\n")
            ]
        ) { a throws(Raised) in
            var writer = try JSONWriter(a, from: 2)
            try writer.write(a[1])
            return .string(writer.out)
        },
        moduleFunction(
            "dump", [P("x", "any"), P("path", "str or file")] + writerParameters,
            "Writes the value to a JSON file, whole or not at all.",
            examples: [
                Example(
                    "json.dump({\"a\": 1}, \".build/dump.json\")\nprint(read_text(\".build/dump.json\"))",
                    prints: "{\"a\": 1}\n")
            ]
        ) { a throws(Raised) in
            var writer = try JSONWriter(a, from: 3)
            try writer.write(a[1])
            if let file = a[2].asHost as? FileValue {
                try file.write(writer.out)
                return .none
            }
            let path = try a.string(2)
            try raising { () throws(FileError) in try writeFile(path, writer.out) }
            return .none
        },
    ])

private let writerParameters = [
    P("indent", "int or str", .named("None"), "spaces, or text, a level"),
    P("sort_keys", "bool", .named("False")), P("ensure_ascii", "bool", .named("True")),
    P("separators", "(str, str)", .named("None"), "between items, and after a key"),
    P("allow_nan", "bool", .named("True")),
]

// MARK: - Reading

private func loaded(_ text: [UInt8], path: String?) throws(Raised) -> Value {
    let document: JSONDocument
    do {
        document = try JSONDocument(text, name: path ?? "the text", dialect: .python)
    } catch {
        throw unreadable(error, text, path)
    }
    var loader = JSONLoader()
    defer { loader.release() }
    return try loader.value(of: document.root)
}

/// The error in words: where, what was wanted, what is there.
private func unreadable(_ error: JSONError, _ text: [UInt8], _ path: String?) -> Raised {
    guard case .syntax(let place, let expected) = error, let line = place.line,
        let column = place.column
    else { return Raised(error) }
    var start = 0
    var lines = 1
    for (i, c) in text.enumerated() where c == 10 {
        if lines == line { break }
        lines += 1
        start = i + 1
    }
    let at = start + column - 1
    let found: String
    if text.isEmpty {
        found = "the text is empty"
    } else if at >= text.count {
        found = "the text ends there"
    } else {
        var end = at + 1
        while end < text.count, end < at + 60, text[end] & 0xC0 == 0x80 || end < at + 12 {
            end += 1
        }
        while end > at + 1, end < text.count, text[end] & 0xC0 == 0x80 { end -= 1 }
        let piece =
            text[at..<end].split(separator: 10, omittingEmptySubsequences: false).first ?? []
        found =
            piece.isEmpty
            ? "the line ends there" : "there is \(shown(piece))"
    }
    let characters = text[start..<min(at, text.count)].reduce(1) {
        $0 + ($1 & 0xC0 != 0x80 ? 1 : 0)
    }
    let wanted = expected.hasSuffix(", found the end of the text") ? "a value" : expected
    return Raised(
        .value,
        "not valid JSON: expected \(wanted) at line \(line), column \(characters); \(found)",
        help: hint(text, at), input: path.map { FilePlace($0, line: line, column: characters) })
}

/// Bytes in quotes, fit to be shown.
private func shown(_ bytes: ArraySlice<UInt8>) -> String {
    Array(bytes).withUnsafeBufferPointer { quotedText($0) }
}

/// What to do about the usual ways in which a text is nearly JSON.
private func hint(_ text: [UInt8], _ at: Int) -> String? {
    guard at < text.count else { return nil }
    switch text[at] {
    case UInt8(ascii: "'"):
        return "JSON has double quotes; this looks like Python's repr of a value"
    case UInt8(ascii: "T"), UInt8(ascii: "F"), UInt8(ascii: "N"):
        return "JSON writes true, false and null"
    case UInt8(ascii: "]"), UInt8(ascii: "}"): return "no comma stands before a closing bracket"
    case 0xEF where at == 0: return "the text begins with a byte order mark: take it off, text[1:]"
    default: return nil
    }
}

/// Makes values of a document. Objects of one text mostly have the same few keys, so these are kept.
private struct JSONLoader {
    private var keys = [Value](repeating: .none, count: 256)

    func release() { for key in keys { key.release() } }

    /// A key, owned.
    private mutating func key(_ bytes: UnsafeRawBufferPointer) -> Value {
        let text = bytes.assumingMemoryBound(to: UInt8.self)
        let n = text.count
        guard n > 0, n < 64 else { return .text(text, 0, n) }
        let slot = (Int(text[0]) &* 31 &+ Int(text[n - 1]) &* 7 &+ Int(text[n / 2]) &+ n) & 255
        let known = keys[slot]
        if !known.isNone, known.utf8.elementsEqual(text) { return known.retain() }
        known.release()
        let made = Value.text(text, 0, n)
        keys[slot] = made.retain()
        return made
    }

    mutating func value(of json: JSONValue) throws(Raised) -> Value {
        switch json.kind {
        case .null: return .none
        case .bool: return .bool(json.bool ?? false)
        case .number:
            if let n = json.int { return .int(n) }
            let text = json.numberText
            if text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 || $0 == UInt8(ascii: "-") }) {
                return try integerValue(fromDecimal: text)
            }
            return .float(Double(text) ?? .nan)
        case .string:
            return json.withStringBytes {
                .text($0.assumingMemoryBound(to: UInt8.self), 0, $0.count)
            } ?? .none
        case .array:
            let list = Value.list(capacity: json.count)
            do throws(Raised) {
                try json.forEachElement { (_, element) throws(Raised) in
                    list.add(try value(of: element))
                }
            } catch {
                list.release()
                throw error
            }
            return list
        case .object:
            let dict = Value.dict()
            do throws(Raised) {
                try json.forEachMember { (name, member) throws(Raised) in
                    let name = name.withStringBytes { key($0) } ?? .none
                    defer { name.release() }
                    let item = try value(of: member)
                    defer { item.release() }
                    try dict.setEntry(name, item)
                }
            } catch {
                dict.release()
                throw error
            }
            return dict
        }
    }
}

// MARK: - Writing

private struct JSONWriter {
    var out: [UInt8] = []
    private let machine: Machine
    private var indent: [UInt8]?
    private let sortsKeys: Bool
    private let ascii: Bool
    private let allowsNaN: Bool
    private var itemSeparator: [UInt8] = [44, 32]
    private var keySeparator: [UInt8] = [58, 32]
    private var open: [UInt64] = []
    private static let depthLimit = 900

    init(_ a: Arguments, from first: Int) throws(Raised) {
        machine = a.machine
        if a.has(first) {
            if a[first].isText {
                indent = Array(a[first].utf8)
            } else {
                indent = [UInt8](repeating: 32, count: min(max(0, try a.int(first)), 1000))
            }
            itemSeparator = [44]
        }
        sortsKeys = try a.bool(first + 1, or: false)
        ascii = try a.bool(first + 2, or: true)
        if a.has(first + 3) {
            guard let two = a[first + 3].items, two.count == 2, two[0].isText, two[1].isText else {
                throw Raised(
                    .type, "\(a.builtin.name)(): 'separators' must be two strings",
                    help: "separators=(\",\", \":\")")
            }
            itemSeparator = Array(two[0].utf8)
            keySeparator = Array(two[1].utf8)
        }
        allowsNaN = try a.bool(first + 4, or: true)
    }

    mutating func write(_ v: Value) throws(Raised) {
        try machine.pollInBuiltin()
        if v.isNone {
            out += "null".utf8
        } else if let b = v.asBool {
            out += (b ? "true" : "false").utf8
        } else if v.isText {
            quote(v.utf8)
        } else if v.typeName == "int" {
            // Of any size.
            out += machine.text(of: v).utf8
        } else if v.isNumber, let x = v.asDouble {
            out += try number(x).utf8
        } else if let items = v.items {
            try container(v, 91, 93, items.count) { (w, i) throws(Raised) in
                // The list cannot change meanwhile: nothing here calls the script.
                try w.write(items[i])
            }
        } else if v.isDict {
            try dict(v)
        } else {
            let help: String? =
                switch v.typeName {
                case "set", "range", "column": "json.dumps(list(x))"
                case "counter": "json.dumps(dict(x.items()))"
                default: nil
                }
            throw Raised(.type, "\(v.typeWithArticle) cannot be written as JSON", help: help)
        }
    }

    private func number(_ x: Double) throws(Raised) -> String {
        if x.isFinite { return floatText(x) }
        if !allowsNaN {
            throw Raised(.value, "\(floatText(x)) has no place in JSON", help: "allow_nan=True")
        }
        return x.isNaN ? "NaN" : x < 0 ? "-Infinity" : "Infinity"
    }

    private mutating func dict(_ v: Value) throws(Raised) {
        var entries = v.dictItems ?? []
        if sortsKeys {
            var failure: Raised?
            entries.sort { x, y in
                do throws(Raised) { return try x.key.isBefore(y.key) } catch {
                    failure = failure ?? error
                    return false
                }
            }
            if let failure { throw failure }
        }
        try container(v, 123, 125, entries.count) { (w, i) throws(Raised) in
            let key = entries[i].key
            if key.isText {
                w.quote(key.utf8)
            } else if key.isNone || key.isNumber || key.typeName == "int" {
                let text: String
                if key.isNone {
                    text = "null"
                } else if let b = key.asBool {
                    text = b ? "true" : "false"
                } else if key.typeName != "int", let x = key.asDouble {
                    text = try w.number(x)
                } else {
                    text = w.machine.text(of: key)
                }
                w.quoteASCII(text)
            } else {
                throw Raised(
                    .type,
                    "keys in JSON are str, int, float, bool or None, not \(key.typeWithArticle)",
                    help: "make them text first: {str(k): v for k, v in d.items()}")
            }
            w.out += w.keySeparator
            try w.write(entries[i].value)
        }
    }

    private mutating func quoteASCII(_ text: String) {
        out.append(34)
        out += text.utf8
        out.append(34)
    }

    private mutating func container(
        _ v: Value, _ first: UInt8, _ last: UInt8, _ count: Int,
        _ item: (inout JSONWriter, Int) throws(Raised) -> Void
    ) throws(Raised) {
        out.append(first)
        defer { out.append(last) }
        if count == 0 { return }
        if open.contains(v.identity) {
            throw Raised(.value, "the \(v.typeName) contains itself, so JSON cannot write it")
        }
        if open.count > Self.depthLimit {
            throw Raised(.recursion, "the value is nested more than \(Self.depthLimit) deep")
        }
        open.append(v.identity)
        for i in 0..<count {
            if i > 0 { out += itemSeparator }
            newLine()
            try item(&self, i)
        }
        open.removeLast()
        newLine()
    }

    private mutating func newLine() {
        guard let indent else { return }
        out.append(10)
        for _ in 0..<open.count { out += indent }
    }

    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        out.append(34)
        var i = 0
        while i < text.count {
            var plain = i
            while plain < text.count, text[plain] >= 32, text[plain] != 34, text[plain] != 92,
                text[plain] < 127 || !ascii
            {
                plain += 1
            }
            if plain > i { out += text[i..<plain] }
            i = plain
            guard i < text.count else { break }
            let c = text[i]
            switch c {
            case 34: out += "\\\"".utf8
            case 92: out += "\\\\".utf8
            case 10: out += "\\n".utf8
            case 13: out += "\\r".utf8
            case 9: out += "\\t".utf8
            case 12: out += "\\f".utf8
            case 8: out += "\\b".utf8
            case 0..<32, 127: escape(UInt32(c))
            default:
                let n = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4
                var code = UInt32(c) & (n == 2 ? 0x1F : n == 3 ? 0x0F : 0x07)
                for k in 1..<n where i + k < text.count {
                    code = code << 6 | UInt32(text[i + k] & 63)
                }
                if code > 0xFFFF {
                    escape(0xD800 + (code - 0x10000) >> 10)
                    escape(0xDC00 + (code - 0x10000) & 0x3FF)
                } else {
                    escape(code)
                }
                i += n - 1
            }
            i += 1
        }
        out.append(34)
    }

    private mutating func escape(_ code: UInt32) {
        let digits = Array("0123456789abcdef".utf8)
        out += [92, 117]
        for shift in [12, 8, 4, 0] as [UInt32] { out.append(digits[Int(code >> shift & 15)]) }
    }
}
