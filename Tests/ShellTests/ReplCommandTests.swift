// The prompt's habits of a notebook: Tab, ?, %commands, !command, pasted blocks; on a pseudo-terminal.

import ArenaCore
import ArenaLanguage
import Glibc
import Testing

@testable import ArenaShell

private let hasReadline = ["libreadline.so.8", "libreadline.so.7", "libreadline.so"]
    .contains { (name: String) in dlopen(name, RTLD_NOW) != nil }

@Suite struct ReplCommandTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    static let editors = hasReadline ? [true, false] : [false]

    private func start(readline: Bool = true) throws -> TerminalProcess {
        let terminal = try TerminalProcess(
            environment: [
                "XDG_STATE_HOME": folder.path, "INPUTRC": "/dev/null",
                "ARENASCRIPT_READLINE": readline ? "" : "off",
            ], in: folder)
        try terminal.expect("Ctrl-D leaves.")
        try terminal.expect(">>> ")
        return terminal
    }

    // MARK: - Commands

    @Test(arguments: editors) func describesNames(readline: Bool) throws {
        let terminal = try start(readline: readline)
        /// What a line shows, up to the answer of a statement after it.
        func shown(_ line: String) throws -> String {
            terminal.type(line + "\r")
            return try terminal.ask("12345 + 54321", "66666")
        }
        #expect(try shown("?read_csv").contains("read_csv(path, key=None"))
        #expect(try shown("sorted?").contains("by name, default None"))
        #expect(try shown("?frame").contains("head(n=5)"))
        _ = try shown("words = ['a', 'b']")
        #expect(try shown("words?").contains("words: list of 2"))
        #expect(try shown("?words.append").contains("words.append(x)"))
        #expect(try shown("?nowhere").contains("nothing called 'nowhere'"))
        #expect(try shown("?wrods").contains("did you mean 'words'?"))
    }

    @Test(arguments: editors) func listsAndForgetsNames(readline: Bool) throws {
        let terminal = try start(readline: readline)
        #expect(try terminal.ask("%who", ">>> ").contains("no names yet"))
        try terminal.ask("rows = 20", ">>> ")
        #expect(try terminal.ask("%who", ">>> ").contains("rows  int  20"))
        try terminal.ask("%reset", ">>> ")
        #expect(try terminal.ask("rows", ">>> ").contains("NameError"))
        #expect(try terminal.ask("%wo", ">>> ").contains("did you mean '%who'?"))
        #expect(try terminal.ask("%help", "Ctrl-D leaves.").contains("%save file.as"))
    }

    @Test(arguments: editors) func savesAndLoads(readline: Bool) throws {
        let terminal = try start(readline: readline)
        try terminal.ask("x = 4", ">>> ")
        try terminal.ask("1/0", "zero")
        try terminal.expect(">>> ")
        try terminal.ask("def double(n):", "... ")
        try terminal.ask("    return 2 * n", "... ")
        try terminal.ask("", ">>> ")
        try terminal.ask("double(x)", "8\r\n")
        try terminal.expect(">>> ")
        #expect(try terminal.ask("_ + 1", ">>> ").contains("9\r\n"))
        #expect(
            try terminal.ask("%save s.as", ">>> ").contains("s.as: 3 statements, 1 that use _ left")
        )
        #expect(folder.read("s.as") == "x = 4\ndef double(n):\n    return 2 * n\ndouble(x)\n")
        #expect(try terminal.ask("%save s.as", ">>> ").contains("s.as exists"))
        #expect(try terminal.ask("%save -f s.as", ">>> ").contains("s.as: 3"))
        try terminal.ask("%reset", ">>> ")
        #expect(try terminal.ask("%load s.as", ">>> ").contains("8\r\n"))
        #expect(try terminal.ask("double(5)", ">>> ").contains("10\r\n"))
        #expect(try terminal.ask("%load nowhere.as", ">>> ").contains("there is no file"))
        #expect(try terminal.ask("%save /proc/nowhere/s.as", ">>> ").contains("error:"))
    }

    @Test(arguments: editors) func timesAndChangesFolders(readline: Bool) throws {
        _ = try shell("mkdir inner", in: folder)
        let terminal = try start(readline: readline)
        #expect(try terminal.ask("%time 6 * 7", "processor").contains("42\r\n"))
        try terminal.expect(">>> ")
        try terminal.ask("%time for i in range(2):", "... ")
        try terminal.ask("    print(i)", "... ")
        #expect(try terminal.ask("", "wall ").contains("0\r\n1\r\n"))
        try terminal.expect(">>> ")
        #expect(try terminal.ask("%cd inner", ">>> ").contains("/inner\r\n"))
        #expect(try terminal.ask("%cd innr", ">>> ").contains("No such file"))
        #expect(try terminal.ask("%cd", ">>> ").contains("/inner\r\n"))
    }

    @Test(arguments: editors) func runsTheShell(readline: Bool) throws {
        let terminal = try start(readline: readline)
        #expect(try terminal.ask("!echo a$((1 + 1))b", ">>> ").contains("a2b\r\n"))
        #expect(try terminal.ask("!exit 3", ">>> ").contains("ended with 3"))
        // Ctrl-C is the command's from when it runs, however long that takes on a busy machine.
        try terminal.ask("!echo be$((1 + 1))gun; exec sleep 300", "be2gun\r\n")
        terminal.type("\u{3}")
        try terminal.expect(">>> ", seconds: 10)
        #expect(try terminal.ask("6 * 7", ">>> ").contains("42\r\n"))
    }

    @Test func commandsWorkOnAPipe() throws {
        let outcome = try shell(
            "arenascript repl", input: "x = 1\n%who\n?nowhere\n!echo hi\n%time x\n%nothing\nx\n",
            in: folder)
        #expect(outcome.output == "x  int  1\nhi\n1\n1\n")
        #expect(outcome.errors.contains("nowhere") && outcome.errors.contains("wall "))
        #expect(outcome.code == 0)
    }

    // MARK: - Values

    @Test(arguments: editors) func longValuesAreCutToTheScreen(readline: Bool) throws {
        let terminal = try start(readline: readline)
        let list = try terminal.ask("list(range(100000))", ">>> ")
        #expect(list.contains("characters more") && list.utf8.count < 24 * 80 + 500)
        let text = try terminal.ask("frame({\"a\": list(range(1000))})", ">>> ")
        #expect(text.split(separator: "\r\n").count < 24)
        let outcome = try shell("arenascript repl", input: "list(range(2000))\n", in: folder)
        #expect(outcome.output.hasSuffix("1999]\n"))
    }

    // MARK: - Keys

    @Test(.enabled(if: hasReadline)) func tabCompletes() throws {
        try folder.write("scores.csv", "id,winner,loser\n1,2,3\n")
        let terminal = try start()
        terminal.type("df = read_c\t\"sco\t\", ke\t\"id\")")
        // A name does not bring its bracket.
        terminal.type("\u{1}\u{5}\u{15}")
        terminal.type("df = read_c\t(\"sco\t\", ke\t\"id\")\r")
        try terminal.expect("df = read_csv(\"scores.csv\", key=\"id\")\r\n")
        try terminal.expect(">>> ")
        terminal.type("df[\"win\t\r")
        try terminal.expect("df[\"winner\"]\r\n")
        try terminal.expect(">>> ")
        terminal.type("df.col\t\r")
        #expect(try terminal.expect(">>> ").contains("['winner', 'loser']"))
        terminal.type("df[\"\t")
        try terminal.expect("loser\"]")
        try terminal.expect("df[\"")
        terminal.type("\u{15}%wh\t\r")
        try terminal.expect("df  <frame of 1 rows")
    }

    @Test(.enabled(if: hasReadline)) func controlRSearches() throws {
        let terminal = try start()
        try terminal.ask("print(41 + 1)", "42\r\n")
        try terminal.ask("second = 3", ">>> ")
        terminal.type("\u{12}41 +")
        try terminal.expect("search)")
        terminal.type("\r")
        try terminal.expect("42\r\n")
    }

    private func paste(_ text: String) -> String { "\u{1B}[200~" + text + "\u{1B}[201~" }

    @Test(.enabled(if: hasReadline)) func pastedBlockRunsAtOnce() throws {
        let terminal = try start()
        terminal.type(
            paste("for i in range(3):\n    x = 10 * i\n\nprint(x + 1)\nif x:\n    print(\"end\")"))
        try terminal.expect("end")
        terminal.type("\r")
        try terminal.expect("21\r\nend\r\n")
        try terminal.expect(">>> ")
        #expect(folder.read("arenascript/history")?.contains("for i in range(3):\\n    x") ?? false)
        // The block comes back as one entry and runs again as it is.
        terminal.type("\u{1B}[A\r")
        try terminal.expect("21\r\nend\r\n")
        try terminal.expect(">>> ")
        // A header alone is not a block yet.
        terminal.type(paste("y = 1\nif y:") + "\r")
        try terminal.expect("... ")
        try terminal.ask("    print(5)", "... ")
        #expect(try terminal.ask("", ">>> ").contains("5\r\n"))
    }

    @Test(.enabled(if: hasReadline)) func historyKeepsARepeatedStatementOnce() throws {
        let terminal = try start()
        for _ in 0..<3 { try terminal.ask("6 * 7", "42\r\n") }
        try terminal.expect(">>> ")
        #expect(folder.read("arenascript/history") == "6 * 7\n")
    }

    @Test(arguments: [
        ("    x = 1\n    if x:\n        y = 2", "x = 1\nif x:\n    y = 2"),
        (">>> x = 1\n>>> if x:\n...     y = 2\n... \n>>> y\n2", "x = 1\nif x:\n    y = 2\n\ny"),
        ("x = 1\r\ny = 2", "x = 1\ny = 2"), ("a = '''x\n  y'''", "a = '''x\n  y'''"),
        ("  a = '''x\n  y'''", "  a = '''x\n  y'''"), ("if x:\n    y", "if x:\n    y"), ("", ""),
    ])
    func pastedTextIsTidied(before: String, after: String) {
        #expect(String(decoding: pastedText(Array(before.utf8)), as: UTF8.self) == after)
    }

    // MARK: - Completion without a terminal

    @Test func columnsOfFramesAndCommands() throws {
        let interpreter = makeInterpreter(output: OutputSink(1))
        _ = try interpreter.run(
            SourceFile(
                name: "x", bytes: Array("df = frame({\"alpha\": [1], \"beta\": [2]})".utf8)),
            interactive: true)
        func found(_ line: String, after pending: String = "") -> [String] {
            completion(of: Array(line.utf8), after: Array(pending.utf8), in: interpreter).candidates
        }
        #expect(found("df[\"al") == ["alpha\"]"])
        #expect(found("df[\"alpha\"].na") == ["name"])
        #expect(found("df.head(") == ["n="])
        #expect(found("?df.sw") == ["swap"])
        #expect(found("%time df.sw") == ["swap"])
        #expect(found("%sa") == ["%save"])
        #expect(found("df.sw", after: "if True:\n") == ["swap"])
        #expect(found("%cd \(folder.path)/no") == [])
        try folder.write("data.csv", "")
        try folder.write(".hidden", "")
        #expect(found("%load \(folder.path)/d") == ["\(folder.path)/data.csv"])
        #expect(found("!cat \(folder.path)/d") == ["\(folder.path)/data.csv"])
        #expect(found("read_csv(\"\(folder.path)/") == ["\(folder.path)/data.csv"])
    }

    @Test func candidatesInColumns() {
        #expect(columnText(["a", "b", "c", "dd"], width: 9) == "a   c\nb   dd\n")
        #expect(columnText([], width: 80) == "")
        #expect(columnText(["a", "b", "c"], width: 80, limit: 2).hasSuffix("... 1 more\n"))
        #expect(commonPrefix(["alpha", "alpine"]) == "alp")
        #expect(commonPrefix([]) == "")
    }
}
