// Results on their way to disk: workers leave them and go on; a thread of its own commits them in groups,
// after some hundredths of a second and a second at the latest. What waits, and what is under way, can be
// lost.

import ArenaCore
import Glibc
import Synchronization

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
    private struct State {
        var waiting: [(computation: Digest, result: RowResult)] = []
        var since: Double?
        var failure: JournalError?
        var isStopped = false
        /// Seconds that a result waits for others.
        var patience = ResultQueue.leastPatience
    }
    private let state = Mutex(State())
    private static let leastPatience = 0.01
    private static let mostPatience = 1.0

    /// Begins to commit; the journal is not kept alive by that.
    func start(for journal: Journal) {
        startThread { [self, weak journal] in
            while !state.withLock({ $0.isStopped }) {
                usleep(10_000)
                guard isDue else { continue }
                guard let journal else { return }
                let start = threadSeconds()
                try? journal.flush()
                // A twentieth of a processor's time at most goes to commits; waiting for the disk
                // keeps nobody from computing.
                let wait = 20 * (threadSeconds() - start)
                state.withLock {
                    $0.patience = min(max(wait, Self.leastPatience), Self.mostPatience)
                }
            }
        }
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private var isDue: Bool {
        state.withLock { state in
            guard state.failure == nil, let since = state.since else { return false }
            return monotonicSeconds() - since >= state.patience
        }
    }

    func add(_ results: [RowResult], to computation: Digest) {
        state.withLock { state in
            guard state.failure == nil else { return }
            for result in results { state.waiting.append((computation, result)) }
            if state.since == nil { state.since = monotonicSeconds() }
        }
    }

    /// What waits; it is the caller's to bring to disk, or to report.
    func take() throws(JournalError) -> [(computation: Digest, result: RowResult)] {
        let (waiting, failure) = state.withLock { state in
            defer { (state.waiting, state.since) = ([], nil) }
            return (state.waiting, state.failure)
        }
        if let failure { throw failure }
        return waiting
    }

    /// The first thing that went wrong; nothing is taken after it.
    var failure: JournalError? { state.withLock { $0.failure } }

    func fail(_ error: JournalError) { state.withLock { $0.failure = $0.failure ?? error } }
}
