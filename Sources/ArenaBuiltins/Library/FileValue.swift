// `open(path, mode)`: a file to read from, or one that appears under its name when it is closed.

import ArenaCore
import ArenaLanguage

private typealias P = BuiltinParameter

/// An open file in a script.
final class FileValue: HostObject {
    let path: String
    private let isText: Bool
    private enum State {
        case reading([UInt8], Int)
        case writing(AtomicFile)
        case closed
    }
    private var state: State
    private weak var machine: Machine?

    init(_ path: String, mode: String, _ machine: Machine) throws(Raised) {
        self.path = path
        self.machine = machine
        isText = !mode.contains("b")
        switch mode.filter({ $0 != "b" && $0 != "t" }) {
        case "r":
            let bytes = try raising { () throws(FileError) in try readFile(path) }
            state = .reading(isText ? try checkedText(bytes, path) : bytes, 0)
        case "w": state = .writing(try raising { () throws(FileError) in try AtomicFile(path) })
        case "a":
            throw Raised(
                .value, "open() does not append: a file is written whole or not at all",
                help: "write_text(path, read_text(path) + more)")
        default:
            throw Raised(
                .value, "open() has no mode '\(mode)'", help: "\"r\", \"w\", \"rb\" or \"wb\"")
        }
    }

    deinit {
        if case .writing = state {
            machine?.note("\(path) was opened for writing and never closed: nothing was written")
        }
    }

    static let hostType = HostType(
        "file", summary: "An open file; what is written appears when it is closed.",
        methods: fileMethods)
    var type: HostType { Self.hostType }
    var attributeNames: [String] { ["closed", "name"] }
    var representation: String { "<file \(path)>" }

    func attribute(_ name: String) throws(Raised) -> Value? {
        switch name {
        case "name": return .string(path)
        case "closed": if case .closed = state { return .bool(true) } else { return .bool(false) }
        default: return nil
        }
    }

    private func unusable(_ doing: String) -> Raised {
        if case .closed = state {
            return Raised(.value, "the file \(path) is closed", help: "open(path) opens it again")
        }
        return Raised(
            .system, "the file \(path) is not open for \(doing)",
            help: doing == "reading" ? "open(path)" : "open(path, \"w\")")
    }

    /// The rest of the bytes.
    func readAll() throws(Raised) -> [UInt8] {
        guard case .reading(let bytes, let at) = state else { throw unusable("reading") }
        state = .reading(bytes, bytes.count)
        return at == 0 ? bytes : Array(bytes[at...])
    }

    /// Bytes up to a limit in characters (bytes in a binary file), or the next line.
    fileprivate func take(count: Int?, line: Bool) throws(Raised) -> Value {
        guard case .reading(let bytes, let start) = state else { throw unusable("reading") }
        var end = start
        if line {
            end = bytes[start...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
        } else if let count, count >= 0 {
            var left = count
            while end < bytes.count, left > 0 {
                end += 1
                while isText, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
                left -= 1
            }
        } else {
            end = bytes.count
        }
        state = .reading(bytes, end)
        return value(bytes[start..<end])
    }

    private func value(_ bytes: ArraySlice<UInt8>) -> Value {
        isText ? .string(bytes) : .byteString(bytes)
    }

    /// The remaining lines with their ends.
    fileprivate func lines() throws(Raised) -> Value {
        guard case .reading(let bytes, var start) = state else { throw unusable("reading") }
        let list = Value.list()
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
            list.add(value(bytes[start..<end]))
            start = end
        }
        state = .reading(bytes, start)
        return list
    }

    func iterate() throws(Raised) -> Value? { try lines() }

    func write(_ bytes: some Collection<UInt8>) throws(Raised) {
        guard case .writing(let file) = state else { throw unusable("writing") }
        try raising { () throws(FileError) in try file.write(bytes) }
    }

    fileprivate func write(_ v: Value) throws(Raised) -> Int {
        guard isText ? v.isText : v.isBytes else {
            throw Raised(
                .type,
                "write(): \(isText ? "a text file takes a str" : "a binary file takes bytes"), not \(v.typeWithArticle)",
                help: isText ? "f.write(str(x))" : "open(path, \"w\") writes text")
        }
        try write(v.utf8)
        return isText ? v.scalarCount : v.utf8.count
    }

    func close() throws(Raised) {
        let before = state
        state = .closed
        if case .writing(let file) = before {
            try raising { () throws(FileError) in try file.commit() }
        }
    }

    func enter() throws(Raised) -> Value {
        if case .closed = state { throw unusable("reading") }
        return .host(self)
    }

    func leave(failed: Bool) throws(Raised) {
        if failed {
            // The temporary file goes away with the last reference to it.
            state = .closed
        } else {
            try close()
        }
    }
}

let openFunction = Builtin(
    "open",
    [
        P("path", "str"), P("mode", "str", .optional("\"r\"")),
        P("encoding", "str", .named("\"utf-8\"")), P("newline", "str", .named("None")),
    ],
    "Opens a file to read (\"r\", \"rb\") or to write (\"w\", \"wb\"); text is UTF-8.",
    examples: [
        Example(
            "f = open(\".build/open.txt\", \"w\")\nf.write(\"one\\ntwo\\n\")\nf.close()\nfor line in open(\".build/open.txt\"):\n    print(line, end=\"\")",
            prints: "one\ntwo\n")
    ]
) { a throws(Raised) in
    if let encoding = try a.optionalString(2),
        !["utf-8", "utf8"].contains(encoding.lowercased())
    {
        throw Raised(.value, "open() reads UTF-8, not '\(encoding)'", help: "leave encoding= out")
    }
    return .host(
        try FileValue(
            try a.string(0), mode: a.has(1) ? try a.string(1) : "r", a.machine))
}

private func fileMethod(
    _ name: String, _ parameters: [BuiltinParameter], _ summary: String,
    _ body: @escaping @Sendable (FileValue, Arguments) throws(Raised) -> Value
) -> Builtin {
    Builtin(name, [.receiver("file")] + parameters, summary) { a throws(Raised) in
        try body(try a.host(0, FileValue.self, "file"), a)
    }
}

private let fileMethods: [Builtin] = [
    fileMethod("close", [], "Closes the file; what was written appears under its name.") {
        (f, a) throws(Raised) in
        try f.close()
        return .none
    },
    fileMethod("read", [P("n", "int", .optional("-1"))], "The rest of the file, or n characters.") {
        (f, a) throws(Raised) in try f.take(count: a.has(1) ? try a.int(1) : nil, line: false)
    },
    fileMethod("readline", [], "The next line with its end; empty at the end of the file.") {
        (f, a) throws(Raised) in try f.take(count: nil, line: true)
    },
    fileMethod("readlines", [], "The remaining lines with their ends.") {
        (f, a) throws(Raised) in try f.lines()
    },
    fileMethod("write", [P("text", "str or bytes")], "Adds text; gives its length.") {
        (f, a) throws(Raised) in .int(try f.write(a[1]))
    },
    fileMethod(
        "writelines", [P("lines", "list of str")], "Adds texts one after the other, as they are."
    ) { (f, a) throws(Raised) in
        let list = try a.iterable(1)
        defer { list.release() }
        for item in list.items ?? UnsafeBufferPointer(start: nil, count: 0) {
            _ = try f.write(item)
        }
        return .none
    },
]
