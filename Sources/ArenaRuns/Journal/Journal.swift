// The journal: one SQLite file that outlives its runs. Opening it, and what happens where it is damaged,
// foreign or of another version: it is kept aside under another name and a new one begun.

import ArenaCore
import Glibc

/// The journal of a folder; several processes may use one at once.
package final class Journal: @unchecked Sendable {
    // SAFETY: the database, the run and the table of ids are used while `lock` is held.
    let lock = Lock()
    /// Held from taking results to their commit: who flushes knows that all are on disk.
    let flushing = Lock()
    private var database: JournalDatabase
    /// The run that this process records, to be written again where the file had to be replaced.
    var run: RunRecord?
    var computations: [Digest: Int] = [:]
    let results: ResultQueue

    /// The file.
    package let path: String
    let folder: String
    private let vfs: String?
    /// Told to the person: what was kept aside and why.
    private let tell: @Sendable (String) -> Void

    static let fileName = "journal.db"

    /// Opens the journal of a folder, which is made if it is not there.
    /// - Parameters:
    ///   - vfs: the name of SQLite's layer below, nil for the system's.
    ///   - tell: takes a sentence for the person.
    /// - Throws: `JournalError`.
    package init(
        folder: String, vfs: String? = nil, tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(JournalError) {
        try Self.makeFolder(folder)
        self.folder = folder
        self.vfs = vfs
        self.tell = tell
        path = joinPath(folder, Self.fileName)
        database = try Self.open(folder, vfs, tell)
        results = ResultQueue()
        results.start(for: self)
    }

    deinit { results.stop() }

    /// Whether a folder has a journal.
    package static func exists(in folder: String) -> Bool {
        fileExists(joinPath(folder, fileName))
    }

    private static func makeFolder(_ folder: String) throws(JournalError) {
        guard mkdir(folder, 0o777) != 0 else { return }
        let code = errno
        if code == EEXIST, isDirectory(folder) { return }
        let (parent, _) = splitPath(folder)
        if code == ENOENT, !parent.isEmpty, !fileExists(parent) {
            throw .folder(.missingFolder(path: folder))
        }
        throw .folder(.system(path: folder, doing: "making the folder", code: code))
    }

    /// Opens the file or makes it, one process at a time: two that find it damaged must not both
    /// move it.
    private static func open(
        _ folder: String, _ vfs: String?, _ tell: (String) -> Void
    ) throws(JournalError) -> JournalDatabase {
        let path = joinPath(folder, fileName)
        return try holdingGate(of: folder) { () throws(JournalError) in
            do throws(JournalError) { return try openChecked(path, vfs) } catch {
                guard case .damaged(_, let message) = error else { throw error }
                let aside = try setAside(path)
                tell(
                    "the journal \(path) cannot be used (\(message)): it is kept as \(aside), and a new one begins"
                )
                return try openChecked(path, vfs)
            }
        }
    }

    /// Runs `body` while no other process opens the journal of the folder.
    static func holdingGate<T>(
        of folder: String, _ body: () throws(JournalError) -> T
    ) throws(JournalError) -> T {
        let gate = Glibc.open(joinPath(folder, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard gate >= 0 else {
            throw .folder(.system(path: joinPath(folder, "lock"), doing: "opening", code: errno))
        }
        defer { Glibc.close(gate) }
        flock(gate, LOCK_EX)
        return try body()
    }

    private static func openChecked(
        _ path: String, _ vfs: String?
    ) throws(JournalError) -> JournalDatabase {
        let database = try JournalDatabase(path, vfs: vfs)
        func number(_ pragma: String) throws(JournalError) -> Int {
            try database.first("PRAGMA \(pragma)") { $0.int(0) } ?? 0
        }
        func damaged(_ message: String) -> JournalError { .damaged(path: path, message: message) }
        if try number("application_id") == JournalSchema.applicationID {
            let version = try number("user_version")
            guard version == JournalSchema.version else {
                throw damaged(
                    "it is of version \(version), this program's of \(JournalSchema.version)")
            }
            try check(database, damaged)
            return database
        }
        let tables = try database.first("SELECT count(*) FROM sqlite_schema") { $0.int(0) } ?? 0
        guard tables == 0 else { throw damaged("it is a database of something else") }
        try database.transaction { () throws(JournalError) in
            // Another process may have been faster, where the file system knows no locks.
            guard try number("application_id") == 0 else { return }
            for table in JournalSchema.tables { try database.run(table) }
            try database.run("PRAGMA application_id=\(JournalSchema.applicationID)")
            try database.run("PRAGMA user_version=\(JournalSchema.version)")
        }
        return database
    }

    /// Looks all over a small file; in a large one damage is found where it is met.
    private static func check(
        _ database: JournalDatabase, _ damaged: (String) -> JournalError
    ) throws(JournalError) {
        let pages = try database.first("PRAGMA page_count") { $0.int(0) } ?? 0
        guard pages <= 2048 else { return }
        let verdict = try database.first("PRAGMA quick_check(1)") { $0.text(0) }
        guard verdict == "ok" else { throw damaged(verdict ?? "it cannot be read") }
    }

    /// Gives a file that is no usable journal another name.
    /// - Returns: the name.
    private static func setAside(_ path: String) throws(JournalError) -> String {
        var number = 1
        while fileExists("\(path).aside-\(number)") { number += 1 }
        let aside = "\(path).aside-\(number)"
        guard rename(path, aside) == 0 else {
            throw .folder(.system(path: path, doing: "renaming", code: errno))
        }
        // What belongs to the old file must not be taken for the new one's.
        for end in ["-wal", "-shm"] { rename(path + end, aside + end) }
        return aside
    }

    /// Uses the database. Where it turns out to be damaged it is kept aside, and `body` goes on with
    /// a new one that knows of the run under way.
    func perform<T>(
        _ body: (JournalDatabase) throws(JournalError) -> T
    ) throws(JournalError) -> T {
        try lock.holding { () throws(JournalError) in
            do throws(JournalError) { return try body(database) } catch {
                guard case .damaged = error else { throw error }
                computations = [:]
                _ = try? Self.setAside(path)
                database = try Self.open(folder, vfs, tell)
                tell(
                    "the journal \(path) was damaged (\(error.report.message)): it is kept aside, and a new one begins"
                )
                if var run {
                    run.id = 0
                    self.run = try insert(run, database)
                }
                return try body(database)
            }
        }
    }

    /// Puts what is waiting on disk and ends the work on results.
    /// - Throws: `JournalError`, also one that has happened before.
    package func close() throws(JournalError) {
        defer { results.stop() }
        try flush()
    }
}
