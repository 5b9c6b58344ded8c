// Where a script's outputs go when their names are no plain files, and what a run says of those that
// cannot be written.

import ArenaCore
import Glibc
import Testing

@Suite struct OutputTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "a.as",
            """
            cfg = params(to="s.csv")
            df = frame({"id": [1, 2], "a": [0.5, 0.25]}, key="id")
            write_csv(df, "sample.csv")
            submit(df, like="sample.csv", to=cfg.to)
            """)
    }

    private static let table = "id,a\n1,0.5\n2,0.25\n"

    private func run(to path: String, before: String = "", after: String = "") throws -> Outcome {
        try shell(
            "\(before)\narenascript run a.as --set to=\(path) \(after)", in: folder)
    }

    @Test func aSubmissionToALinkReplacesItsFile() throws {
        let outcome = try run(
            to: "link.csv", before: "echo old > real.csv; ln -s real.csv link.csv")
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(folder.read("real.csv") == Self.table)
        let kind = try shell("stat -c %F link.csv", in: folder)
        #expect(kind.output == "symbolic link\n")
    }

    @Test func standardOutputIsWrittenStraight() throws {
        let piped = try run(to: "/dev/stdout", after: "| cat")
        #expect(piped.output == Self.table, "\(piped.errors)")
        let appended = try run(
            to: "/dev/stdout", before: "echo first > all.csv",
            after: ">> all.csv && echo last >> all.csv")
        #expect(appended.code == 0, "\(appended.errors)")
        #expect(folder.read("all.csv") == "first\n\(Self.table)last\n")
        try folder.write(
            "b.as",
            """
            print("before")
            df = frame({"id": [1, 2], "a": [0.5, 0.25]}, key="id")
            write_csv(df, "/dev/stdout")
            print("after")
            """)
        _ = try shell("arenascript run b.as > printed.txt", in: folder)
        #expect(folder.read("printed.txt") == "before\n\(Self.table)after\n")
        #expect(try run(to: "/dev/null").code == 0)
        let fifo = try run(
            to: "pipe", before: "mkfifo pipe; cat pipe > read.csv &", after: "; wait")
        #expect(fifo.code == 0, "\(fifo.errors)")
        #expect(folder.read("read.csv") == Self.table)
    }

    @Test(arguments: [
        ("folder", "mkdir folder", "folder is a folder, not a file"),
        ("folder/", "mkdir folder", "folder/ is a folder, not a file"),
        ("link", "mkdir folder; ln -s folder link", "link is a folder, not a file"),
        ("no/s.csv", "", "the folder of no/s.csv does not exist"),
        ("link.csv", "ln -s no/s.csv link.csv", "the folder of no/s.csv does not exist"),
        ("/dev/full", "", "writing /dev/full failed: No space left on device"),
        ("/proc/s.csv", "", "/proc/s.csv failed: "),
    ]) func whatCannotBeWrittenIsNamed(_ path: String, _ before: String, _ words: String) throws {
        let outcome = try run(to: path, before: before)
        #expect(outcome.code == 70 && outcome.errors.contains(words), "\(outcome.errors)")
        // Trying the script says so too, but for what only writing shows.
        guard !path.hasPrefix("/") else { return }
        let tried = try shell("arenascript check a.as --set to=\(path)", in: folder)
        #expect(tried.code == 65 && tried.errors.contains(words), "\(tried.errors)")
    }

    /// Root may write everything, so it steps down first.
    @Test func protectedFilesAndFoldersStayAsTheyAre() throws {
        let before = """
            chmod 777 .; mkdir closed; echo old > kept.csv; chmod 444 kept.csv; chmod 555 closed
            [ $(id -u) = 0 ] && down="setpriv --reuid=65534 --clear-groups"
            arenascript() { $down '\(binaryPath)' "$@"; }
            $down test -x '\(binaryPath)' || exit 99
            """
        for path in ["kept.csv", "closed/s.csv"] {
            let outcome = try shell("\(before)\narenascript run a.as --set to=\(path)", in: folder)
            if outcome.code == 99 { return }
            #expect(outcome.code == 70, "\(outcome.errors)")
            #expect(
                outcome.errors.contains("writing \(path) failed: Permission denied"),
                "\(outcome.errors)")
        }
        #expect(folder.read("kept.csv") == "old\n")
    }

    @Test func aFileOverTheProcesssLimitLeavesTheOldOne() throws {
        let outcome = try shell(
            """
            echo old > big.csv; ulimit -f 64
            '\(binaryPath)' -e 'write_csv(frame({"a": list(range(100000))}), "big.csv")'
            """, in: folder)
        #expect(outcome.code == 70, "\(outcome.errors)")
        #expect(outcome.errors.contains("writing big.csv failed: File too large"))
        #expect(folder.read("big.csv") == "old\n")
        #expect(try shell("ls -a | grep partial", in: folder).output == "")
    }
}
