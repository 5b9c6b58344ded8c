// par_map: a function over items on every core, with the answers of one core.
//
// Each worker is a machine of its own with frozen copies of what the function reaches. Items are handed
// out in order; results, printed text and the first error (by item) come out as a loop would give them.

import ArenaCore
import Synchronization

private typealias P = BuiltinParameter

let parallelMapFunction = Builtin(
    "par_map", [P("f", "function"), P("items", "iterable")],
    "The results of calling f on each item, in order, computed on all cores; f may read but not change what lies outside it.",
    examples: [Example("print(par_map(lambda x: x * x, range(5)))", prints: "[0, 1, 4, 9, 16]\n")]
) { a throws(Raised) in
    let items = try a.machine.snapshot(a[1])
    defer { for item in items { item.release() } }
    return try a.machine.parallelMap(a[0], items)
}

/// What the workers share: the next item, and the first that failed.
private final class Share: Sendable {
    let next = Atomic<Int>(0)
    let firstFailure = Atomic<Int>(Int.max)
}

/// What one worker leaves behind.
private final class Outcome: @unchecked Sendable {
    // SAFETY: written by one worker's thread alone, read when all have ended.
    var failure: (item: Int, error: Raised)?
    var texts: [(item: Int, text: String, isNote: Bool)] = []
}

extension Machine {
    fileprivate func parallelMap(_ f: Value, _ items: [Value]) throws(Raised) -> Value {
        guard !items.isEmpty else { return .list() }
        if isWorker { return try mapHere(f, items) }
        let workers = min(processorCount(), items.count)
        let chunk = min(max(items.count / (workers * 16), 1), 64)
        let share = Share()
        let outcomes = (0..<workers).map { _ in Outcome() }
        // SAFETY: each slot is written by the one worker that took its item; read when all have ended.
        // The source machine stands still while its values are read.
        nonisolated(unsafe) let results = UnsafeMutablePointer<Value>.allocate(
            capacity: items.count)
        results.initialize(repeating: .unset, count: items.count)
        nonisolated(unsafe) let source = self
        let function = f
        let work = items
        runWorkers(workers) { worker in
            source.runWorker(function, work, chunk, share, outcomes[worker], results)
        }
        defer { results.deallocate() }
        let failure = outcomes.compactMap(\.failure).min { $0.item < $1.item }
        let last = failure?.item ?? Int.max
        for (_, text, isNote) in outcomes.flatMap(\.texts).filter({ $0.item <= last })
            .sorted(by: { $0.item < $1.item })
        {
            if isNote { note(text) } else { output(text) }
        }
        if let failure {
            for i in 0..<items.count { results[i].release() }
            throw failure.error
        }
        return .list(UnsafeBufferPointer(start: results, count: items.count))
    }

    /// Inside a worker the other cores are busy already.
    private func mapHere(_ f: Value, _ items: [Value]) throws(Raised) -> Value {
        let list = Value.list(capacity: items.count)
        do throws(Raised) {
            for item in items { list.append(try call(f, [item])) }
        } catch {
            list.release()
            throw error
        }
        return list
    }

    private func runWorker(
        _ f: Value, _ items: [Value], _ chunk: Int, _ share: Share, _ outcome: Outcome,
        _ results: UnsafeMutablePointer<Value>
    ) {
        var item = 0
        func fail(_ error: Raised) {
            outcome.failure = (item, error)
            var least = share.firstFailure.load(ordering: .relaxed)
            while item < least {
                let (done, now) = share.firstFailure.compareExchange(
                    expected: least, desired: item, ordering: .relaxed)
                if done { break }
                least = now
            }
        }
        let machine = Machine(
            workerOf: self, output: { outcome.texts.append((item, $0, false)) },
            note: { outcome.texts.append((item, $0, true)) })
        var copier = WorkerCopy(from: self, to: machine)
        do throws(Raised) {
            let function = try copier.copy(f)
            defer { function.release() }
            while true {
                let first = share.next.wrappingAdd(chunk, ordering: .relaxed).oldValue
                guard first < items.count else { return }
                for i in first..<min(first + chunk, items.count) {
                    if i > share.firstFailure.load(ordering: .relaxed) { return }
                    item = i
                    let argument = try copier.copyItem(items[i])
                    defer { argument.release() }
                    results[i] = machine.detached(try machine.call(function, [argument]))
                }
            }
        } catch {
            fail(error)
        }
    }
}
