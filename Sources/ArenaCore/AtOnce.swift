// Two things that need nothing of each other, on two threads: what takes long while loading.

import Synchronization

/// Runs both and returns what they give.
package func atOnce<A: Sendable, B: Sendable>(
    _ first: @escaping @Sendable () -> A, and second: @escaping @Sendable () -> B
) -> (A, B) {
    let results = Results<A, B>()
    runWorkers(2) { worker in
        if worker == 0 {
            let value = first()
            results.values.withLock { $0.0 = value }
        } else {
            let value = second()
            results.values.withLock { $0.1 = value }
        }
    }
    let (a, b) = results.values.withLock { $0 }
    return (a ?? first(), b ?? second())
}

private final class Results<A: Sendable, B: Sendable>: Sendable {
    let values = Mutex<(A?, B?)>((nil, nil))
}
