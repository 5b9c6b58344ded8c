// Results on their way to disk: workers leave them and go on; a thread of its own commits them in groups.
// A commit outlives the process at once, and the machine when the disk has been waited for, a second
// later at most.

import ArenaCore
import Glibc

/// A row's result: its identity within its computation, and its bytes.
package struct RowResult: Sendable, Equatable {
    package var row: Digest
    package var value: [UInt8]

    package init(row: Digest, value: [UInt8]) {
        self.row = row
        self.value = value
    }
}

final class ResultQueue: Sendable {
    /// Results that are committed together, and the threads that have left them.
    struct Group: Sendable {
        var results: [(computation: Digest, result: RowResult)] = []
        var owners: [pthread_t] = []
        /// When the first was left.
        var since: Double?
    }

    private struct State: Sendable {
        var waiting = Group()
        /// Who has results in the group under way.
        var committing: [pthread_t] = []
        var failure: JournalError?
        var isStopped = false
        /// Whether a thread waits for results it has left before.
        var isPressed = false
        /// Seconds that a result waits for others.
        var patience = 0.0
        /// Since when there are commits that the disk may not have.
        var unsynced: Double?
        /// Seconds that threads have waited here.
        var waited = 0.0

        func holds(_ thread: pthread_t) -> Bool {
            waiting.owners.contains(thread) || committing.contains(thread)
        }

        mutating func take(
            _ results: [RowResult], _ computation: Digest, _ thread: pthread_t, at now: Double
        ) {
            guard failure == nil else { return }
            for result in results { waiting.results.append((computation, result)) }
            waiting.owners.append(thread)
            waiting.since = waiting.since ?? now
        }

        /// What is to be done now, and if nothing, in how many seconds.
        var due: (durability: Durability?, seconds: Double) {
            let now = monotonicSeconds()
            let sync = unsynced.map { $0 + ResultQueue.longestUnsynced - now } ?? .infinity
            if sync <= 0 { return (.machine, 0) }
            guard let since = waiting.since else { return (nil, sync) }
            let commit = isPressed ? 0 : since + patience - now
            return commit <= 0 ? (.process, 0) : (nil, min(sync, commit))
        }
    }
    private let state = Monitor(State())
    private let began = monotonicSeconds()
    /// Seconds that threads may wait for the disk, beside a tenth of the time.
    private let leastWait: Double
    private static let longestUnsynced = 0.75

    init(leastWait: Double = 0.1) { self.leastWait = leastWait }

    /// Begins to commit; the journal is not kept alive by that.
    func start(for journal: Journal) {
        startThread { [self, weak journal] in
            while let durability = nextDuty() {
                guard let journal else { return }
                let start = threadSeconds()
                try? journal.flush(durability)
                // A fiftieth of a processor's time at most goes to commits that nobody waits for.
                let patience = 50 * (threadSeconds() - start)
                state.change { $0.patience = min(patience, Self.longestUnsynced) }
            }
        }
    }

    /// Waits until something is to be done; nil at the end.
    private func nextDuty() -> Durability? {
        enum Duty { case again, commit(Durability), over }
        while true {
            let end = monotonicSeconds() + state.read { $0.due.seconds }
            let duty: Duty? = state.wait(seconds: end - monotonicSeconds()) { state in
                if state.isStopped || state.failure != nil { return .over }
                let due = state.due
                if let durability = due.durability { return .commit(durability) }
                // What has come since may be due before what is waited for.
                return monotonicSeconds() + due.seconds < end ? Duty.again : nil
            }
            switch duty {
            case .commit(let durability): return durability
            case .over: return nil
            case .again, nil: continue
            }
        }
    }

    func stop() { state.change { $0.isStopped = true } }

    /// Leaves results. A thread whose earlier ones are not committed yet waits for that, so that of each at
    /// most one share can be lost; on a slow disk for a tenth of the time.
    func add(_ results: [RowResult], to computation: Digest) {
        let thread = pthread_self()
        let start = monotonicSeconds()
        let mayWait: Double? = state.change { state in
            guard state.failure == nil, state.holds(thread) else {
                state.take(results, computation, thread, at: start)
                return nil
            }
            state.isPressed = true
            return leastWait + (start - began) / 10 - state.waited
        }
        guard let mayWait else { return }
        if mayWait > 0 {
            _ = state.wait(seconds: mayWait) { state -> Bool? in
                state.failure != nil || !state.holds(thread) ? true : nil
            }
        }
        let end = monotonicSeconds()
        state.change { state in
            state.waited += end - start
            state.take(results, computation, thread, at: end)
        }
    }

    /// What waits; it is the caller's to commit, and then to say so, or to report.
    func take() throws(JournalError) -> Group {
        let (group, failure) = state.change { state in
            let group = state.waiting
            state.committing = group.owners
            state.waiting = Group()
            state.isPressed = false
            return (group, state.failure)
        }
        if let failure { throw failure }
        return group
    }

    /// Says that what was taken is committed.
    func settle(_ durability: Durability) {
        state.change { state in
            state.committing = []
            switch durability {
            case .process: state.unsynced = state.unsynced ?? monotonicSeconds()
            case .machine: state.unsynced = nil
            }
        }
    }

    /// Whether there are commits that the disk may not have.
    var isUnsynced: Bool { state.read { $0.unsynced != nil } }

    /// The first thing that went wrong; nothing is taken after it.
    var failure: JournalError? { state.read { $0.failure } }

    func fail(_ error: JournalError) {
        state.change { $0.failure = $0.failure ?? error }
    }
}
