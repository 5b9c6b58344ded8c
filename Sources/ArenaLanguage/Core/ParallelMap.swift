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
    /// Something outside the function was to be changed, whether the function minded or not.
    var hasMetFrozen = false
}

/// What the function is called with.
private enum WorkerItems: @unchecked Sendable {
    // SAFETY: values are only read, while the machine they belong to stands still.
    case values([Value])
    /// Made by each worker for itself.
    case made(@Sendable () -> (Int) -> Value)
}

/// What every worker needs to know.
private struct WorkerTask: @unchecked Sendable {
    // SAFETY: as for `WorkerItems`; each result's slot is written by the worker that took its item.
    let function: Value
    let items: WorkerItems
    let count: Int
    let chunk: Int
    let refused: Set<Int>
    let results: UnsafeMutablePointer<Value>
    let share = Share()
}

extension Machine {
    /// The results of a function for each number below `count`, in order, computed on all cores, for
    /// host verbs that take functions: what a loop on this core would give, or nil where only that
    /// loop can tell: the function fails, changes what lies outside it, or reaches a value that cannot
    /// be copied for another core. What it has printed until then is forgotten.
    /// - Parameters:
    ///   - arguments: called once by each worker; gives the argument for a number, owned.
    ///   - refused: builtins that act on the world outside, whose calls must keep their order.
    package func callOnAllCores(
        _ f: Value, count: Int, refusing refused: Set<String>,
        arguments: @escaping @Sendable () -> (Int) -> Value
    ) throws(Raised) -> [Value]? {
        // A profile is of this core.
        if isWorker || profile != nil { return nil }
        let indices = Set(refused.compactMap { builtinNames[$0] })
        let (results, outcomes) = run(f, .made(arguments), count: count, refusing: indices)
        defer { results.deallocate() }
        let failures = outcomes.compactMap(\.failure)
        guard failures.isEmpty, !outcomes.contains(where: \.hasMetFrozen) else {
            for i in 0..<count { results[i].release() }
            // Whoever has asked to stop shall not wait for the loop.
            if let stop = failures.first(where: { $0.error.kind == .interrupted }) {
                throw stop.error
            }
            return nil
        }
        tell(outcomes, upTo: .max)
        return Array(UnsafeBufferPointer(start: results, count: count))
    }

    fileprivate func parallelMap(_ f: Value, _ items: [Value]) throws(Raised) -> Value {
        guard !items.isEmpty else { return .list() }
        if isWorker { return try mapHere(f, items) }
        let (results, outcomes) = run(f, .values(items), count: items.count, refusing: [])
        defer { results.deallocate() }
        let failure = outcomes.compactMap(\.failure).min { $0.item < $1.item }
        tell(outcomes, upTo: failure?.item ?? Int.max)
        if let failure {
            for i in 0..<items.count { results[i].release() }
            throw failure.error
        }
        return .list(UnsafeBufferPointer(start: results, count: items.count))
    }

    private func run(
        _ f: Value, _ items: WorkerItems, count: Int, refusing refused: Set<Int>
    ) -> (results: UnsafeMutablePointer<Value>, outcomes: [Outcome]) {
        let workers = min(processorCount(), count)
        // SAFETY: each slot is written by the one worker that took its item; read when all have ended.
        let results = UnsafeMutablePointer<Value>.allocate(capacity: count)
        results.initialize(repeating: .unset, count: count)
        let task = WorkerTask(
            function: f, items: items, count: count,
            chunk: min(max(count / (workers * 16), 1), 64), refused: refused, results: results)
        let outcomes = (0..<workers).map { _ in Outcome() }
        // SAFETY: the source machine stands still while its values are read.
        nonisolated(unsafe) let source = self
        runWorkers(workers) { worker in source.runWorker(task, outcomes[worker]) }
        return (results, outcomes)
    }

    /// Writes what workers have printed, in the order of the items.
    private func tell(_ outcomes: [Outcome], upTo last: Int) {
        for (_, text, isNote) in outcomes.flatMap(\.texts).filter({ $0.item <= last })
            .sorted(by: { $0.item < $1.item })
        {
            if isNote { note(text) } else { output(text) }
        }
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

    private func runWorker(_ task: WorkerTask, _ outcome: Outcome) {
        var item = 0
        func fail(_ error: Raised) {
            outcome.failure = (item, error)
            var least = task.share.firstFailure.load(ordering: .relaxed)
            while item < least {
                let (done, now) = task.share.firstFailure.compareExchange(
                    expected: least, desired: item, ordering: .relaxed)
                if done { break }
                least = now
            }
        }
        let machine = Machine(
            workerOf: self, output: { outcome.texts.append((item, $0, false)) },
            note: { outcome.texts.append((item, $0, true)) })
        defer { outcome.hasMetFrozen = machine.hasMetFrozen }
        var copier = WorkerCopy(from: self, to: machine)
        copier.refusedBuiltins = task.refused
        do throws(Raised) {
            let function = try copier.copy(task.function)
            defer { function.release() }
            var make: ((Int) -> Value)?
            if case .made(let maker) = task.items { make = maker() }
            while true {
                let first = task.share.next.wrappingAdd(task.chunk, ordering: .relaxed).oldValue
                guard first < task.count else { return }
                for i in first..<min(first + task.chunk, task.count) {
                    if i > task.share.firstFailure.load(ordering: .relaxed) { return }
                    item = i
                    let argument: Value
                    switch task.items {
                    case .values(let items): argument = try copier.copyItem(items[i])
                    case .made: argument = make?(i) ?? .none
                    }
                    defer { argument.release() }
                    task.results[i] = machine.detached(try machine.call(function, [argument]))
                }
            }
        } catch {
            fail(error)
        }
    }
}
