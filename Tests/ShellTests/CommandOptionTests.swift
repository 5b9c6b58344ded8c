// Arguments of scripts, settings that would be lost, diagnostics as JSON, colour, quiet, and the
// commands that tell about the binary itself.

import ArenaCore
import Testing

@Suite struct CommandOptionTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func run(_ line: String, input: String = "") throws -> Outcome {
        try shell(line, input: input, in: folder)
    }

    // MARK: - Arguments and settings

    @Test func argumentsReachTheScript() throws {
        try folder.write("a.as", "cfg = params(rows=5)\nprint(argv, cfg.rows)\n")
        let outcome = try run("arenascript run a.as one 'two words' --set rows=3")
        #expect(outcome.output == "['a.as', 'one', 'two words'] 3\n")
        #expect(
            try run("arenascript run a.as -- --fast -x").output == "['a.as', '--fast', '-x'] 5\n")
        #expect(try run("arenascript -e argv").output == "['<-e>']\n")
        #expect(try run("arenascript check a.as").code == 0)
    }

    @Test func argumentsThatWouldBeLost() throws {
        try folder.write("a.as", "print(1)\n")
        for (line, words) in [
            ("arenascript run a.as b.as", "a.as takes no arguments, so 'b.as' would be lost"),
            ("arenascript run a.as b=2", "each value takes its own --set: --set b=2"),
            ("arenascript run a.as --set rows=2", "a.as asks for no params(), so --set rows=..."),
        ] {
            let outcome = try run(line)
            #expect(outcome.output == "")
            #expect(outcome.errors.contains(words))
            #expect(outcome.code == 64)
        }
    }

    @Test func settingsThatNameNoParameter() throws {
        try folder.write("a.as", "cfg = params(rows=5)\n")
        try folder.write("l.as", "cfg = params(names=[\"a\", \"b\"], sizes=[1])\nprint(cfg)\n")
        for (given, shown) in [
            ("--set names=c,d", "params(names=[\"c\", \"d\"], sizes=[1])\n"),
            (
                "--set \"names=['x y', z]\" --set sizes=[2,3]",
                "params(names=[\"x y\", \"z\"], sizes=[2, 3])\n"
            ),
            ("--set names=[] --set sizes=", "params(names=[], sizes=[])\n"),
        ] { #expect(try run("arenascript run l.as \(given)").output == shown) }
        #expect(try run("arenascript run l.as --set sizes=1,x").errors.contains("a list is wanted"))
        let outcome = try run("arenascript run a.as --set rosw=3")
        #expect(outcome.errors.contains("did you mean 'rows'?"))
        #expect(outcome.code == 70)
        try folder.write("b.as", "if False:\n    cfg = params(rows=5)\n")
        #expect(try run("arenascript run b.as --set rows=3").code == 64)
    }

    // MARK: - How it talks

    @Test func diagnosticsAsJSON() throws {
        try folder.write("bad.as", "print(nowhere)\nx = nothing\n")
        let outcome = try run("arenascript check --json bad.as missing.as")
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 3)
        let objects = try lines.map { try JSONDocument(Array($0.utf8), name: "x").root }
        #expect(objects[0]["kind"]?.string == "NameError")
        #expect(objects[0]["file"]?.string == "bad.as" && objects[0]["line"]?.int == 1)
        #expect(objects[1]["line"]?.int == 2 && objects[1]["column"]?.int == 5)
        #expect(objects[2]["kind"]?.string == "FileNotFoundError")
        #expect(outcome.code == 65)
        let failed = try run("arenascript run - --json", input: "1/0")
        #expect(failed.errors.hasPrefix("{\"kind\":\"ZeroDivisionError\""))
        #expect(failed.code == 70)
    }

    @Test func quietSaysNothing() throws {
        try folder.write("like.csv", "id,a,b\n1,0.5,0.5\n2,0.5,0.5\n")
        try folder.write(
            "a.as", "submit(read_csv('like.csv', key='id'), like='like.csv', to='out.csv')\n")
        let outcome = try run("arenascript run a.as --quiet")
        #expect(outcome.errors == "" && outcome.code == 0)
        let json = try run("arenascript run a.as --json")
        #expect(json.errors.hasPrefix("{\"kind\":\"Note\",\"title\":\"submit: out.csv: "))
        try folder.write("bad.as", "1/0")
        #expect(try run("arenascript run bad.as --quiet").errors.contains("division by zero"))
    }

    @Test func colourIsWhatWasAskedFor() throws {
        try folder.write("a.as", "1/0")
        #expect(try run("arenascript run a.as --color always").errors.contains("\u{1B}[1;31m"))
        #expect(!(try run("arenascript run a.as").errors.contains("\u{1B}")))
        let terminal = try TerminalProcess(["run", "a.as", "--color", "never"], in: folder)
        #expect(!(try terminal.expect("division by zero").contains("\u{1B}")))
        #expect(try terminal.finish() == 70)
    }

    @Test func severalScriptsAreChecked() throws {
        try folder.write("a.as", "print(1)\n")
        try folder.write("b.as", "print(nowhere)\n")
        let outcome = try run("arenascript check a.as b.as a.as")
        #expect(outcome.output == "a.as: no errors found\na.as: no errors found\n")
        #expect(outcome.errors.contains("b.as:1:7"))
        #expect(outcome.code == 65)
    }

    // MARK: - About the binary

    @Test func documentation() throws {
        #expect(try run("arenascript doc frame.head").output.hasPrefix("frame.head(n=5)\n"))
        #expect(try run("arenascript doc read_csv --markdown").output.hasPrefix("### `read_csv("))
        let unknown = try run("arenascript doc raed_csv")
        #expect(unknown.errors.contains("did you mean 'read_csv'?"))
        #expect(unknown.code == 64)
    }

    @Test func doctorFitsAScreen() throws {
        let outcome = try run("arenascript doctor")
        for word in [
            "processor", "kernels", "memory", "readline", "CUDA driver", "folder", "glibc",
        ] {
            #expect(outcome.output.contains(word))
        }
        #expect(outcome.output.split(separator: "\n").count <= 24)
        #expect(outcome.code == 0)
        let json = try run("arenascript doctor --json")
        let object = try JSONDocument(Array(json.output.utf8), name: "x").root
        #expect(object["version"]?.string?.hasPrefix("arenascript ") ?? false)
        #expect(object["libraries"]?["readline"]?.string != nil)
    }

    @Test func completionScripts() throws {
        for name in ["bash", "zsh", "fish"] {
            let outcome = try run("arenascript completions \(name)")
            #expect(outcome.output.contains("doctor"))
            #expect(outcome.code == 0)
        }
        let used = try run(
            """
            source <(arenascript completions bash)
            COMP_WORDS=(arenascript do); COMP_CWORD=1; COMP_LINE="arenascript do"; COMP_POINT=14
            _arenascript arenascript do arenascript; echo "${COMPREPLY[@]}"
            """)
        #expect(used.output == "doc doctor\n")
    }
}
