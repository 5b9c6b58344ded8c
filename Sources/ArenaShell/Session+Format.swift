// `arenascript fmt`: one layout for scripts, written in place and whole or not at all.

import ArenaCore
import ArenaLanguage
import Glibc

/// What to do with a script that is laid out otherwise.
package enum FormatMode: Sendable {
    case write
    /// Name it and write nothing.
    case check
    /// Show the change and write nothing.
    case diff
}

extension Session {
    /// Lays out scripts. Standard input is laid out to standard output.
    package func format(_ sources: [ScriptSource], mode: FormatMode) -> ExitStatus {
        let output = OutputSink(STDOUT_FILENO)
        var status = ExitStatus.ok
        var differs = false
        for source in sources {
            let result = format(source, mode, output)
            if case .failure(let code) = result {
                if status == .ok { status = code }
            } else if case .changed = result {
                differs = true
            }
        }
        output.flush()
        if let code = output.failure { return outputFailed(code) }
        return status == .ok && differs && mode == .check ? .differs : status
    }

    private enum FormatResult {
        case same, changed
        case failure(ExitStatus)
    }

    private func format(
        _ source: ScriptSource, _ mode: FormatMode, _ output: OutputSink
    ) -> FormatResult {
        let bytes: [UInt8]
        do { bytes = try source.loadBytes() } catch { return .failure(refuse(error)) }
        let text: [UInt8]
        switch formatScript(SourceFile(name: source.name, bytes: bytes)) {
        case .formatted(let laidOut): text = laidOut
        case .rejected(let found): return .failure(report(.rejected(found)))
        case .refused(let difference):
            say(
                "error: \(source.name) is left as it is: its layout would have changed what it "
                    + "says (\(difference))\n  help: this is a fault of the formatter; please report it"
            )
            return .failure(.failed)
        }
        if case .standardInput = source, mode == .write {
            output.write(String(decoding: text, as: UTF8.self))
            return .same
        }
        guard text != bytes else { return .same }
        switch mode {
        case .check:
            output.write(source.name + "\n")
        case .diff:
            output.write(
                unifiedDiff(
                    lines(of: bytes), lines(of: text), from: source.name,
                    to: source.name + " (formatted)"))
        case .write:
            do throws(FileError) { try writeFile(source.name, text) } catch {
                tell(error)
                return .failure(.output)
            }
            output.write("\(source.name)\n")
        }
        return .changed
    }

    private func lines(of bytes: [UInt8]) -> [String] {
        bytes.split(separator: 10, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

/// The change from one text to another as `diff -u` writes it, with three lines around.
func unifiedDiff(_ old: [String], _ new: [String], from: String, to: String) -> String {
    var (old, new) = (old, new)
    if old.last == "" { old.removeLast() }
    if new.last == "" { new.removeLast() }
    var removed: Set<Int> = []
    var inserted: Set<Int> = []
    for change in new.difference(from: old) {
        switch change {
        case .remove(let offset, _, _): removed.insert(offset)
        case .insert(let offset, _, _): inserted.insert(offset)
        }
    }
    // Each row: its mark, its text, and the lines of both texts in front of it.
    var rows: [(mark: String, text: String, old: Int, new: Int)] = []
    var (i, j) = (0, 0)
    while i < old.count || j < new.count {
        if i < old.count, removed.contains(i) {
            rows.append(("-", old[i], i, j))
            i += 1
        } else if j < new.count, inserted.contains(j) {
            rows.append(("+", new[j], i, j))
            j += 1
        } else {
            rows.append((" ", i < old.count ? old[i] : "", i, j))
            i += 1
            j += 1
        }
    }
    var out = "--- \(from)\n+++ \(to)\n"
    var at = 0
    while let change = rows[at...].firstIndex(where: { $0.mark != " " }) {
        let start = max(at, change - 3)
        var end = change + 1
        while let next = rows[end...].firstIndex(where: { $0.mark != " " }), next - end <= 6 {
            end = next + 1
        }
        let stop = min(rows.count, end + 3)
        let hunk = rows[start..<stop]
        let oldCount = hunk.count { $0.mark != "+" }
        let newCount = hunk.count { $0.mark != "-" }
        out +=
            "@@ -\(rows[start].old + 1),\(oldCount) +\(rows[start].new + 1),\(newCount) @@\n"
            + hunk.map { "\($0.mark)\($0.text)\n" }.joined()
        at = stop
    }
    return out
}
