// The journal's connection to SQLite: statements kept prepared, values in and out, transactions that are
// on disk when they return. One thread at a time.

import ArenaCore
import CSQLite

/// A value as SQLite stores it.
enum JournalValue: Sendable, Equatable {
    case null
    case int(Int)
    case real(Double)
    case text(String)
    case blob([UInt8])

    init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    init(_ number: Int?) { self = number.map { .int($0) } ?? .null }
    init(_ number: Double?) { self = number.map { .real($0) } ?? .null }
}

/// What a commit outlives.
enum Durability: Sendable {
    /// The end of the process, however it comes.
    case process
    /// The end of the machine as well: the disk has been waited for.
    case machine
}

final class JournalDatabase {
    let path: String
    private let handle: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]
    /// What commits outlive at present.
    private var durability = Durability.machine
    /// Whether less than the machine can be asked for: SQLite's older journal would lie torn.
    private var writesAhead = false

    /// Opens the file, or makes it.
    /// - Parameter vfs: the name of SQLite's layer below, nil for the system's.
    /// - Throws: `JournalError`.
    init(_ path: String, reading: Bool = false, vfs: String? = nil) throws(JournalError) {
        self.path = path
        var opened: OpaquePointer?
        let access = reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        let code = sqlite3_open_v2(path, &opened, access | SQLITE_OPEN_FULLMUTEX, vfs)
        guard let opened else {
            throw .sqlite(path: path, code: SQLITE_NOMEM, message: "out of memory")
        }
        handle = opened
        guard code == SQLITE_OK else { throw lastError() }
        sqlite3_extended_result_codes(handle, 1)
        arena_sqlite_harden(handle)
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
        sqlite3_busy_timeout(handle, 30_000)
        // Pages are not mapped: a file that another process cuts short is an error, not a signal.
        try run("PRAGMA mmap_size=0")
        if reading { return }
        // Rows come in the order of their digests, each to a page of its own: small pages are less to write.
        // A file that is there keeps its own.
        try run("PRAGMA page_size=1024")
        // Where a file system cannot share memory SQLite keeps its older journal: as safe, slower.
        writesAhead = try first("PRAGMA journal_mode=WAL") { $0.text(0) } == "wal"
        try run("PRAGMA synchronous=FULL")
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close_v2(handle)
    }

    /// Runs a statement that gives nothing.
    func run(_ sql: String, _ values: JournalValue...) throws(JournalError) {
        try run(sql, values)
    }

    func run(_ sql: String, _ values: [JournalValue]) throws(JournalError) {
        let statement = try prepared(sql, values)
        defer { sqlite3_reset(statement) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: continue
            case SQLITE_DONE: return
            default: throw lastError()
            }
        }
    }

    /// What `read` makes of each row of a query.
    func rows<T>(
        _ sql: String, _ values: JournalValue..., read: (JournalRow) -> T
    ) throws(JournalError) -> [T] {
        let statement = try prepared(sql, values)
        defer { sqlite3_reset(statement) }
        var result: [T] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: result.append(read(JournalRow(statement: statement)))
            case SQLITE_DONE: return result
            default: throw lastError()
            }
        }
    }

    /// The same for the first row; nil if there is none.
    func first<T>(
        _ sql: String, _ values: JournalValue..., read: (JournalRow) -> T
    ) throws(JournalError) -> T? {
        let statement = try prepared(sql, values)
        defer { sqlite3_reset(statement) }
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return read(JournalRow(statement: statement))
        case SQLITE_DONE: return nil
        default: throw lastError()
        }
    }

    /// Runs statements that stand or fall together, and then are safe.
    func transaction<T>(
        _ durability: Durability = .machine, _ body: () throws(JournalError) -> T
    ) throws(JournalError) -> T {
        try makeCommits(durability)
        // A statement alone is a transaction too, and waits for the disk.
        defer { try? makeCommits(.machine) }
        try run("BEGIN IMMEDIATE")
        do throws(JournalError) {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            // After a full disk SQLite may have rolled back itself: a second time does no harm.
            try? run("ROLLBACK")
            throw error
        }
    }

    private func makeCommits(_ durability: Durability) throws(JournalError) {
        let wanted = writesAhead ? durability : .machine
        guard wanted != self.durability else { return }
        // It takes effect when it is prepared, so it cannot be kept prepared.
        let pragma = "PRAGMA synchronous=\(wanted == .machine ? "FULL" : "NORMAL")"
        guard sqlite3_exec(handle, pragma, nil, nil, nil) == SQLITE_OK else { throw lastError() }
        self.durability = wanted
    }

    /// Copies the file without its empty pages. SQLite attaches the copy, which nothing else may.
    func vacuum() throws(JournalError) {
        sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 1)
        defer { sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0) }
        try run("VACUUM")
    }

    var lastInsertID: Int { Int(sqlite3_last_insert_rowid(handle)) }

    private func prepared(
        _ sql: String, _ values: [JournalValue]
    ) throws(JournalError) -> OpaquePointer {
        let statement: OpaquePointer
        if let kept = statements[sql] {
            statement = kept
        } else {
            var made: OpaquePointer?
            guard sqlite3_prepare_v2(handle, sql, -1, &made, nil) == SQLITE_OK, let made else {
                throw lastError()
            }
            statements[sql] = made
            statement = made
        }
        for (i, value) in values.enumerated() {
            let at = Int32(i + 1)
            let code: Int32
            switch value {
            case .null: code = sqlite3_bind_null(statement, at)
            case .int(let n): code = sqlite3_bind_int64(statement, at, Int64(n))
            case .real(let x): code = sqlite3_bind_double(statement, at, x)
            case .text(let text):
                code = arena_sqlite_copy_text(statement, at, text, text.utf8.count)
            case .blob(let bytes):
                code = arena_sqlite_copy_blob(statement, at, bytes, bytes.count)
            }
            guard code == SQLITE_OK else { throw lastError() }
        }
        return statement
    }

    private func lastError() -> JournalError {
        JournalError(
            path: path, code: sqlite3_extended_errcode(handle),
            message: String(cString: sqlite3_errmsg(handle)))
    }
}

/// A row of a result, valid while it is read.
struct JournalRow {
    let statement: OpaquePointer

    func isNull(_ column: Int) -> Bool {
        sqlite3_column_type(statement, Int32(column)) == SQLITE_NULL
    }
    func int(_ column: Int) -> Int { Int(sqlite3_column_int64(statement, Int32(column))) }
    func real(_ column: Int) -> Double { sqlite3_column_double(statement, Int32(column)) }
    func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }
    func blob(_ column: Int) -> [UInt8] { Array(bytes(column)) }

    func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }
    func optionalReal(_ column: Int) -> Double? { isNull(column) ? nil : real(column) }
    func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

    /// The bytes of a text or blob, until the next step.
    private func bytes(_ column: Int) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(statement, Int32(column))
        let count = Int(sqlite3_column_bytes(statement, Int32(column)))
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
    }
}
