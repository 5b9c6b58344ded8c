// The binary's commands: what they print, where, and the code they end with.

import Glibc
import Testing

@Suite struct CommandTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func run(_ line: String, input: String = "") throws -> Outcome {
        try shell(line, input: input, in: folder)
    }

    // MARK: - Code and scripts

    @Test func evaluatesCode() throws {
        let outcome = try run("arenascript -e '1 + 2'")
        #expect(outcome.output == "3\n")
        #expect(outcome.errors == "")
        #expect(outcome.code == 0)
    }

    @Test func codeMayBeginWithADash() throws {
        let outcome = try run("arenascript -e -1")
        #expect(outcome.output == "-1\n")
        #expect(outcome.code == 0)
    }

    @Test func codeWithoutAValueShowsNone() throws {
        let outcome = try run("arenascript -e 'x = 4'")
        #expect(outcome.output == "")
        #expect(outcome.code == 0)
    }

    @Test func runsAFile() throws {
        try folder.write("a.as", "x = 3\nprint(x + 4)\nx\n")
        let outcome = try run("arenascript run a.as")
        #expect(outcome.output == "7\n")
        #expect(outcome.errors == "")
        #expect(outcome.code == 0)
    }

    @Test func runsStandardInput() throws {
        for line in ["arenascript", "arenascript run -"] {
            let outcome = try run(line, input: "print(\"from a pipe\")\n")
            #expect(outcome.output == "from a pipe\n")
            #expect(outcome.code == 0)
        }
    }

    @Test func runsAPipeGivenAsAFile() throws {
        let outcome = try run("arenascript run <(echo 'print(5)')")
        #expect(outcome.output == "5\n")
        #expect(outcome.code == 0)
    }

    @Test func byteOrderMarkIsNoPartOfTheScript() throws {
        try folder.write("a.as", [0xEF, 0xBB, 0xBF] + Array("print(1)\n".utf8))
        #expect(try run("arenascript run a.as").output == "1\n")
    }

    @Test func settingsReachTheScript() throws {
        try folder.write(
            "a.as", "cfg = params(rows=5, name=\"a\")\nprint(cfg.rows)\nprint(cfg.name)\n")
        let outcome = try run("arenascript run a.as --set rows=12 --set name=b=c")
        #expect(outcome.output == "12\nb=c\n")
        #expect(outcome.code == 0)
    }

    @Test func notesGoToThePerson() throws {
        try folder.write("like.csv", "id,a,b\n1,0.5,0.5\n2,0.5,0.5\n")
        try folder.write(
            "a.as", "submit(read_csv('like.csv', key='id'), like='like.csv', to='out.csv')\n")
        let outcome = try run("arenascript run a.as")
        #expect(outcome.output == "")
        #expect(outcome.errors.hasPrefix("submit: out.csv: "))
        #expect(outcome.code == 0)
    }

    @Test func checkFindsErrorsWithoutRunning() throws {
        try folder.write("good.as", "print(1)\n")
        let good = try run("arenascript check good.as")
        #expect(good.output == "good.as: no errors found\n")
        #expect(good.code == 0)
        try folder.write("bad.as", "print(1)\nprint(nowhere)\n")
        let bad = try run("arenascript check bad.as")
        #expect(bad.output == "")
        #expect(bad.errors.contains("nowhere"))
        #expect(bad.errors.contains("bad.as:2:"))
        #expect(bad.code == 65)
    }

    // MARK: - Scripts that fail

    @Test func unknownNameIsFoundBeforeAnythingRuns() throws {
        let outcome = try run("arenascript -e 'print(1); nowhere'")
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("nowhere"))
        #expect(outcome.code == 65)
    }

    @Test func syntaxErrorNamesThePlace() throws {
        try folder.write("a.as", "print(1)\nx = = 2\n")
        let outcome = try run("arenascript run a.as")
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("a.as:2:"))
        #expect(outcome.code == 65)
    }

    @Test func failureWhileRunningKeepsWhatWasPrinted() throws {
        try folder.write("a.as", "print(1)\n1/0\nprint(2)\n")
        let outcome = try run("arenascript run a.as")
        #expect(outcome.output == "1\n")
        #expect(outcome.errors.contains("a.as:2:"))
        #expect(!outcome.errors.contains("\u{1B}"))
        #expect(outcome.code == 70)
    }

    @Test func missingFileSuggestsTheNearest() throws {
        try folder.write("infer.as", "print(1)\n")
        let outcome = try run("arenascript run infr.as")
        #expect(
            outcome.errors == "error: there is no file infr.as\n  help: did you mean 'infer.as'?\n")
        #expect(outcome.code == 66)
    }

    @Test func folderIsNoScript() throws {
        let outcome = try run("mkdir scripts; arenascript run scripts")
        #expect(
            outcome.errors
                == "error: scripts is a folder, not a file\n  help: name a file inside it\n")
        #expect(outcome.code == 66)
    }

    @Test func unreadableFile() throws {
        try folder.write("a.as", "print(1)\n")
        let outcome = try run("chmod 000 a.as; arenascript run a.as")
        // Root reads whatever it likes.
        if getuid() == 0 {
            #expect(outcome.code == 0)
        } else {
            #expect(outcome.errors.contains("Permission denied"))
            #expect(outcome.code == 66)
        }
    }

    @Test func emptyScript() throws {
        try folder.write("a.as", "")
        let file = try run("arenascript run a.as")
        #expect(file.errors.hasPrefix("error: a.as is empty, so nothing would run\n"))
        #expect(file.code == 65)
        let pipe = try run("arenascript")
        #expect(pipe.errors.hasPrefix("error: <stdin> is empty, so nothing would run\n"))
        #expect(pipe.code == 65)
    }

    @Test func scriptThatIsNotUTF8() throws {
        try folder.write("a.as", Array("x = 1\ny = \"".utf8) + [0xFF, 0x22, 0x0A])
        for command in ["run", "check"] {
            let outcome = try run("arenascript \(command) a.as")
            #expect(outcome.errors.contains("not UTF-8"))
            #expect(outcome.errors.contains("a.as:2:6"))
            #expect(outcome.code == 65)
        }
    }

    @Test func closedStreams() throws {
        let input = try run("arenascript run - <&-")
        #expect(input.errors.hasPrefix("error: standard input is closed"))
        #expect(input.code == 66)
        try folder.write("a.as", "print(1)\n")
        let output = try run("arenascript run a.as >&-")
        #expect(output.errors.contains("Bad file descriptor"))
        #expect(output.code == 74)
        #expect(try run("arenascript run nofile.as 2>&-").code == 66)
    }

    @Test func fullDiskUnderStandardOutput() throws {
        try folder.write("a.as", "print(1)\n")
        for line in [
            "arenascript run a.as", "arenascript version", "arenascript -e 1", "arenascript --help",
            "arenascript help run", "arenascript --version", "arenascript doc",
            "arenascript doctor", "arenascript completions bash", "arenascript check a.as",
        ] {
            let outcome = try run(line + " >/dev/full")
            #expect(
                outcome.errors
                    == "error: writing to standard output failed: No space left on device\n")
            #expect(outcome.code == 74)
        }
    }

    @Test func readerThatLeavesStopsTheRunQuietly() throws {
        try folder.write("a.as", "while True: print(\"y\")\n")
        let outcome = try run("arenascript run a.as | head -n 2; exit ${PIPESTATUS[0]}")
        #expect(outcome.output == "y\ny\n")
        #expect(outcome.errors == "")
        #expect(outcome.code == 74)
    }

    @Test func interruptEndsARun() throws {
        try folder.write("a.as", "print(1)\nwhile True: pass\n")
        let terminal = try TerminalProcess(["run", "a.as"], in: folder)
        try terminal.expect("1\r\n")
        terminal.type("\u{3}")
        try terminal.expect("interrupted\r\n")
        #expect(try terminal.finish() == 130)
    }

    // MARK: - The command line itself

    @Test func version() throws {
        let outcome = try run("arenascript version")
        #expect(outcome.output.hasPrefix("arenascript 0."))
        #expect(outcome.code == 0)
        #expect(try run("arenascript --version").output == outcome.output)
    }

    @Test(arguments: [
        ("arenascript rnu", "There is no command 'rnu': did you mean 'run'?"),
        ("arenascript infer.as", "To run a script: arenascript run infer.as"),
        ("arenascript run", "Missing expected argument '<file>'"),
        ("arenascript run a.as --set", "Missing value for '--set"),
        ("arenascript run a.as --set rows", "The value 'rows' is invalid for '--set"),
        ("arenascript run a.as --set =4", "The value '=4' is invalid for '--set"),
        ("arenascript run a.as --set a=1 --set a=2", "--set gives 'a' twice."),
        ("arenascript -e", "Missing value for '-e"),
        ("arenascript check", "Missing expected argument '<files> ...'"),
        ("arenascript completions tcsh", "The value 'tcsh' is invalid for '<shell>'"),
        ("arenascript run a.as --color blue", "The value 'blue' is invalid for '--color"),
        ("arenascript repl extra", "Unexpected argument 'extra'"),
        ("arenascript run --fast a.as", "Unknown option '--fast'"),
    ])
    func usage(line: String, message: String) throws {
        let outcome = try run(line)
        #expect(outcome.output == "")
        #expect(outcome.errors.hasPrefix("Error: \(message)"))
        #expect(outcome.code == 64)
    }

    @Test func helpListsEveryCommand() throws {
        let outcome = try run("arenascript --help")
        for word in [
            "run", "check", "fmt", "repl", "doc", "doctor", "completions", "version", "-e <code>",
        ] {
            #expect(outcome.output.contains(word))
        }
        #expect(outcome.code == 0)
    }
}
