// A step under way: the rows it finds in the journal, those it adds, and what is said about it.

import ArenaCore
import Glibc
import Synchronization

/// One computation of the run. Rows may be looked up and added from any thread.
package final class RecordedStep: Sendable {
    private let run: Run
    private let journal: Journal?
    private let computation: Digest
    /// From 1 within the run.
    package let number: Int
    private let record: Mutex<StepRecord>
    private let fault = Mutex<JournalError?>(nil)

    fileprivate init(_ run: Run, _ journal: Journal?, _ record: StepRecord) {
        self.run = run
        self.journal = journal
        computation = record.computation
        number = record.number
        self.record = Mutex(record)
    }

    /// Which it is of those that are known: "step 2 of 3".
    package var place: String {
        let known = run.state.withLock { $0.stepsExpected }
        return known.flatMap { number <= $0 ? "step \(number) of \($0)" : nil } ?? "step \(number)"
    }

    /// What went wrong with the journal; then the run has to end.
    package var failure: JournalError? { fault.withLock { $0 } ?? journal?.failure }

    /// The numbers that the journal has of these rows, nil for the others.
    package func values(for rows: [Digest]) -> [[Float]?] {
        results(for: rows).map { $0.flatMap { decoded($0) } }
    }

    /// Keeps the numbers of rows.
    package func keep(_ rows: [Digest], _ values: [[Float]]) {
        journal?.keep(
            zip(rows, values).map { RowResult(row: $0, value: encoded($1)) }, of: computation)
    }

    /// What the journal has of a single row, such as the arguments of a call.
    package func bytes(for row: Digest) -> [UInt8]? { results(for: [row]).first ?? nil }

    /// Keeps the bytes of a single row.
    package func keep(_ row: Digest, _ value: [UInt8]) {
        journal?.keep([RowResult(row: row, value: value)], of: computation)
    }

    private func results(for rows: [Digest]) -> [[UInt8]?] {
        let none = [[UInt8]?](repeating: nil, count: rows.count)
        guard let journal, !run.settings.isFresh else {
            explain(found: 0, of: rows.count)
            return none
        }
        do throws(JournalError) {
            let found = try journal.results(of: computation, rows: rows)
            explain(found: found.count { $0 != nil }, of: rows.count)
            return found
        } catch {
            fault.withLock { $0 = error }
            return none
        }
    }

    /// Records how the step came out.
    /// - Throws: `JournalError`, also one that has happened before.
    package func finish(_ tally: RowTally) throws(JournalError) {
        if let failure { throw failure }
        let done = record.withLock { record in
            record.rows = tally.rows
            record.found = tally.found
            record.computed = tally.computed
            record.missing = tally.cut + tally.nonFinite
            record.tokens = tally.tokens
            record.seconds = tally.seconds
            record.peakBytes = peakMemory()
            return record
        }
        run.state.withLock {
            $0.steps.append(done)
            $0.rowsCut += tally.cut
        }
        EventLog.write("step") { $0.add("step", done.json) }
        try journal?.flush()
        try journal?.record(done)
    }

    /// Says where the rows come from, if the run is to.
    private func explain(found: Int, of rows: Int) {
        guard run.settings.explains else { return }
        let step = record.withLock { $0 }
        let head = "step \(step.number) \(step.label): "
        if found == rows {
            return run.tell(head + "hit: all \(counted(rows, "row")) are in the journal")
        }
        var reason = "this was not computed before"
        if run.settings.isFresh {
            reason = "--fresh takes nothing from the journal"
        } else if let old = try? journal?.nearestStep(to: step.facts) {
            let changes = differences(from: old.facts, to: step.facts)
            if !changes.isEmpty {
                reason = changes.joined(separator: ", ")
            } else if found == 0, old.computed + old.found > 0 {
                reason = "the rows are others than before"
            } else {
                reason = "the run before did not come that far, or these rows are new"
            }
        }
        run.tell(
            head
                + (found == 0
                    ? "miss: \(counted(rows, "row")) to compute: "
                    : "hit: \(found) of \(counted(rows, "row")); miss: \(rows - found) to compute: ")
                + reason)
    }
}

extension Run {
    /// Begins a step.
    /// - Parameter facts: what its results follow from.
    /// - Throws: `JournalError`.
    package func step(_ label: String, _ facts: [StepFact]) throws(JournalError) -> RecordedStep {
        let journal = try journal()
        let number = state.withLock { state in
            state.stepsBegun += 1
            return state.stepsBegun
        }
        let record = StepRecord(
            number: number, label: label, computation: computationDigest(facts), facts: facts)
        try journal?.record(record)
        return RecordedStep(self, journal, record)
    }
}

/// Numbers as the journal has them, little-endian.
private func encoded(_ values: [Float]) -> [UInt8] {
    values.map { $0.bitPattern.littleEndian }.withUnsafeBytes { Array($0) }
}

private func decoded(_ bytes: [UInt8]) -> [Float]? {
    guard bytes.count % 4 == 0 else { return nil }
    return bytes.withUnsafeBytes { buffer in
        (0..<bytes.count / 4).map { i in
            Float(
                bitPattern: UInt32(
                    littleEndian: buffer.loadUnaligned(fromByteOffset: i * 4, as: UInt32.self)))
        }
    }
}

/// The most memory the process has held, in bytes.
package func peakMemory() -> Int {
    var usage = rusage()
    return getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0
        ? Int(usage.ru_maxrss) << 10 : 0
}
