// `arenascript fmt` on files.

import Glibc
import Testing

@Suite struct FormatCommandTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func run(_ line: String, input: String = "") throws -> Outcome {
        try shell(line, input: input, in: folder)
    }

    @Test func writesInPlaceAndNamesWhatChanged() throws {
        try folder.write("a.as", "x=1\n")
        try folder.write("b.as", "x = 1\n")
        let outcome = try run("chmod 755 a.as; arenascript fmt a.as b.as; stat -c %a a.as")
        #expect(outcome.output == "a.as\n755\n")
        #expect(outcome.code == 0)
        #expect(folder.read("a.as") == "x = 1\n")
        #expect(try run("arenascript fmt a.as b.as").output == "")
    }

    @Test func checkWritesNothing() throws {
        try folder.write("a.as", "x=1\n")
        try folder.write("b.as", "x = 1\n")
        let outcome = try run("arenascript fmt --check a.as b.as")
        #expect(outcome.output == "a.as\n")
        #expect(outcome.code == 1)
        #expect(folder.read("a.as") == "x=1\n")
        #expect(try run("arenascript fmt --check b.as").code == 0)
        let diff = try run("arenascript fmt --diff a.as")
        #expect(diff.output == "--- a.as\n+++ a.as (formatted)\n@@ -1,1 +1,1 @@\n-x=1\n+x = 1\n")
        #expect(diff.code == 0)
    }

    @Test func standardInput() throws {
        let outcome = try run("arenascript fmt -", input: "x=1")
        #expect(outcome.output == "x = 1\n")
        #expect(outcome.code == 0)
        #expect(try run("arenascript fmt --check -", input: "x=1").output == "<stdin>\n")
        #expect(try run("arenascript fmt -", input: "").code == 0)
    }

    @Test func whatDoesNotParseIsLeftAlone() throws {
        try folder.write("bad.as", "x = (\n")
        try folder.write("good.as", "x=1\n")
        let outcome = try run("arenascript fmt bad.as good.as")
        #expect(outcome.errors.contains("bad.as:1:5"))
        #expect(outcome.output == "good.as\n")
        #expect(outcome.code == 65)
        #expect(folder.read("bad.as") == "x = (\n")
        try folder.write("bytes.as", [0x78, 0x3D, 0x22, 0xFF, 0x22, 0x0A])
        #expect(try run("arenascript fmt bytes.as").code == 65)
    }

    @Test func filesThatCannotBeReadOrWritten() throws {
        #expect(try run("arenascript fmt nowhere.as").code == 66)
        #expect(try run("arenascript fmt .").code == 66)
        #expect(try run("arenascript fmt").code == 64)
        #expect(try run("arenascript fmt --check --diff x.as").code == 64)
        try folder.write("a.as", "x=1\n")
        #expect(try run("arenascript fmt a.as >/dev/full").code == 74)
        // Root may write anywhere.
        if getuid() != 0 {
            let outcome = try run(
                "mkdir d; echo 'x=1' >d/a.as; chmod 555 d; arenascript fmt d/a.as")
            #expect(outcome.code == 74)
        }
    }
}
