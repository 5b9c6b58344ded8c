// What can be wrong with a journal, as facts and then as words.

import ArenaCore
import CSQLite

/// An error of the journal.
package enum JournalError: ArenaFault, Equatable {
    /// Its folder cannot be made or used.
    case folder(FileError)
    /// SQLite could not do what was asked; `code` is its extended result code.
    case sqlite(path: String, code: Int32, message: String)
    /// The file is damaged, or is no journal.
    case damaged(path: String, message: String)
    /// There is no journal where one is to be read.
    case none(folder: String)
    /// There is no such run.
    case noRun(Int, last: Int?)

    init(path: String, code: Int32, message: String) {
        switch code & 0xFF {
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .damaged(path: path, message: message)
        // What a changed byte of the header or of the tables' definitions comes to: the statements are
        // always the same, and fit the tables as they were made.
        case SQLITE_ERROR
        where ["unsupported file format", "no such ", "table "].contains { message.hasPrefix($0) }:
            self = .damaged(path: path, message: message)
        default: self = .sqlite(path: path, code: code, message: message)
        }
    }

    package var report: FaultReport {
        switch self {
        case .folder(let error): return error.report
        case .sqlite(let path, let code, let message):
            return FaultReport(
                .system, "the journal \(path) cannot be used: \(Self.reason(code, message))",
                help: Self.help(code))
        case .damaged(let path, let message):
            return FaultReport(
                .system, "the journal \(path) is damaged: \(message)",
                help: "run again: a damaged journal is kept aside and a new one begun")
        case .none(let folder):
            return FaultReport(
                .fileNotFound, "there is no journal in \(folder)",
                help:
                    "a journal begins with the first run that uses a model; --state DIR names its folder"
            )
        case .noRun(let number, let last):
            return FaultReport(
                .key, "the journal has no run \(number)",
                help: last.map { "its last run is \($0); arenascript runs list shows them" }
                    ?? "it has no runs")
        }
    }

    private static func reason(_ code: Int32, _ message: String) -> String {
        switch code & 0xFF {
        case SQLITE_FULL: return "the disk is full"
        case SQLITE_IOERR: return "reading or writing it failed (\(message), code \(code))"
        case SQLITE_READONLY: return "it may only be read"
        case SQLITE_BUSY: return "another process keeps it locked"
        default: return message
        }
    }

    private static func help(_ code: Int32) -> String? {
        switch code & 0xFF {
        case SQLITE_FULL:
            return
                "free some room and run again: what was recorded before stays; --state DIR keeps the journal on another disk"
        case SQLITE_IOERR: return "--state DIR keeps the journal on another disk"
        case SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM:
            return "--state DIR keeps the journal in another folder"
        case SQLITE_BUSY: return "end the other process, or give this run its own --state DIR"
        default: return nil
        }
    }
}
