// The run under way: what builtins tell it goes into the journal, and what the journal or the deadline
// say reaches them through it. The journal begins with the first thing that is worth recording, so that a
// script without models, metrics and submissions leaves nothing behind.

import ArenaCore
import CSQLite
import Glibc
import Synchronization

/// How a run is to be kept.
package struct RunSettings: Sendable {
    /// The folder of the journal; nil for `.arena` in the working directory.
    package var state: String?
    /// Take nothing from the journal and start the clock anew.
    package var isFresh = false
    /// Say of each step where its rows come from and why.
    package var explains = false
    /// Try a script that opens models before it runs.
    package var rehearses = false
    /// Read nothing but what the script's lock knows.
    package var isLocked = false
    package var deadline: DeadlineSetting?
    /// Seconds; nil for the usual.
    package var reserve: Double?
    /// Model calls that a trial of the script has met; nil if it was not tried to its end.
    package var callsTried: [CallForecast]?

    package init() {}

    /// The journal's folder unless another is given.
    package static let usualState = ".arena"
}

/// A run that this process makes.
package final class Run: Sendable {
    package let settings: RunSettings
    /// Says a sentence to the person.
    package let tell: @Sendable (String) -> Void

    struct State {
        var record: RunRecord
        var journal: Journal?
        var hasTriedJournal = false
        var stepsBegun = 0
        /// How many steps the run will have, as far as a trial or the last run of the command shows.
        var stepsExpected: Int?
        /// What its calls take, as far as a trial of the command has told.
        var calls: [CallForecast]
        var steps: [StepRecord] = []
        var metrics: [MetricRecord] = []
        var seeds: [SeedRecord] = []
        var rowsCut = 0
        var rowsFilled = 0
    }
    let state: Mutex<State>
    private let now: @Sendable () -> Moment
    private let deadlineStore = Mutex<Deadline?>(nil)
    private let opening = Lock()

    /// - Parameter now: what time it is; tests have clocks of their own.
    package init(
        _ record: RunRecord, _ settings: RunSettings = RunSettings(),
        now: @escaping @Sendable () -> Moment = Moment.now,
        tell: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.settings = settings
        self.now = now
        self.tell = tell
        state = Mutex(
            State(
                record: record, stepsExpected: settings.callsTried?.count,
                calls: settings.callsTried ?? []))
    }

    /// Prepares what must be known before the script begins: with a deadline, when the command was
    /// first started.
    /// - Throws: `JournalError`.
    package func prepare() throws(JournalError) {
        guard let setting = settings.deadline else { return }
        let journal = try journal()
        let record = state.withLock { $0.record }
        let moment = now()
        let deadline = Deadline(
            setting, spent: record.elapsed(at: moment), reserve: settings.reserve,
            wall: moment.wall, clock: { [now] in now().steady })
        deadlineStore.withLock { $0 = deadline }
        try journal?.recordDeadline(moment.wall + deadline.remaining + deadline.reserve)
        let left = deadline.remaining
        tell(
            left > 0
                ? "deadline: model calls have \(duration(left))"
                    + (record.continues == nil
                        ? ""
                        : ", counted from the first start at \(localTime(record.firstStarted))")
                : "deadline: it has passed (first start: \(localTime(record.firstStarted))); rows that are not in the journal will be missing"
        )
    }

    package var deadline: Deadline? { deadlineStore.withLock { $0 } }

    /// The journal, opened at the first call; nil where the folder cannot be written and nobody asked
    /// for one by name.
    /// - Throws: `JournalError`.
    package func journal() throws(JournalError) -> Journal? {
        try opening.holding { () throws(JournalError) in
            let (known, tried, record) = state.withLock {
                ($0.journal, $0.hasTriedJournal, $0.record)
            }
            if tried { return known }
            state.withLock { $0.hasTriedJournal = true }
            let folder = settings.state ?? RunSettings.usualState
            let journal: Journal
            do throws(JournalError) {
                journal = try Journal(folder: folder, tell: tell)
            } catch {
                guard settings.state == nil, settings.deadline == nil, error.isAboutAccess else {
                    throw error
                }
                tell(
                    "no journal: \(error.report.message); if this run is killed it begins again from nothing (--state DIR keeps a journal elsewhere)"
                )
                return nil
            }
            let begun = try journal.begin(record, fresh: settings.isFresh)
            let steps = try journal.stepsOfLastRun(of: begun)
            let calls: [CallForecast]
            if let tried = settings.callsTried {
                calls = tried
                journal.keep(tried, of: begun.command)
            } else {
                calls = try journal.calls(of: begun.command)
            }
            state.withLock {
                ($0.journal, $0.record, $0.calls) = (journal, begun, calls)
                $0.stepsExpected = $0.stepsExpected ?? steps
            }
            return journal
        }
    }

    /// Keeps a number that the script reports.
    /// - Throws: `JournalError`.
    package func report(_ metric: MetricRecord) throws(JournalError) {
        state.withLock { $0.metrics.append(metric) }
        try journal()?.record(metric)
    }

    /// Keeps what was written.
    /// - Throws: `JournalError`.
    package func report(_ output: OutputRecord) throws(JournalError) {
        try journal()?.record(output)
    }

    /// Notes the seed that something random is drawn from.
    package func note(_ seed: SeedRecord) {
        state.withLock { state in
            guard state.seeds.count < Self.mostSeeds, !state.seeds.contains(seed) else { return }
            state.seeds.append(seed)
        }
    }

    /// A script that draws in a loop says by its first seeds what it does.
    private static let mostSeeds = 100

    /// Seconds since this process began the run.
    var seconds: Double { state.withLock { $0.record }.began.seconds(to: now()) }

    /// Counts rows that were filled in a submission.
    package func countFilled(_ rows: Int) { state.withLock { $0.rowsFilled += rows } }

    /// Rows that the deadline has left without a result.
    package var rowsCut: Int { state.withLock { $0.rowsCut } }

    /// Whether the run came to its end without all it was to do.
    package var isCut: Bool { state.withLock { $0.rowsCut > 0 || $0.rowsFilled > 0 } }

    /// Puts everything on disk and says how the run ended.
    /// - Parameter files: what was read and written, if the run is recorded.
    /// - Throws: `JournalError`, also one that has happened before.
    package func finish(
        _ status: RunStatus, inputs: () -> [InputRecord] = { [] },
        outputs: () -> [OutputRecord] = { [] }
    ) throws(JournalError) {
        guard let journal = state.withLock({ $0.journal }) else { return }
        try journal.flush()
        try journal.record(inputs())
        try journal.record(state.withLock { $0.seeds })
        for output in outputs() { try journal.record(output) }
        try journal.finish(status, at: state.withLock { $0.record.started } + seconds)
        try journal.close()
    }
}

extension JournalError {
    /// Whether a folder or file may not be written, as with inputs on a read-only disk.
    var isAboutAccess: Bool {
        switch self {
        case .folder(.system(_, _, let code)): return [EACCES, EPERM, EROFS].contains(code)
        case .sqlite(_, let code, _):
            return [SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_PERM].contains(code & 0xFF)
        default: return false
        }
    }
}
