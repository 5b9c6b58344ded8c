// `arenascript runs`: what the journal knows, for a person or, as JSON, for a program.

import ArenaBuiltins
import ArenaCore
import ArenaRuns
import Glibc

extension Session {
    /// Shows the runs of a journal, the oldest first.
    package func listRuns(state: String?) -> ExitStatus {
        reading(state) { journal throws(JournalError) in
            let runs = try journal.runs()
            guard !runs.isEmpty else { return "no runs\n" }
            var rows = [["run", "started", "took", "status", "script", "settings"]]
            for run in runs {
                rows.append([
                    "\(run.id)", localTime(run.started),
                    run.finished.map { duration(max(0, $0 - run.started)) } ?? "-",
                    run.status.rawValue, run.script,
                    run.settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                        .joined(separator: " "),
                ])
            }
            return table(rows)
        }
    }

    /// Shows one run.
    /// - Parameter number: nil for the last.
    package func showRun(_ number: Int?, state: String?) -> ExitStatus {
        reading(state) { journal throws(JournalError) in
            try journal.details(number).text
        }
    }

    /// Shows what is different between two runs.
    package func compareRuns(_ first: Int, _ second: Int, state: String?) -> ExitStatus {
        reading(state) { journal throws(JournalError) in
            let lines = try journal.details(second).differences(from: journal.details(first))
            return lines.isEmpty
                ? "runs \(first) and \(second) are alike\n" : lines.map { $0 + "\n" }.joined()
        }
    }

    /// Writes one run as JSON.
    package func exportRun(_ number: Int?, state: String?) -> ExitStatus {
        reading(state) { journal throws(JournalError) in
            try journal.details(number).json + "\n"
        }
    }

    /// Runs a recorded run again, in a temporary folder and without the journal's results, and holds
    /// what it writes against what was written then.
    package func verifyRun(_ number: Int?, state: String?) -> ExitStatus {
        let folder = state ?? RunSettings.usualState
        let details: RunDetails
        do throws(JournalError) { details = try openJournal(folder).details(number) } catch {
            tell(error)
            return .input
        }
        guard chdir(details.run.folder) == 0 else {
            say("error: the folder of run \(details.run.id), \(details.run.folder), is not there")
            return .input
        }
        let changed = details.inputs.filter { input in
            (try? fileFingerprint(input.path)) != input.digest
        }
        guard changed.isEmpty else {
            for input in changed {
                say("error: \(input.path) is not what run \(details.run.id) read")
            }
            return .input
        }
        guard let scratch = makeTemporaryFolder() else {
            say("error: no temporary folder can be made")
            return .output
        }
        defer { removeFolder(scratch) }
        FileAccount.redirect(to: scratch)
        var settings = RunSettings()
        settings.state = joinPath(scratch, "state")
        let status = run(
            .file(details.run.script), arguments: details.run.arguments,
            parameters: details.run.settings, keeping: settings)
        guard status == .ok || status == .cut else { return status }
        var same = true
        for output in details.outputs {
            let now = try? MappedFile(FileAccount.place(of: output.path), purpose: .fingerprint)
            let isSame = now.map { fingerprint(of: $0, .whole) } == output.digest
            say(
                "\(output.path): \(now == nil ? "not written" : isSame ? "the same bytes" : "other bytes")"
            )
            same = same && isSame
        }
        return same ? .ok : .failed
    }

    /// Drops the results that no recent run needs.
    /// - Parameter keep: how many of the last runs keep theirs.
    package func pruneRuns(keep: Int, state: String?) -> ExitStatus {
        let folder = state ?? RunSettings.usualState
        do throws(JournalError) {
            let journal = try openJournal(folder)
            let report = try journal.prune(keep: keep)
            let dropped =
                report.rows == 0
                ? "nothing to drop"
                : "\(counted(report.rows, "row")) of \(counted(report.computations, "computation")) dropped"
            let sizes = "\(byteSize(report.before)) before, \(byteSize(report.after)) now"
            if report.isInUse {
                tellNote(
                    "the journal is in use: its file becomes no smaller, but the room is used for new results",
                    manner)
            }
            return printLine("\(journal.path): \(dropped); \(sizes)")
        } catch {
            tell(error)
            return .output
        }
    }

    /// Opens a journal to read it and prints what is made of it.
    private func reading(
        _ state: String?, _ body: (Journal) throws(JournalError) -> String
    ) -> ExitStatus {
        do throws(JournalError) {
            return printText(try body(try openJournal(state ?? RunSettings.usualState)))
        } catch {
            tell(error)
            return .input
        }
    }

    private func openJournal(_ folder: String) throws(JournalError) -> Journal {
        guard Journal.exists(in: folder) else { throw .none(folder: folder) }
        return try Journal(folder: folder) { say($0) }
    }
}

/// Rows of text in columns as wide as they must be.
func table(_ rows: [[String]]) -> String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        var line = ""
        for (cell, width) in zip(row, widths) {
            line += cell + String(repeating: " ", count: width - cell.count + 2)
        }
        while line.last == " " { line.removeLast() }
        return line + "\n"
    }.joined()
}

func makeTemporaryFolder() -> String? {
    let base = environment("TMPDIR") ?? "/tmp"
    var template = Array((base + "/arenascript-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { return nil }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

func removeFolder(_ path: String) {
    for name in listDirectory(path) {
        let inner = joinPath(path, name)
        if unlink(inner) != 0 { removeFolder(inner) }
    }
    rmdir(path)
}
