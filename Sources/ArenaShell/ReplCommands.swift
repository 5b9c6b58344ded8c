// What the prompt understands beside statements: %commands, !command and ?name. A new command is
// one row of the table.

import ArenaCore
import ArenaLanguage
import Glibc

/// A command of the prompt.
struct ReplCommand {
    let name: String
    /// What follows the name, for help; empty if nothing does.
    let argument: String
    let summary: String
    let takesPath: Bool
    let body: (REPL, String) -> Void

    init(
        _ name: String, _ argument: String, _ summary: String, takesPath: Bool = false,
        body: @escaping (REPL, String) -> Void
    ) {
        self.name = name
        self.argument = argument
        self.summary = summary
        self.takesPath = takesPath
        self.body = body
    }

    // SAFETY: made once, never changed, used by the main thread.
    nonisolated(unsafe) static let all = [
        ReplCommand("%cd", "folder", "Change the working folder; alone, show it.", takesPath: true)
        { $0.changeFolder($1) },
        ReplCommand("%help", "", "This list.") { repl, _ in repl.showHelp() },
        ReplCommand(
            "%load", "file.as", "Run a script here; its names stay.", takesPath: true
        ) { $0.load($1) },
        ReplCommand("%reset", "", "Forget all names.") { repl, _ in
            repl.interpreter.forgetNames()
            repl.succeeded = []
        },
        ReplCommand(
            "%save", "file.as", "Write the statements that ran; -f replaces a file.",
            takesPath: true
        ) { $0.save($1) },
        ReplCommand("%time", "statement", "Run it and say how long it took.") { $0.time($1) },
        ReplCommand("%who", "", "Your names, with their types and values.") { repl, _ in
            repl.listNames()
        },
    ]
}

extension REPL {
    /// Runs a line that is the prompt's own; false if it is a statement.
    func runCommand(_ statement: [UInt8]) -> Bool {
        let text = trimmed(String(decoding: statement, as: UTF8.self))
        if text.hasPrefix("%") {
            let end = text.firstIndex { $0 == " " || $0 == "\t" } ?? text.endIndex
            let name = String(text[..<end])
            guard let command = ReplCommand.all.first(where: { $0.name == name }) else {
                complain(
                    "there is no command \(name)",
                    help: suggestion(for: name, among: ReplCommand.all.map(\.name)))
                return true
            }
            command.body(self, trimmed(String(text[end...])))
        } else if text.hasPrefix("!") {
            runShell(String(text.dropFirst()))
        } else if text.hasPrefix("?") || (text.hasSuffix("?") && !text.contains("\n")) {
            describe(trimmed(text.filter { $0 != "?" }))
        } else {
            return false
        }
        output.flush()
        return true
    }

    func complain(_ message: String, help: String? = nil) {
        let title = terminal.colour ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
        say("\(title) \(message)" + (help.map { "\n  help: \($0)" } ?? ""))
    }

    private var columns: Int {
        terminal.outputIsTerminal ? Terminal.size()?.columns ?? 100 : 100
    }

    private func describe(_ path: String) {
        if path.isEmpty { return showHelp() }
        // `frame` is a function and a type: the reference knows both, unless the name is redefined.
        let name = path.prefix { $0 != "." && $0 != "[" }
        let isDefined = interpreter.definedNames.contains(String(name))
        if let text = (isDefined ? nil : Documentation().text(path))
            ?? interpreter.describe(path, width: columns)
        {
            return output.write(text)
        }
        complain("there is nothing called '\(path)'", help: interpreter.suggestName(path))
    }

    fileprivate func showHelp() {
        let rows =
            ReplCommand.all.map { ("\($0.name) \($0.argument)", $0.summary) } + [
                ("!command", "Run a command of the shell."),
                ("?name", "What a name is; also name?"),
                ("_", "The last value that was shown."),
            ]
        for (name, summary) in rows {
            output.write(
                "  " + name + String(repeating: " ", count: max(1, 18 - name.count)) + summary
                    + "\n")
        }
        output.write(
            "  Tab completes, Ctrl-R searches, Ctrl-C stops a statement, Ctrl-D leaves.\n"
                + "  All functions: !arenascript doc\n")
    }

    fileprivate func changeFolder(_ path: String) {
        let target = expandedHome(path)
        if !target.isEmpty, chdir(target) != 0 {
            let code = errno
            let near = code == ENOENT ? missingFile(target).report.help : nil
            return complain("\(path): \(errorText(code))", help: near)
        }
        var buffer = [CChar](repeating: 0, count: 4097)
        guard getcwd(&buffer, 4096) != nil else {
            return complain("the working folder cannot be read: \(errorText(errno))")
        }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        output.write(String(decoding: bytes, as: UTF8.self) + "\n")
    }

