// The REPL as a person meets it, through a pseudo-terminal, with readline and without; and as a
// pipe.

import ArenaCore
import ArenaShell
import Glibc
import Testing

/// Readline may be absent where the tests run; what needs it is then skipped by this condition.
private let hasReadline = ["libreadline.so.8", "libreadline.so.7", "libreadline.so"]
    .contains { (name: String) in dlopen(name, RTLD_NOW) != nil }

private let interrupt = "\u{3}"
private let endOfInput = "\u{4}"
private let arrowUp = "\u{1B}[A"

@Suite struct ReplTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    /// A session with its history in the temporary folder.
    private func start(readline: Bool, _ arguments: [String] = []) throws -> TerminalProcess {
        let terminal = try TerminalProcess(
            arguments,
            environment: [
                "XDG_STATE_HOME": folder.path, "INPUTRC": "/dev/null",
                "ARENASCRIPT_READLINE": readline ? "" : "off",
            ], in: folder)
        try terminal.expect("Ctrl-D leaves.")
        try terminal.expect(">>> ")
        return terminal
    }

    static let editors = hasReadline ? [true, false] : [false]

    @Test(arguments: editors) func showsValuesAndKeepsNames(readline: Bool) throws {
        let terminal = try start(readline: readline)
        try terminal.ask("x = 20", ">>> ")
        #expect(try terminal.ask("x + 1", ">>> ").contains("21\r\n"))
        terminal.type(endOfInput)
        #expect(try terminal.finish() == 0)
    }

    @Test(arguments: editors) func errorsKeepThePrompt(readline: Bool) throws {
        let terminal = try start(readline: readline, ["repl"])
        try terminal.ask("x = 5", ">>> ")
        #expect(try terminal.ask("nowhere", ">>> ").contains("nowhere"))
        #expect(try terminal.ask("1/0", ">>> ").contains("zero"))
        #expect(try terminal.ask("x", ">>> ").contains("5\r\n"))
        terminal.type(endOfInput)
        #expect(try terminal.finish() == 0)
    }

    @Test(arguments: editors) func statementOverSeveralLines(readline: Bool) throws {
        let terminal = try start(readline: readline)
        try terminal.ask("print(3 +", "... ")
        #expect(try terminal.ask("  4)", ">>> ").contains("7\r\n"))
        try terminal.ask("if True:", "... ")
        try terminal.ask("    print(8)", "... ")
        #expect(try terminal.ask("", ">>> ").contains("8\r\n"))
    }

    @Test(arguments: editors) func interruptClearsTheLine(readline: Bool) throws {
        let terminal = try start(readline: readline)
        terminal.type("nowhere + ")
        try terminal.expect("nowhere + ")
        terminal.type(interrupt)
        try terminal.expect("^C")
        try terminal.expect(">>> ")
        #expect(try terminal.ask("6 * 7", ">>> ").contains("42\r\n"))
    }

    @Test(arguments: editors) func interruptLeavesAnOpenStatement(readline: Bool) throws {
        let terminal = try start(readline: readline)
        try terminal.ask("print(", "... ")
        terminal.type(interrupt)
        try terminal.expect("^C")
        try terminal.expect(">>> ")
        #expect(try terminal.ask("6 * 7", ">>> ").contains("42\r\n"))
    }

    @Test(arguments: editors) func interruptStopsAStatementAndKeepsTheSession(readline: Bool) throws
    {
        let terminal = try start(readline: readline)
        try terminal.ask("x = 11", ">>> ")
        for _ in 0..<2 {
            try terminal.ask("for word in [\"be\", \"gun\"]:", "... ")
            try terminal.ask("    print(word)", "... ")
            try terminal.ask("    while word == \"gun\":", "... ")
            try terminal.ask("        pass", "... ")
            try terminal.ask("", "gun\r\n")
            terminal.type(interrupt)
            try terminal.expect("interrupted")
            try terminal.expect(">>> ")
        }
        #expect(try terminal.ask("x", ">>> ").contains("11\r\n"))
        terminal.type(endOfInput)
        #expect(try terminal.finish() == 0)
    }

    @Test(arguments: editors) func leavesOnTheWordsPeopleType(readline: Bool) throws {
        for word in ["exit", "exit()", "quit", "quit()"] {
            let terminal = try start(readline: readline)
            terminal.type(word + "\r")
            #expect(try terminal.finish() == 0)
        }
    }

    @Test func byteThatIsNotTextIsRefused() throws {
        try folder.write("keys", Array("\"".utf8) + [0xFF, 0x22, 0x0A] + Array("6 * 7\n".utf8))
        let outcome = try shell("arenascript repl < keys", in: folder)
        #expect(outcome.errors.contains("not UTF-8"))
        #expect(outcome.output == "42\n")
    }

    @Test(.enabled(if: hasReadline)) func historyLastsOverSessions() throws {
        let first = try start(readline: true)
        try first.ask("40 + 1", ">>> ")
        try first.ask("print(3 +", "... ")
        try first.ask("  4)", ">>> ")
        // Killed, not left: each statement is on disk as soon as it is entered.
        #expect(folder.read("arenascript/history") == "40 + 1\nprint(3 +\\n  4)\n")
        let second = try start(readline: true)
        second.type(arrowUp)
        try second.expect("4)")
        second.type(arrowUp)
        try second.expect("40 + 1")
        second.type(" + 1\r")
        try second.expect("42\r\n")
    }

    @Test(.enabled(if: hasReadline)) func tabIndents() throws {
        let terminal = try start(readline: true)
        try terminal.ask("if True:", "... ")
        try terminal.ask("\tprint(8)", "... ")
        #expect(try terminal.ask("", ">>> ").contains("8\r\n"))
    }

    @Test(.enabled(if: hasReadline)) func pastedLinesAreOneStatement() throws {
        let terminal = try start(readline: true)
        terminal.type("\u{1B}[200~print(3 +\n  4)\u{1B}[201~")
        try terminal.expect("4)")
        terminal.type("\r")
        try terminal.expect("7\r\n")
    }

    @Test func homeThatCannotBeWritten() throws {
        let terminal = try TerminalProcess(
            environment: ["XDG_STATE_HOME": "/proc/nowhere", "INPUTRC": "/dev/null"], in: folder)
        try terminal.expect(">>> ")
        #expect(try terminal.ask("6 * 7", ">>> ").contains("42\r\n"))
        terminal.type(endOfInput)
        #expect(try terminal.finish() == 0)
    }

    @Test func libraryThatIsNotThere() throws {
        let terminal = try TerminalProcess(
            environment: [
                "ARENASCRIPT_READLINE": "/nonexistent/lib.so", "XDG_STATE_HOME": folder.path,
            ],
            in: folder)
        try terminal.expect(">>> ")
        #expect(try terminal.ask("6 * 7", ">>> ").contains("42\r\n"))
    }

    @Test func colourOnlyWhereItIsWanted() throws {
        let coloured = try start(readline: false)
        #expect(try coloured.ask("nowhere", ">>> ").contains("\u{1B}["))
        let plain = try TerminalProcess(
            environment: ["NO_COLOR": "1", "ARENASCRIPT_READLINE": "off"], in: folder)
        try plain.expect(">>> ")
        #expect(!(try plain.ask("nowhere", ">>> ").contains("\u{1B}[")))
    }

    @Test func outputThatIsNoTerminalHoldsValuesOnly() throws {
        let line = "exec script -qec \"'\(binaryPath)' repl > values\" /dev/null"
        guard try shell("command -v script", in: folder).code == 0 else { return }
        let outcome = try shell(line, input: "6 * 7\n\u{4}", in: folder)
        #expect(outcome.code == 0)
        #expect(folder.read("values") == "42\n")
    }

    // MARK: - As a pipe

    @Test func pipeShowsValuesWithoutPrompts() throws {
        let outcome = try shell(
            "arenascript repl",
            input: "x = 5\nx + 1\n\nnowhere\n1/0\nprint(3 +\n  4)\nif True:\n    print(8)\n\nx",
            in: folder)
        #expect(outcome.output == "6\n7\n8\n5\n")
        #expect(outcome.errors.contains("nowhere"))
        #expect(outcome.errors.contains("zero"))
        #expect(outcome.code == 0)
    }

    @Test func pipeMayEndInsideABlock() throws {
        let outcome = try shell("arenascript repl", input: "if True:\n    print(8)\n", in: folder)
        #expect(outcome.output == "8\n")
    }

    @Test func linesOfOtherSystems() throws {
        let outcome = try shell("arenascript repl", input: "x = 5\r\nx\r\n", in: folder)
        #expect(outcome.output == "5\n")
        #expect(outcome.errors == "")
    }

    @Test func nothingToRead() throws {
        for line in ["arenascript repl", "arenascript repl <&-", "arenascript repl </"] {
            let outcome = try shell(line, in: folder)
            #expect(outcome.output == "")
            #expect(outcome.code == 0)
        }
    }
}

