// Data parallelism for the engines: plain threads, one call at a time, no pool state to go stale.

import Glibc

/// The number of processors that are online.
package func processorCount() -> Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

/// Runs `body(worker)` for each worker number below `count`, at once, and returns when all are done.
///
/// Worker 0 runs on the calling thread. If a thread cannot be made, its share runs on the caller's.
package func runWorkers(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    guard count > 1 else {
        if count == 1 { body(0) }
        return
    }
    var threads: [pthread_t] = []
    var left: [Int] = []
    for worker in 1..<count {
        let box = Unmanaged.passRetained(ThreadBody { body(worker) })
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, 8 << 20)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { raw in
                guard let raw else { return nil }
                // SAFETY: the pointer is the retained ThreadBody passed below, taken over exactly once.
                Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if code == 0 {
            threads.append(thread)
        } else {
            box.release()
            left.append(worker)
        }
    }
    body(0)
    for worker in left { body(worker) }
    for thread in threads { pthread_join(thread, nil) }
}

/// Runs `body` on a thread of its own, which ends with it or with the process.
/// - Returns: whether a thread could be made.
@discardableResult
package func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let box = Unmanaged.passRetained(ThreadBody(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, 256 << 10)
    defer { pthread_attr_destroy(&attributes) }
    var thread = pthread_t()
    let code = pthread_create(
        &thread, &attributes,
        { raw in
            guard let raw else { return nil }
            // SAFETY: the pointer is the retained ThreadBody passed below, taken over exactly once.
            Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run()
            return nil
        }, box.toOpaque())
    if code != 0 { box.release() }
    return code == 0
}

private final class ThreadBody {
    let run: () -> Void
    init(_ run: @escaping () -> Void) { self.run = run }
}

/// Splits `0..<count` into one contiguous range a worker and runs them at once.
package func parallelRanges(
    _ count: Int, workers: Int, _ body: @escaping @Sendable (Int, Range<Int>) -> Void
) {
    let workers = max(1, min(workers, count))
    runWorkers(workers) { worker in
        body(worker, count * worker / workers..<count * (worker + 1) / workers)
    }
}
