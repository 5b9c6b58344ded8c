// Locks: a run held to one reads the files it was made with, or none.

import ArenaCore
import Testing

@Suite struct LockTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("d.csv", "id,a\n1,0.5\n")
        try folder.write("e.csv", "id,a\n1,0.5\n")
        try folder.write(
            "a.as", "cfg = params(file='d.csv')\nmetric('sum', sum(read_csv(cfg.file)['a']))\n")
    }

    private func run(_ line: String) throws -> Outcome {
        try shell("arenascript " + line, in: folder)
    }

    @Test func aLockedRunReadsWhatTheLockKnows() throws {
        let none = try run("lock a.as")
        #expect(none.code == 66 && none.errors.contains("run it once"), "\(none.errors)")
        #expect(try run("run a.as").code == 0)
        let locked = try run("lock a.as")
        #expect(locked.output == "a.as.lock: 1 input\n", "\(locked.errors)")
        #expect(try run("run a.as --locked").code == 0)
        let other = try run("run a.as --locked --set file=e.csv")
        #expect(
            other.code == 70 && other.errors.contains("e.csv is not among the files of a.as.lock"))
        try folder.write("d.csv", "id,a\n1,0.75\n")
        let changed = try run("run a.as --locked")
        #expect(
            changed.errors.contains("d.csv is not the file that a.as.lock was made with"),
            "\(changed.errors)")
        #expect(try run("run a.as").code == 0)
    }

    @Test func aChangedScriptIsRefused() throws {
        _ = try run("run a.as && arenascript lock a.as && echo 'print(1)' >> a.as")
        let outcome = try run("run a.as --locked")
        #expect(outcome.code == 66 && outcome.errors.contains("a.as is not the file"))
        #expect(outcome.output == "")
    }

    /// What the script loads is held to the lock as its data is, also by who tries it first.
    @Test func aLoadedScriptThatChangedIsRefused() throws {
        _ = try shell("mkdir lib", in: folder)
        try folder.write(
            "lib/tools.as", "from numbers import N\ndef total(xs):\n    return N * sum(xs)\n")
        try folder.write("lib/numbers.as", "N = 2\n")
        try folder.write(
            "b.as",
            "from lib.tools import total\nmetric('sum', total(read_csv('d.csv')['a']))\n")
        #expect(try run("run b.as").code == 0)
        #expect(try run("runs show").output.contains("input     lib/numbers.as"))
        #expect(try run("lock b.as").output == "b.as.lock: 3 inputs\n")
        #expect(try run("run b.as --locked").code == 0)
        try folder.write("lib/numbers.as", "print('mine')\nN = 3\n")
        let changed = try run("run b.as --locked")
        #expect(changed.code == 70 && changed.output == "", "\(changed.output)")
        #expect(
            changed.errors.contains("lib/numbers.as is not the file that b.as.lock was made with"),
            "\(changed.errors)")
        try folder.write("lib/numbers.as", "N = 2\n")
        try folder.write("lib/tools.as", "from more import total\n")
        try folder.write("lib/more.as", "total = sum\n")
        #expect(try run("run b.as --locked").code == 70)
        #expect(try run("run b.as").code == 0)
        #expect(try run("runs diff 1 3").output.contains("input lib/more.as: none -> "))
    }

    @Test func whatIsNoLockIsSaid() throws {
        #expect(try run("run a.as --locked").code == 66)
        try folder.write("a.as.lock", "{}")
        let outcome = try run("run a.as --locked")
        #expect(outcome.code == 66 && outcome.errors.contains("it lacks 'script'"))
    }
}
