// Making a journal small again: results that no recent run is about are dropped. Runs themselves stay, and
// so do the numbers of computations: a process under way may have looked one up.

import ArenaCore
import CSQLite
import Glibc

/// What pruning a journal came to.
package struct PruneReport: Sendable, Equatable {
    /// Computations whose results were dropped, and the rows of them.
    package var computations = 0
    package var rows = 0
    /// Bytes on disk.
    package var before: Int
    package var after: Int
    /// Whether runs under way, or a process that writes, kept the file from being made smaller; the room
    /// is used for new results.
    package var isInUse = false
}

extension Journal {
    /// Drops the results that neither a step of the last `keep` runs nor one of a run under way is about,
    /// and gives their room back. May be called beside runs: what they miss they compute.
    /// - Throws: `JournalError`; what was not dropped by then stays.
    package func prune(keep: Int) throws(JournalError) -> PruneReport {
        var report = PruneReport(before: bytesOnDisk, after: 0)
        let runs = try runs()
        let underWay = runs.filter { $0.status == .running }
        let kept = Set((runs.suffix(keep) + underWay).map(\.id))
        for computation in try computationsWithout(runs: kept) {
            // One transaction for each, so that nobody waits long.
            let rows = try drop(computation)
            report.rows += rows
            report.computations += rows > 0 ? 1 : 0
        }
        let isShrunk = underWay.isEmpty ? try shrink() : false
        report.isInUse = !isShrunk
        report.after = bytesOnDisk
        return report
    }

    private func computationsWithout(runs: Set<Int>) throws(JournalError) -> [Int] {
        try perform { database throws(JournalError) in
            let steps = try database.rows("SELECT DISTINCT run, computation FROM steps") {
                ($0.int(0), $0.text(1))
            }
            let needed = Set(steps.filter { runs.contains($0.0) }.map(\.1))
            let all = try database.rows("SELECT id, digest FROM computations") {
                ($0.int(0), $0.text(1))
            }
            return all.filter { !needed.contains($0.1) }.map(\.0)
        }
    }

    /// - Returns: how many rows there were.
    private func drop(_ computation: Int) throws(JournalError) -> Int {
        try perform { database throws(JournalError) in
            try database.transaction { () throws(JournalError) in
                let rows = try database.first(
                    "SELECT count(*) FROM results WHERE computation=?", .int(computation)
                ) { $0.int(0) }
                try database.run(
                    "DELETE FROM results WHERE computation=?", .int(computation))
                return rows ?? 0
            }
        }
    }

    /// Copies the file without its empty pages. Runs that begin meanwhile wait at the gate.
    /// - Returns: false where another process writes.
    private func shrink() throws(JournalError) -> Bool {
        try Self.holdingGate(of: folder) { () throws(JournalError) in
            try perform { database throws(JournalError) in
                do throws(JournalError) {
                    try database.vacuum()
                } catch {
                    guard case .sqlite(_, let code, _) = error, code & 0xFF == SQLITE_BUSY else {
                        throw error
                    }
                    return false
                }
                _ = try database.first("PRAGMA wal_checkpoint(TRUNCATE)") { $0.int(0) }
                return true
            }
        }
    }

    private var bytesOnDisk: Int {
        [path, path + "-wal"].reduce(0) { sum, path in
            var info = stat()
            return stat(path, &info) == 0 ? sum + Int(info.st_size) : sum
        }
    }
}
