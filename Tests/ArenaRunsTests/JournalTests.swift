// The journal: what was kept is found, by whoever asks; what is damaged or foreign is kept aside; a disk
// that fails ends the run, and what was there before stays.

import ArenaCore
import CFaultySQLite
import Glibc
import Synchronization
import Testing

@testable import ArenaRuns

@Suite(.serialized) struct JournalTests {
    let scratch = RunsScratch()
    var folder: String { joinPath(scratch.path, "state") }

    static let record = RunRecord(
        script: "a.as", folder: "/work", scriptDigest: Digest(of: "print(1)"))
    static let computation = computationDigest([StepFact(.task, "", "logits")])

    static func value(_ number: Int) -> [UInt8] { Array("the result of \(number)".utf8) }
    static func results(_ numbers: Range<Int>) -> [RowResult] {
        numbers.map { RowResult(row: Digest(of: "row \($0)"), value: value($0)) }
    }
    static func rows(_ numbers: Range<Int>) -> [Digest] { results(numbers).map(\.row) }

    private func found(_ numbers: Range<Int>, of computation: Digest = computation) throws -> Int {
        try Journal(folder: folder).results(of: computation, rows: Self.rows(numbers))
            .count { $0 != nil }
    }

    // MARK: - What is kept

    @Test func resultsAreFoundByContentInALaterRun() throws {
        let journal = try Journal(folder: folder)
        journal.keep(Self.results(0..<100), of: Self.computation)
        try journal.close()
        let later = try Journal(folder: folder)
        let values = try later.results(of: Self.computation, rows: Self.rows(90..<110))
        #expect(values.prefix(10).enumerated().allSatisfy { $1 == Self.value($0 + 90) })
        #expect(values.suffix(10).allSatisfy { $0 == nil })
        #expect(try found(0..<100, of: Digest(of: "another model")) == 0)
    }

    @Test func resultsAreOnDiskWithinTwoSecondsWithoutAnybodyAsking() throws {
        let journal = try Journal(folder: folder)
        journal.keep(Self.results(0..<10), of: Self.computation)
        for _ in 0..<40 {
            usleep(50_000)
            if try found(0..<10) == 10 { return }
        }
        Issue.record("the results are not on disk after two seconds")
        withExtendedLifetime(journal) {}
    }

