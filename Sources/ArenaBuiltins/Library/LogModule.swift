// `log`: lines with a time and a level for the person, on standard error and in the file of `--log`.

import ArenaCore
import ArenaLanguage
import Glibc
import Synchronization

private typealias P = BuiltinParameter

/// How much a line matters.
package enum LogLevel: String, CaseIterable, Comparable, Sendable {
    case debug, info, warning, error

    package static func < (a: LogLevel, b: LogLevel) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
}

/// Where log lines go: standard error from the level on that the script sets, the file always.
package final class Log: Sendable {
    /// The process's log.
    package static let shared = Log()

    private struct State {
        var level = LogLevel.info
        var file: Int32 = -1
        var path = ""
    }
    private let state = Mutex(State())

    /// Lines also go to this file, behind what it holds, each on disk's way before the next.
    package func open(_ path: String) throws(FileError) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            let code = errno
            throw .system(path: path, doing: "opening", code: code)
        }
        state.withLock {
            if $0.file >= 0 { close($0.file) }
            $0.file = descriptor
            $0.path = path
        }
    }

    package func setLevel(_ level: LogLevel) { state.withLock { $0.level = level } }

    /// Writes one line; `onlyToFile` where the person has been told already.
    package func write(_ level: LogLevel, _ text: String, onlyToFile: Bool = false) {
        let (shown, file) = state.withLock { (level >= $0.level && !onlyToFile, $0.file) }
        guard shown || file >= 0 else { return }
        let now = secondsSinceEpoch()
        let time = (try? dateText("%Y-%m-%d %H:%M:%S", now)) ?? ""
        let name = level.rawValue.uppercased()
        // A text of several lines stays one entry: the others are set in.
        let body = text.trimmingLineEnds.split(separator: "\n", omittingEmptySubsequences: false)
            .joined(
                separator: "\n    ")
        let line = Array("\(time) \(name) \(body)\n".utf8)
        if shown { Self.write(line, to: 2) }
        if file >= 0 { Self.write(line, to: file) }
    }

    /// One call for the whole line, so that lines of several writers do not mix.
    private static func write(_ line: [UInt8], to descriptor: Int32) {
        var done = 0
        while done < line.count {
            let n = line.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, line.count - done)
            }
            if n <= 0 {
                if n < 0, errno == EINTR { continue }
                return
            }
            done += n
        }
    }
}

private func level(_ level: LogLevel, _ summary: String) -> Builtin {
    moduleFunction(
        level.rawValue, [P("values", "any", .rest)], summary,
        examples: [Example("log.\(level.rawValue)(\"rows\", 3)", prints: "")]
    ) { a throws(Raised) in
        if a.rehearsal != nil { return .none }
        let values = a[1].items ?? UnsafeBufferPointer(start: nil, count: 0)
        Log.shared.write(level, values.map { a.machine.text(of: $0) }.joined(separator: " "))
        return .none
    }
}

let logModule = Module(
    "log", "Lines for the person, with a time and a level; --log FILE keeps them.",
    [
        level(.debug, "A line for whoever looks for a fault; shown after log.level(\"debug\")."),
        level(.error, "A line about something that failed."),
        level(.info, "A line about what happens."),
        moduleFunction(
            "level", [P("level", "\"debug\", \"info\", \"warning\" or \"error\"")],
            "Shows lines from this level on; a log file gets all of them.",
            examples: [Example("log.level(\"info\")", prints: "")]
        ) { a throws(Raised) in
            let name = try a.string(1)
            guard let level = LogLevel(rawValue: name.lowercased()) else {
                throw Raised(
                    .value, "log.level() has no level '\(name)'",
                    help: suggestion(for: name, among: LogLevel.allCases.map(\.rawValue)))
            }
            Log.shared.setLevel(level)
            return .none
        },
        level(.warning, "A line about something that may be wrong."),
    ])

extension String {
    fileprivate var trimmingLineEnds: Substring {
        var text = self[...]
        while text.last == "\n" { text.removeLast() }
        return text
    }
}
