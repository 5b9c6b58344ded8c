// Work that falls into tasks of uneven size, spread over the cores.

import ArenaCore
import Synchronization

/// The results of `count` tasks in order; each is taken by the next worker that is free.
func inTasks<T: Sendable>(
    _ count: Int, workers: Int, _ body: @escaping @Sendable (Int) -> T
) -> [T] {
    let results = UnsafeMutablePointer<T?>.allocate(capacity: max(count, 1))
    results.initialize(repeating: nil, count: count)
    defer {
        results.deinitialize(count: count)
        results.deallocate()
    }
    // SAFETY: each result is written by the one worker that took its number, and all have ended when
    // runWorkers returns.
    nonisolated(unsafe) let slots = results
    let next = Atomic<Int>(0)
    withExtendedLifetime(next) {
        runWorkers(max(1, min(workers, count))) { _ in
            while true {
                let task = next.add(1, ordering: .relaxed).oldValue
                if task >= count { return }
                slots[task] = body(task)
            }
        }
    }
    return (0..<count).compactMap { results[$0] }
}
