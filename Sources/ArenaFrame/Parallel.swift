// Work that falls into tasks of uneven size, spread over the cores: each is taken by the next worker that
// is free.

import ArenaCore
import Synchronization

/// Hands out the numbers below `count`.
func overParts(_ count: Int, workers: Int, _ body: @escaping @Sendable (_ part: Int) -> Void) {
    overParts(count, workers: workers, with: {}) { _, part in body(part) }
}

/// Hands out the numbers below `count`, with what each worker has for itself.
private func overParts<W>(
    _ count: Int, workers: Int, with make: @escaping @Sendable () -> W,
    _ body: @escaping @Sendable (W, _ part: Int) -> Void
) {
    let next = Atomic<Int>(0)
    withExtendedLifetime(next) {
        runWorkers(max(1, min(workers, count))) { _ in
            let own = make()
            while true {
                let part = next.add(1, ordering: .relaxed).oldValue
                if part >= count { return }
                body(own, part)
            }
        }
    }
}

/// The results of `count` tasks in order.
func inTasks<T: Sendable>(
    _ count: Int, workers: Int, _ body: @escaping @Sendable (Int) -> T
) -> [T] {
    inTasks(count, workers: workers, with: {}) { _, task in body(task) }
}

/// The results of `count` tasks in order; `make` gives each worker what it needs besides.
func inTasks<W, T: Sendable>(
    _ count: Int, workers: Int, with make: @escaping @Sendable () -> W,
    _ body: @escaping @Sendable (W, Int) -> T
) -> [T] {
    let results = UnsafeMutablePointer<T?>.allocate(capacity: max(count, 1))
    results.initialize(repeating: nil, count: count)
    defer {
        results.deinitialize(count: count)
        results.deallocate()
    }
    // SAFETY: each result is written by the one worker that took its number, and all have ended when
    // overParts returns.
    nonisolated(unsafe) let slots = results
    overParts(count, workers: workers, with: make) { slots[$1] = body($0, $1) }
    return (0..<count).compactMap { results[$0] }
}

/// The results of `body` over consecutive ranges of rows, in order.
func inParts<T: Sendable>(
    _ count: Int, workers: Int, _ body: @escaping @Sendable (Range<Int>) -> T
) -> [T] {
    // Below this a thread costs more than it brings.
    let workers = max(1, min(workers, count / 64))
    // Several parts a worker, so that one who is held up does not hold up the others.
    let total = workers == 1 ? 1 : min(workers * 4, count / 64)
    return inTasks(total, workers: workers) { part in
        body(count * part / total..<count * (part + 1) / total)
    }
}
