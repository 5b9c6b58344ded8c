// Pruning: what recent runs are about stays, the rest goes and its room is given back; a process at work
// beside it loses nothing that it needs.

import ArenaCore
import Glibc
import Testing

@testable import ArenaRuns

@Suite struct PruningTests {
    let scratch = RunsScratch()
    private var folder: String { joinPath(scratch.path, "state") }

    private func facts(_ task: Int) -> [StepFact] { [StepFact(.task, "", "task \(task)")] }

    /// A run with one step over 300 rows.
    private func run(_ task: Int, ends: Bool = true) throws -> Journal {
        let journal = try Journal(folder: folder)
        _ = try journal.begin(JournalTests.record)
        let step = StepRecord(
            number: 1, label: "predict \(task)", computation: computationDigest(facts(task)),
            facts: facts(task))
        try journal.record(step)
        journal.keep(
            (0..<300).map { RowResult(row: Digest(of: "row \($0)"), value: Self.value) },
            of: step.computation)
        try journal.flush()
        if ends {
            try journal.finish(.finished, at: 1)
            try journal.close()
        }
        return journal
    }

    private static let value = [UInt8](repeating: 7, count: 1000)

    private func found(_ task: Int) throws -> Int {
        try Journal(folder: folder).results(
            of: computationDigest(facts(task)), rows: (0..<300).map { Digest(of: "row \($0)") }
        ).count { $0 != nil }
    }

    @Test func whatRecentRunsAreAboutStays() throws {
        for task in [1, 2, 3, 1] { _ = try run(task) }
        let report = try Journal(folder: folder).prune(keep: 2)
        #expect(report.computations == 1 && report.rows == 300 && !report.isInUse)
        #expect(report.before > 900_000 && report.after < report.before - 200_000)
        #expect(try (1...3).map(found) == [300, 0, 300])
        #expect(try Journal(folder: folder).runs().count == 4)
        let again = try Journal(folder: folder).prune(keep: 2)
        #expect(again.rows == 0 && again.after == again.before)
        #expect(try Journal(folder: folder).prune(keep: 0).rows == 600)
        // What was dropped is computed and kept as before.
        _ = try run(2)
        #expect(try (1...3).map(found) == [0, 300, 0])
    }

    @Test func aRunUnderWayKeepsItsResultsAndGoesOn() throws {
        _ = try run(1)
        let own = try run(2, ends: false)
        let report = try Journal(folder: folder).prune(keep: 0)
        #expect(report.rows == 300 && report.isInUse)
        #expect(try (1...2).map(found) == [0, 300])
        // It may know the number of a computation whose results are gone.
        own.keep(
            [RowResult(row: Digest(of: "row 0"), value: Self.value)],
            of: computationDigest(facts(1)))
        try own.finish(.finished, at: 1)
        try own.close()
        #expect(try (1...2).map(found) == [1, 300])
    }

    @Test func pruningBesideAProcessThatWritesHarmsNeither() throws {
        for task in 1...4 { _ = try run(task) }
        let journals = try (0..<2).map { _ in try Journal(folder: folder) }
        _ = try journals[0].begin(JournalTests.record)
        try journals[0].record(
            StepRecord(number: 1, label: "", computation: JournalTests.computation, facts: []))
        runWorkers(2) { worker in
            for part in 0..<20 {
                if worker == 1 {
                    _ = try? journals[1].prune(keep: 1)
                } else {
                    journals[0].keep(
                        JournalTests.results(part * 10..<part * 10 + 10),
                        of: JournalTests.computation)
                    try? journals[0].flush()
                }
            }
        }
        #expect(journals[0].failure == nil)
        let kept = try journals[0].results(
            of: JournalTests.computation, rows: JournalTests.rows(0..<200))
        #expect(kept.allSatisfy { $0 != nil })
        #expect(try found(1) == 0)
    }
}
