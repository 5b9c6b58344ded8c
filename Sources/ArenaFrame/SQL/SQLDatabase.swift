// A connection to SQLite: a file, or the frames of a query. Its errors become facts with the place in
// the query; its rows become a frame.

import ArenaCore
import CSQLite
import Glibc

/// What SQLite says is wrong with a query or a file.
package struct SQLFault: Sendable, Equatable {
    /// In SQLite's words: "no such column: promt".
    package var message: String
    package var query: String?
    /// Where in the query, in bytes from 0; nil where it does not say.
    package var offset: Int?
    /// The file; nil where the tables are frames.
    package var path: String?
    /// The names that there are, where one is unknown.
    package var known: [String]
}

/// Is asked now and then during a query; true ends it.
package typealias SQLPoll = () -> Bool

final class SQLDatabase {
    let handle: OpaquePointer
    let path: String?
    /// The names of tables and columns, for errors.
    var known: [String] = []
    /// What virtual tables read: it goes when the connection has been closed.
    private var owners: [AnyObject] = []

    enum Mode { case memory, read, write }

    /// Opens a database.
    /// - Throws: `FrameError.file`, `.sql`.
    init(_ path: String?, mode: Mode) throws(FrameError) {
        self.path = path
        if let path, mode == .read {
            // What is missing or a folder is said as of any file.
            do { _ = try MappedFile(path) } catch { throw .file(error) }
        }
        func open(_ name: String, _ flags: Int32) -> (Int32, OpaquePointer?) {
            var handle: OpaquePointer?
            let code = sqlite3_open_v2(name, &handle, flags | SQLITE_OPEN_NOMUTEX, nil)
            return (code, handle)
        }
        var (code, opened): (Int32, OpaquePointer?)
        switch mode {
        case .memory: (code, opened) = open(":memory:", SQLITE_OPEN_READWRITE)
        case .read: (code, opened) = open(path ?? "", SQLITE_OPEN_READONLY)
        case .write: (code, opened) = open(path ?? "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
        }
        if mode == .read, let path, let first = opened,
            sqlite3_exec(first, "SELECT 1 FROM sqlite_schema", nil, nil, nil) == SQLITE_CANTOPEN,
            !fileExists(path + "-wal")
        {
            // A write-ahead database in a folder that cannot be written: nobody changes it either.
            sqlite3_close_v2(first)
            (code, opened) = open(
                "file:\(Self.escaped(path))?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
        }
        guard let opened else { throw .outOfMemory(bytes: 1 << 16) }
        handle = opened
        guard code == SQLITE_OK else { throw fault(nil) }
        arena_sqlite_harden(handle)
        sqlite3_busy_timeout(handle, 5000)
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        if mode == .read {
            sqlite3_exec(handle, "PRAGMA cell_size_check=ON; PRAGMA mmap_size=0", nil, nil, nil)
        }
    }

    deinit { sqlite3_close_v2(handle) }

    /// Keeps what the connection reads as long as the connection.
    func own(_ owner: AnyObject) { owners.append(owner) }

    private static func escaped(_ path: String) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        for byte in (path.hasPrefix("/") ? path : "./" + path).utf8 {
            if [UInt8(ascii: "?"), UInt8(ascii: "#"), UInt8(ascii: "%")].contains(byte) {
                out += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            } else {
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// The last error of the connection.
    func fault(_ query: String?) -> FrameError {
        let code = sqlite3_errcode(handle)
        if code == SQLITE_NOMEM { return .outOfMemory(bytes: 0) }
        var offset: Int?
        let at = sqlite3_error_offset(handle)
        if query != nil, at >= 0 { offset = Int(at) }
        return .sql(
            SQLFault(
                message: String(cString: sqlite3_errmsg(handle)), query: query, offset: offset,
                path: path, known: known))
    }

    /// Runs statements that give nothing.
    func run(_ sql: String) throws(FrameError) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw fault(sql) }
    }

    /// Prepares the one statement of a query, which reads unless it is said to write.
    func prepare(
        _ query: String, writing: Bool = false
    ) throws(FrameError) -> SQLStatement {
        let text = Array(query.utf8CString)
        var statement: OpaquePointer?
        var rest = 0
        let code = text.withUnsafeBufferPointer { buffer -> Int32 in
            var tail: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v2(
                handle, buffer.baseAddress, Int32(clamping: buffer.count), &statement, &tail)
            if let tail, let base = buffer.baseAddress { rest = tail - base }
            return code
        }
        guard code == SQLITE_OK else { throw fault(query) }
        guard let statement else {
            throw .sql(
                SQLFault(
                    message: "the query is empty", query: nil, offset: nil, path: path, known: []))
        }
        let made = SQLStatement(statement, of: self, query)
        if !writing, sqlite3_stmt_readonly(statement) == 0 {
            throw .sql(
                SQLFault(
                    message: "not authorized", query: query, offset: 0, path: path, known: []))
        }
        let tail = text[min(rest, text.count)...].prefix { $0 != 0 }
        if let more = tail.firstIndex(where: { ![32, 9, 10, 13, 59].contains($0) }),
            tail[more] != 45 || tail.dropFirst(more - tail.startIndex + 1).first != 45
        {
            throw .sql(
                SQLFault(
                    message: "more than one statement", query: query, offset: more, path: path,
                    known: []))
        }
        return made
    }

    /// The names of the tables and views of a file.
    func tables() throws(FrameError) -> [String] {
        let statement = try prepare(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') "
                + "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name")
        var names: [String] = []
        while try statement.step() { names.append(statement.text(0)) }
        return names
    }

    /// Calls `poll` every so many steps of the machine while `body` runs.
    func polling<T>(
        _ poll: SQLPoll?, _ body: () throws(FrameError) -> T
    ) throws(FrameError) -> T {
        guard let poll else { return try body() }
        let box = Unmanaged.passRetained(PollBox(poll))
        defer {
            sqlite3_progress_handler(handle, 0, nil, nil)
            box.release()
        }
        // SAFETY: the box lives until the handler is taken away again.
        sqlite3_progress_handler(
            handle, 50_000,
            { raw in
                guard let raw else { return 0 }
                return Unmanaged<PollBox>.fromOpaque(raw).takeUnretainedValue().poll() ? 1 : 0
            }, box.toOpaque())
        return try body()
    }
}

private final class PollBox {
    let poll: SQLPoll
    init(_ poll: @escaping SQLPoll) { self.poll = poll }
}

/// A prepared statement.
final class SQLStatement {
    let handle: OpaquePointer
    let database: SQLDatabase
    let query: String

    init(_ handle: OpaquePointer, of database: SQLDatabase, _ query: String) {
        self.handle = handle
        self.database = database
        self.query = query
    }

    deinit { sqlite3_finalize(handle) }

    /// Moves to the next row; false behind the last.
    func step() throws(FrameError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw database.fault(query)
        }
    }

    var columnCount: Int { Int(sqlite3_column_count(handle)) }

    func name(_ column: Int) -> String {
        sqlite3_column_name(handle, Int32(column)).map { String(cString: $0) } ?? ""
    }

    /// The type that the column was declared with, in capitals; empty for expressions.
    func declaredType(_ column: Int) -> String {
        sqlite3_column_decltype(handle, Int32(column)).map { String(cString: $0).uppercased() }
            ?? ""
    }

    func text(_ column: Int) -> String {
        String(decoding: bytes(column), as: UTF8.self)
    }

    /// The bytes of a text or blob, until the next step.
    func bytes(_ column: Int) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, Int32(column))
        let count = Int(sqlite3_column_bytes(handle, Int32(column)))
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
    }

    /// Gives the query's parameters their values: by place, or by name.
    func bind(_ values: [SQLParameter]) throws(FrameError) {
        let wanted = Int(sqlite3_bind_parameter_count(handle))
        var given = Set<Int>()
        for (place, value) in values.enumerated() {
            var at = place + 1
            if let name = value.name {
                at =
                    [":", "@", "$"].lazy.map {
                        Int(sqlite3_bind_parameter_index(self.handle, $0 + name))
                    }.first { $0 > 0 } ?? 0
            }
            guard at > 0, at <= wanted else {
                throw fault("the query has no parameter \(value.name ?? "number \(place + 1)")")
            }
            given.insert(at)
            let code: Int32
            switch value.value {
            case .missing: code = sqlite3_bind_null(handle, Int32(at))
            case .bool(let truth): code = sqlite3_bind_int64(handle, Int32(at), truth ? 1 : 0)
            case .int(let n): code = sqlite3_bind_int64(handle, Int32(at), n)
            case .float(let x): code = sqlite3_bind_double(handle, Int32(at), x)
            case .string(let text):
                code = arena_sqlite_copy_text(handle, Int32(at), text, text.utf8.count)
            }
            guard code == SQLITE_OK else { throw database.fault(query) }
        }
        if let lacking = (1...max(1, wanted)).first(where: { $0 <= wanted && !given.contains($0) })
        {
            let name = sqlite3_bind_parameter_name(handle, Int32(lacking)).map {
                String(cString: $0)
            }
            throw fault("params= has no value for \(name ?? "parameter number \(lacking)")")
        }
    }

    func fault(_ message: String) -> FrameError {
        .sql(
            SQLFault(
                message: message, query: query, offset: nil, path: database.path,
                known: database.known))
    }
}

/// A value for a parameter of a query: `?` by place, `:name` by name.
package struct SQLParameter: Sendable {
    package var name: String?
    package var value: Scalar

    package init(name: String? = nil, _ value: Scalar) {
        self.name = name
        self.value = value
    }
}

/// A name as SQL has it, in double quotes.
func quotedName(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
}