    fileprivate func load(_ path: String) {
        if path.isEmpty { return complain("%load wants a file", help: "%load infer.as") }
        do throws(ScriptError) {
            let target = expandedHome(path)
            let bytes = try ScriptSource.file(target).loadBytes()
            if bytes.isEmpty { throw .empty(target) }
            execute(bytes, name: target)
        } catch {
            say(renderedError(error, colour: terminal.colour))
        }
    }

    fileprivate func save(_ argument: String) {
        let replaces = argument.hasPrefix("-f ")
        let path = expandedHome(trimmed(replaces ? String(argument.dropFirst(3)) : argument))
        if path.isEmpty { return complain("%save wants a file", help: "%save session.as") }
        // A script has no last value.
        let kept = succeeded.filter { statement in
            !namesUsed(in: SourceFile(name: "", bytes: statement)).names.contains("_")
        }
        if kept.isEmpty { return complain("no statement has run yet, so nothing is written") }
        if !replaces, fileExists(path) {
            return complain("\(path) exists", help: "to replace it: %save -f \(path)")
        }
        var text: [UInt8] = []
        for statement in kept {
            text += statement
            while text.suffix(2) == [10, 10] { text.removeLast() }
            if text.last != 10 { text.append(10) }
        }
        do throws(FileError) {
            try writeFile(path, text)
            let left = succeeded.count - kept.count
            output.write(
                "\(path): \(kept.count) statements"
                    + (left > 0 ? ", \(left) that use _ left out\n" : "\n"))
        } catch {
            say(renderedError(error, colour: terminal.colour))
        }
    }

    fileprivate func time(_ statement: String) {
        if statement.isEmpty { return complain("%time wants a statement", help: "%time f(x)") }
        let (wall, processor) = (monotonicSeconds(), processorSeconds())
        execute(Array((statement + "\n").utf8))
        say(
            "wall \(shownSeconds(monotonicSeconds() - wall)), "
                + "processor \(shownSeconds(processorSeconds() - processor))")
    }

    fileprivate func listNames() {
        let names = interpreter.definedNames
        if names.isEmpty { return output.write("no names yet\n") }
        let width = names.map(\.count).max() ?? 0
        for name in names {
            let line =
                name + String(repeating: " ", count: width + 2 - name.count)
                + interpreter.summary(of: name)
            output.write(String(line.prefix(columns)) + "\n")
        }
    }

    /// Runs a line by the shell, on the session's terminal. Ctrl-C is the command's then.
    private func runShell(_ line: String) {
        output.flush()
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // This process blocks SIGINT and ignores SIGPIPE; what it starts must not.
        var none = sigset_t()
        sigemptyset(&none)
        var usual = sigset_t()
        sigemptyset(&usual)
        for signal in [SIGINT, SIGPIPE, SIGXFSZ] { sigaddset(&usual, signal) }
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &usual)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let words = ["sh", "-c", line].map { (word: String) in strdup(word) }
        defer { words.forEach { free($0) } }
        var status: Int32 = 0
        // The command can already be pressed on before this process comes back from starting it.
        let code = interrupts.stopping(patience: .max - 2, {}) {
            var process: pid_t = 0
            let code = posix_spawn(&process, "/bin/sh", nil, &attributes, words + [nil], environ)
            if code != 0 { return code }
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            interrupts.settle()
            return 0
        }
        if code != 0 { return complain("the shell cannot be started: \(errorText(code))") }
        let (signal, exit) = (status & 0x7F, status >> 8 & 0xFF)
        if signal == SIGINT {
            say("")
        } else if signal != 0 {
            complain("the command ended by signal \(signal)")
        } else if exit != 0 {
            complain("the command ended with \(exit)")
        }
    }
}

private func trimmed(_ text: String) -> String {
    var rest = text[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
}

/// `~` and `~/x` as the person's home.
func expandedHome(_ path: String) -> String {
    guard path == "~" || path.hasPrefix("~/"), let home = environment("HOME") else { return path }
    return home + path.dropFirst()
}

private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func shownSeconds(_ seconds: Double) -> String {
    if seconds >= 60 { return duration(seconds) }
    let milliseconds = seconds * 1000
    if milliseconds < 10 { return "\(Double(Int(milliseconds * 1000)) / 1000) ms" }
    return milliseconds < 1000
        ? "\(Int(milliseconds)) ms" : "\(Double(Int(milliseconds / 10)) / 100) s"
}