    @Test func aRunIsReadBackAsItWasWritten() throws {
        let journal = try Journal(folder: folder)
        var record = Self.record
        record.arguments = ["a", "--b"]
        record.settings = ["x": "1"]
        let run = try journal.begin(record)
        var step = StepRecord(
            number: 1, label: "predict_proba demo", computation: Self.computation,
            facts: [StepFact(.weights, "model.safetensors", "00")])
        try journal.record(step)
        step.rows = 7
        step.seconds = 1.5
        try journal.record(step)
        try journal.record(MetricRecord("loss", 0.25))
        try journal.record(MetricRecord("loss", 0.125))
        let seeds = [SeedRecord("sample", "1"), SeedRecord("train_test_split", "42")]
        try journal.record(seeds)
        let output = OutputRecord(
            path: "s.csv", size: 3, digest: Digest(of: "abc"), summary: "7 rows")
        try journal.record(output)
        try journal.record([InputRecord(path: "t.csv", size: 1, digest: Digest(of: "t"))])
        try journal.finish(.finished, at: run.started + 2)
        try journal.close()
        let details = try Journal(folder: folder).details(nil)
        #expect(details.run.status == .finished && details.run.finished == run.started + 2)
        #expect(details.run.arguments == ["a", "--b"] && details.run.settings == ["x": "1"])
        #expect(details.steps == [step])
        #expect(details.metrics.map(\.value) == [0.25, 0.125])
        #expect(details.seeds == seeds && details.text.contains("seed      sample 1\n"))
        #expect(details.outputs == [output])
        #expect(details.inputs.map(\.path) == ["t.csv"])
        #expect(throws: JournalError.noRun(9, last: 1)) {
            try Journal(folder: folder).details(9)
        }
    }

    @Test func onlyARunThatDidNotEndGoesOnWithItsClock() throws {
        let journal = try Journal(folder: folder)
        var first = Self.record
        first.began.wall = 1000
        first.firstStarted = 1000
        first.process = ProcessMark(text: "boot/1/gone")
        _ = try journal.begin(first)
        let second = try journal.begin(Self.record)
        #expect(second.continues == 1 && second.firstStarted == 1000)
        #expect(try journal.details(1).run.status == .lost)
        // The second still runs: a third beside it has a clock of its own.
        let third = try journal.begin(Self.record)
        #expect(third.continues == nil)
        try journal.finish(.interrupted, at: 0)
        #expect(try journal.begin(Self.record).continues == 3)
        #expect(try journal.begin(Self.record, fresh: true).continues == nil)
        var other = Self.record
        other.settings = ["x": "1"]
        #expect(try journal.begin(other).continues == nil)
        try journal.finish(.finished, at: 0)
        #expect(try journal.begin(other).continues == nil)
    }

    @Test func twoProcessesShareOne() throws {
        let journals = try (0..<2).map { _ in try Journal(folder: folder) }
        runWorkers(2) { worker in
            for part in 0..<20 {
                journals[worker].keep(
                    Self.results(part * 10..<part * 10 + 10), of: Self.computation)
                try? journals[worker].flush()
            }
        }
        #expect(journals.allSatisfy { $0.failure == nil })
        #expect(try found(0..<200) == 200)
    }

    // MARK: - What cannot be used

    @Test(arguments: [
        "no database at all, but long enough to be taken for one by its size\n",
        "SQLite format 3\0",
    ]) func whatIsNoJournalIsKeptAside(_ content: String) throws {
        mkdir(folder, 0o755)
        let path = joinPath(folder, Journal.fileName)
        try writeFile(path, Array(String(repeating: content, count: 100).utf8))
        let said = Mutex<[String]>([])
        let journal = try Journal(folder: folder) { text in said.withLock { $0.append(text) } }
        #expect(said.withLock { $0.count } == 1)
        #expect(said.withLock { $0[0] }.contains("aside-1"))
        #expect(fileExists(path + ".aside-1"))
        journal.keep(Self.results(0..<3), of: Self.computation)
        try journal.close()
        #expect(try found(0..<3) == 3)
    }

    @Test func aForeignDatabaseIsKeptAside() throws {
        mkdir(folder, 0o755)
        let path = joinPath(folder, Journal.fileName)
        do { try JournalDatabase(path).run("CREATE TABLE mine(x)") }
        _ = try Journal(folder: folder)
        #expect(fileExists(path + ".aside-1"))
        let kept = try JournalDatabase(path + ".aside-1").rows(
            "SELECT name FROM sqlite_schema"
        ) { $0.text(0) }
        #expect(kept == ["mine"])
    }

    /// A changed name in the definition of a table: SQLite finds nothing wrong with the file.
    @Test(arguments: ["digest TEXT NOT NULL UNIQUE", "value BLOB NOT NULL", "computations"])
    func aChangedDefinitionIsDamage(_ words: String) throws {
        let path = joinPath(folder, Journal.fileName)
        do {
            let journal = try Journal(folder: folder)
            journal.keep(Self.results(0..<3), of: Self.computation)
            try journal.close()
        }
        do { try JournalDatabase(path).run("PRAGMA wal_checkpoint(TRUNCATE)") }
        var bytes = try readFile(path)
        let place = try #require(bytes.firstRange(of: Array(words.utf8)))
        bytes[place.lowerBound] = UInt8(ascii: "x")
        for name in listDirectory(folder) { unlink(joinPath(folder, name)) }
        try writeFile(path, bytes)
        let journal = try Journal(folder: folder)
        // A run looks rows up before it keeps any.
        _ = try journal.results(of: Self.computation, rows: Self.rows(0..<3))
        journal.keep(Self.results(0..<3), of: Self.computation)
        try journal.close()
        #expect(try found(0..<3) == 3)
        #expect(fileExists(path + ".aside-1"))
    }

    /// Damage anywhere: what is found is right or not found; the run goes on.
    @Test func damagedBytesAreNeverTakenForResults() throws {
        let path = joinPath(folder, Journal.fileName)
        do {
            let journal = try Journal(folder: folder)
            journal.keep(Self.results(0..<400), of: Self.computation)
            try journal.close()
        }
        do { try JournalDatabase(path).run("PRAGMA wal_checkpoint(TRUNCATE)") }
        let whole = try readFile(path)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<30 {
            var bytes = whole
            for _ in 0..<20 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^=
                    1 << UInt8.random(in: 0..<8)
            }
            for name in listDirectory(folder) { unlink(joinPath(folder, name)) }
            try writeFile(path, bytes)
            let journal = try Journal(folder: folder)
            let values = try journal.results(of: Self.computation, rows: Self.rows(0..<400))
            for (n, value) in values.enumerated() where value != nil {
                #expect(value == Self.value(n))
            }
            journal.keep(Self.results(400..<410), of: Self.computation)
            try journal.close()
        }
    }

    @Test func aFolderThatCannotBeMadeIsSaid() throws {
        let file = joinPath(scratch.path, "file")
        try writeFile(file, [1])
        let inside = joinPath(file, "state")
        #expect(throws: JournalError.self) { try Journal(folder: inside) }
        #expect(throws: JournalError.folder(.missingFolder(path: "/nowhere/at/all"))) {
            try Journal(folder: "/nowhere/at/all")
        }
    }

    // MARK: - A disk that fails

    /// Whatever write, sync or cut fails, and however: the error comes out, and what was committed
    /// before is still there.
    @Test(arguments: [faulty_full, faulty_io, faulty_short])
    func everyFailingOperationEndsInAnError(_ kind: Int) throws {
        #expect(faulty_register() == 0)
        defer { faulty_arm(-1, Int32(faulty_full)) }
        var passed = 0
        for operations in Array(0..<12) + Array(stride(from: 12, to: 400, by: 9)) {
            faulty_arm(-1, Int32(kind))
            let folder = joinPath(scratch.path, "state-\(kind)-\(operations)")
            do {
                let journal = try Journal(folder: folder)
                journal.keep(Self.results(0..<50), of: Self.computation)
                try journal.close()
            }
            faulty_arm(Int32(operations), Int32(kind))
            var failed = false
            do {
                let journal = try Journal(folder: folder, vfs: "faulty")
                _ = try journal.begin(Self.record)
                journal.keep(Self.results(50..<400), of: Self.computation)
                try journal.flush()
                try journal.finish(.finished, at: 1)
                try journal.close()
            } catch {
                failed = true
            }
            let made = faulty_count()
            faulty_arm(-1, Int32(kind))
            let journal = try Journal(folder: folder)
            let values = try journal.results(of: Self.computation, rows: Self.rows(0..<400))
            #expect(values[0..<50].allSatisfy { $0 != nil }, "\(operations)")
            let new = values[50...].count { $0 != nil }
            #expect(new == 0 || new == 350, "\(operations)")
            if !failed { #expect(new == 350, "\(operations)") }
            try journal.close()
            if made <= operations { passed += 1 }
            if passed > 2 { return }
        }
        Issue.record("400 operations were not enough")
    }

    @Test func afterAFailureNothingIsTakenAndTheErrorStays() throws {
        #expect(faulty_register() == 0)
        faulty_arm(-1, Int32(faulty_full))
        let journal = try Journal(folder: folder, vfs: "faulty")
        faulty_arm(0, Int32(faulty_full))
        journal.keep(Self.results(0..<5), of: Self.computation)
        for _ in 0..<60 where journal.failure == nil { usleep(50_000) }
        faulty_arm(-1, Int32(faulty_full))
        #expect(journal.failure?.report.message.contains("the disk is full") == true)
        #expect(throws: JournalError.self) { try journal.flush() }
        #expect(throws: JournalError.self) { try journal.close() }
    }
}

/// A folder that is removed with its files when the object goes.
final class RunsScratch {
    let path: String

    init() {
        var template = Array("/tmp/arena-runs-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
    }

    deinit { Self.remove(path) }

    private static func remove(_ path: String) {
        for name in listDirectory(path) {
            let inner = joinPath(path, name)
            if unlink(inner) != 0 { remove(inner) }
        }
        rmdir(path)
    }
}