@Suite struct HistoryTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func newlinesAndBackslashesComeBack() {
        let history = History(path: folder.path + "/deep/er/history")
        let statements = ["a", "if x:\n    print(\"\\n\")", "\\", "é\\\\n"].map { Array($0.utf8) }
        statements.forEach(history.append)
        #expect(history.load() == statements)
    }

    @Test func grownFileIsCutBack() throws {
        let lines = (0..<5000).map { "x\($0)" }
        try folder.write("history", lines.joined(separator: "\n") + "\n")
        let history = History(path: folder.path + "/history")
        #expect(history.load().count == History.limit)
        let kept = try #require(folder.read("history")).split(separator: "\n").map(String.init)
        #expect(kept == Array(lines.suffix(History.limit)))
        #expect(listDirectory(folder.path) == ["history"])
    }

    @Test func nowhereToKeepIt() {
        for path in [nil, "/proc/nowhere/history", folder.path] {
            let history = History(path: path)
            history.append(Array("x".utf8))
            #expect(history.load() == [])
        }
    }

    @Test func fileIsPrivate() throws {
        History(path: folder.path + "/history").append(Array("x".utf8))
        var info = stat()
        #expect(stat(folder.path + "/history", &info) == 0)
        #expect(info.st_mode & 0o777 == 0o600)
    }
}
