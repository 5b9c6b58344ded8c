// SQLite files: a table or a query read into a frame, a frame written as a table.

import ArenaCore
import CSQLite
import Glibc

/// What happens where a table is there already.
package enum SQLiteExisting: String, Sendable, CaseIterable {
    case fail, replace, append
}

/// Reads a table, a view or the result of a query from an SQLite file, which is not changed.
/// - Parameters:
///   - table: May be left out where the file has one alone.
///   - query: One SELECT, instead of a table.
/// - Throws: `FrameError.file`, `.sql`, those of keys.
package func readSQLite(
    path: String, table: String?, query: String?, parameters: [SQLParameter] = [],
    key: String? = nil, rowLimit: Int = .max, poll: SQLPoll? = nil
) throws(FrameError) -> SQLResult {
    let database = try SQLDatabase(path, mode: .read)
    return try database.polling(poll) { () throws(FrameError) in
        let tables = try database.tables()
        database.known = tables
        var statement = query
        if statement == nil {
            guard let name = table ?? (tables.count == 1 ? tables[0] : nil) else {
                throw .sqliteTable(path: path, tables: tables)
            }
            guard tables.contains(where: { $0.lowercased() == name.lowercased() }) else {
                throw .sql(
                    SQLFault(
                        message: "no such table: \(name)", query: nil, offset: nil, path: path,
                        known: tables))
            }
            statement = "SELECT * FROM \(quotedName(name))"
            if rowLimit < .max { statement? += " LIMIT \(rowLimit)" }
        }
        guard arena_sqlite_only_read(database.handle) == SQLITE_OK else {
            throw database.fault(nil)
        }
        let prepared = try database.prepare(statement ?? "")
        try prepared.bind(parameters)
        var result = try prepared.result(key: key)
        if query != nil, rowLimit < .max { result.frame = result.frame.head(rowLimit) }
        return result
    }
}

/// Writes a frame as a table of an SQLite file: a new file appears whole or not at all, in one that is
/// there the table is changed in one transaction. The key becomes the primary key.
/// - Throws: `FrameError.file`, `.sql`, `.sqliteExists`.
package func writeSQLite(
    _ frame: Frame, path: String, table: String, existing: SQLiteExisting = .fail
) throws(FrameError) {
    guard !path.isEmpty, !path.utf8.contains(0), !table.isEmpty, !table.utf8.contains(0) else {
        throw .file(.unusableName(path: path))
    }
    var info = stat()
    if stat(path, &info) == 0, info.st_size > 0 {
        guard info.st_mode & S_IFMT == S_IFREG else { throw .file(.notRegular(path: path)) }
        try write(frame, to: try SQLDatabase(path, mode: .write), table, existing)
        return
    }
    let (folder, name) = splitPath(path)
    if !folder.isEmpty, !fileExists(folder) { throw .file(.missingFolder(path: path)) }
    let temporary = joinPath(folder, ".\(name).\(getpid()).partial")
    unlink(temporary)
    do throws(FrameError) {
        try write(frame, to: try SQLDatabase(temporary, mode: .write), table, existing)
        guard rename(temporary, path) == 0 else {
            throw .file(.system(path: path, doing: "renaming to", code: errno))
        }
    } catch {
        unlink(temporary)
        throw error
    }
}

private func write(
    _ frame: Frame, to database: SQLDatabase, _ table: String, _ existing: SQLiteExisting
) throws(FrameError) {
    let there = try database.tables().contains { $0.lowercased() == table.lowercased() }
    if there, existing == .fail {
        throw .sqliteExists(path: database.path ?? "", table: table)
    }
    try database.run("BEGIN IMMEDIATE")
    do throws(FrameError) {
        if there, existing == .replace { try database.run("DROP TABLE \(quotedName(table))") }
        if !there || existing == .replace {
            var parts = zip(frame.names, frame.columns).map {
                quotedName($0) + " " + SQLType($1.type).rawValue
            }
            if let key = frame.key {
                let type = SQLType(key.column.type).rawValue
                parts.insert("\(quotedName(key.name)) \(type) PRIMARY KEY NOT NULL", at: 0)
            }
            if parts.isEmpty {
                throw .argument(
                    verb: "write_sqlite", message: "the frame has no columns", help: nil)
            }
            try database.run("CREATE TABLE \(quotedName(table)) (\(parts.joined(separator: ", ")))")
        }
        try insert(frame, database, table)
        try database.run("COMMIT")
    } catch {
        try? database.run("ROLLBACK")
        throw error
    }
}

private func insert(
    _ frame: Frame, _ database: SQLDatabase, _ table: String
) throws(FrameError) {
    let columns = (frame.key.map { [$0.column] } ?? []) + frame.columns
    let names = frame.knownNames.map(quotedName).joined(separator: ", ")
    let marks = columns.map { _ in "?" }.joined(separator: ", ")
    let statement = try database.prepare(
        "INSERT INTO \(quotedName(table)) (\(names)) VALUES (\(marks))", writing: true)
    for row in 0..<frame.rowCount {
        for (at, column) in columns.enumerated() {
            guard bind(column, row, statement.handle, Int32(at + 1)) == SQLITE_OK else {
                throw database.fault(nil)
            }
        }
        _ = try statement.step()
        sqlite3_reset(statement.handle)
    }
}

private func bind(
    _ column: Column, _ row: Int, _ statement: OpaquePointer, _ at: Int32
) -> Int32 {
    if column.isMissing(row) { return sqlite3_bind_null(statement, at) }
    switch column.storage {
    case .bool(let values): return sqlite3_bind_int64(statement, at, values[row] ? 1 : 0)
    case .int64(let values): return sqlite3_bind_int64(statement, at, values[row])
    case .float64(let values): return sqlite3_bind_double(statement, at, values[row])
    case .float32(let values): return sqlite3_bind_double(statement, at, Double(values[row]))
    case .string(let texts):
        // SAFETY: the text lies in the frame, which outlives the statement's step.
        let bytes = texts.bytes(at: row)
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        return arena_sqlite_bind_text(statement, at, start, bytes.count)
    case .turns, .ints, .floats, .matrix, .categorical, .timestamp:
        let text = column.text(row) ?? ""
        return arena_sqlite_copy_text(statement, at, text, text.utf8.count)
    }
}
