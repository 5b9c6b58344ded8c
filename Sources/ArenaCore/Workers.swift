// Data parallelism for the engines: plain threads, one call at a time, no pool state to go stale.

import Glibc
import Synchronization

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
        if let thread = makeThread(stack: 8 << 20, { body(worker) }) {
            threads.append(thread)
        } else {
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
    guard let thread = makeThread(stack: 256 << 10, body) else { return false }
    pthread_detach(thread)
    return true
}

/// A thread that runs `body`, to be joined or detached; nil if none could be made.
private func makeThread(stack: Int, _ body: @escaping @Sendable () -> Void) -> pthread_t? {
    let box = Unmanaged.passRetained(ThreadBody(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, stack)
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
    guard code == 0 else {
        box.release()
        return nil
    }
    return thread
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

/// What a thread of its own works out. Whoever has made it waits for the thread, at the latest when the
/// object goes.
package final class Future<Value: Sendable>: Sendable {
    private enum State {
        case running(pthread_t)
        /// No thread could be made.
        case left
        case done(Value)
    }
    private let state: Mutex<State>
    private let result = Result()
    private let body: @Sendable () -> Value

    private final class Result: Sendable {
        let value = Mutex<Value?>(nil)
    }

    package init(_ body: @escaping @Sendable () -> Value) {
        self.body = body
        let result = result
        let thread = makeThread(stack: 8 << 20) {
            let value = body()
            result.value.withLock { $0 = value }
        }
        state = Mutex(thread.map { .running($0) } ?? .left)
    }

    deinit {
        state.withLock { if case .running(let thread) = $0 { pthread_join(thread, nil) } }
    }

    /// The value, once it is there.
    package func value() -> Value {
        state.withLock { state in
            if case .done(let value) = state { return value }
            if case .running(let thread) = state { pthread_join(thread, nil) }
            let value = result.value.withLock { $0 } ?? body()
            state = .done(value)
            return value
        }
    }
}
