// SQL over frames: each frame is a table of a database in memory, whose rows SQLite reads where they
// lie (CSQLite's virtual tables).

import ArenaCore
import CSQLite

/// Runs one SELECT over frames, by the names they are given.
///
/// A frame's key is a column like the others. A bool is 0 or 1, a timestamp and a category text, a list
/// or a vector its JSON text (`json_each(t.turns)` goes through it); NaN is NULL. Columns that come
/// through unchanged have their type again.
/// - Parameter poll: Is asked now and then; true ends the query.
/// - Throws: `FrameError.sql` with the place in the query; `.duplicateColumn` where two columns of the
///   result have one name.
/// - Complexity: A join by equality of whole numbers or text costs the rows it reads and gives.
package func sql(
    _ query: String, frames: [(name: String, frame: Frame)], parameters: [SQLParameter] = [],
    key: String? = nil, poll: SQLPoll? = nil
) throws(FrameError) -> SQLResult {
    let database = try SQLDatabase(nil, mode: .memory)
    for given in frames {
        let table = FrameTable(given.frame)
        database.own(table)
        guard arena_sql_add(database.handle, given.name, table.table) == SQLITE_OK else {
            throw database.fault(nil)
        }
        database.known += [given.name] + given.frame.knownNames
    }
    guard arena_sqlite_only_read(database.handle) == SQLITE_OK else { throw database.fault(nil) }
    return try database.polling(poll) { () throws(FrameError) in
        let statement = try database.prepare(query)
        try statement.bind(parameters)
        return try statement.result(key: key)
    }
}

/// A frame's columns as SQLite's C side sees them.
private final class FrameTable {
    let table: UnsafeMutablePointer<arena_sql_table>
    private let columns: [Column]
    private let words: [[UInt64]]
    private let sources: UnsafeMutablePointer<arena_sql_column>
    private let declaration: UnsafeMutablePointer<CChar>
    private var lists: [ChunkList] = []

    init(_ frame: Frame) {
        columns = (frame.key.map { [$0.column] } ?? []) + frame.columns
        words = columns.map { $0.validity?.words ?? [] }
        let names = zip(frame.knownNames, columns).map {
            quotedName($0) + " " + SQLType($1.type).rawValue
        }
        // A table without columns is none in SQL.
        let text =
            "CREATE TABLE x(" + (names.isEmpty ? "\"_\"" : names.joined(separator: ", ")) + ")"
        declaration = .allocate(capacity: text.utf8.count + 1)
        for (at, byte) in text.utf8CString.enumerated() { declaration[at] = byte }
        sources = .allocate(capacity: max(columns.count, 1))
        sources.initialize(repeating: arena_sql_column(), count: max(columns.count, 1))
        table = .allocate(capacity: 1)
        table.initialize(to: arena_sql_table())
        // SAFETY: the arrays are members that nobody changes, so their memory stays; the connection
        // that reads through these pointers owns `self`.
        for at in columns.indices { fill(at) }
        table.pointee.declaration = UnsafePointer(declaration)
        table.pointee.columns = UnsafePointer(sources)
        table.pointee.count = Int32(columns.count)
        table.pointee.rows = columns.isEmpty ? 0 : Int64(frame.rowCount)
        table.pointee.owner = Unmanaged.passUnretained(self).toOpaque()
        table.pointee.cell = { owner, column, row, context in
            guard let owner else { return }
            Unmanaged<FrameTable>.fromOpaque(owner).takeUnretainedValue()
                .give(Int(column), Int(row), context)
        }
    }

    deinit {
        table.deallocate()
        sources.deallocate()
        declaration.deallocate()
    }

    private func fill(_ at: Int) {
        if !words[at].isEmpty {
            sources[at].validity = words[at].withUnsafeBufferPointer { $0.baseAddress }
        }
        func set<T>(_ kind: Int, _ values: [T]) {
            sources[at].kind = Int32(kind)
            sources[at].values = values.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }
        }
        func setTexts(_ texts: TextStorage) {
            set(Int(arena_sql_text), texts.views)
            let list = ChunkList(texts.chunks)
            lists.append(list)
            sources[at].chunks = UnsafePointer(list.bases)
        }
        switch columns[at].storage {
        case .bool(let values): set(Int(arena_sql_bool), values)
        case .int64(let values): set(Int(arena_sql_int64), values)
        case .float64(let values): set(Int(arena_sql_float64), values)
        case .float32(let values): set(Int(arena_sql_float32), values)
        case .string(let texts): setTexts(texts)
        case .categorical(let texts):
            setTexts(texts.categories)
            sources[at].kind = Int32(arena_sql_categorical)
            sources[at].codes = texts.codes.withUnsafeBufferPointer { $0.baseAddress }
        case .turns, .ints, .floats, .matrix, .timestamp:
            sources[at].kind = Int32(arena_sql_other)
        }
    }

    /// A cell of a column that C does not read.
    private func give(_ column: Int, _ row: Int, _ context: OpaquePointer?) {
        guard let text = columns[column].text(row) else { return sqlite3_result_null(context) }
        arena_sqlite_result_text(context, text, text.utf8.count)
    }
}
