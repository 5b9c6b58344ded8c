// cache(f): a function of the script whose results are kept in the journal, known by the function's
// content and that of its arguments.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaRuns

private typealias P = BuiltinParameter

/// A function with a memory.
final class CachedFunction: HostObject {
    private let function: Value

    /// - Parameter function: borrowed.
    init(_ function: Value) { self.function = function.retain() }

    deinit { function.release() }

    static let hostType = HostType(
        "cached", summary: "A function whose results the journal keeps.", methods: [])
    var type: HostType { Self.hostType }
    var representation: String { "<cached function>" }

    private static let signature = Builtin(
        "cached", [P("arguments", "any", .rest)],
        "The function's result, from the journal if it is there."
    ) { _ throws(Raised) in .none }
    var callSignature: Builtin? { Self.signature }

    func call(_ a: Arguments) throws(Raised) -> Value? {
        let arguments = a[0].items.map { Array($0) } ?? []
        guard let run = a.run else { return try a.machine.call(function, arguments) }
        let code = try ContentDigest.of([function], in: a.machine)
        let row = try ContentDigest.of(arguments, in: a.machine)
        let step = try raising { () throws(JournalError) in
            try run.step(
                "cache",
                [StepFact(.task, "", "cache"), StepFact(.parameter, "code", "\(code)")])
        }
        var tally = RowTally()
        tally.rows = 1
        if let kept = step.bytes(for: row), let result = KeptResult(kept), result.isCurrent {
            tally.found = 1
            try raising { () throws(JournalError) in try step.finish(tally) }
            return result.value
        }
        let began = monotonicSeconds()
        let value = try a.machine.call(function, arguments)
        do throws(Raised) {
            step.keep(row, try KeptResult.bytes(of: value, a.machine))
            tally.computed = 1
            tally.seconds = monotonicSeconds() - began
            try raising { () throws(JournalError) in try step.finish(tally) }
        } catch {
            value.release()
            throw error
        }
        return value
    }
}

/// A result as the journal has it, with the files that had been read when it was made.
private struct KeptResult {
    let value: Value
    private let files: [(path: String, digest: String)]

    init?(_ bytes: [UInt8]) {
        var reader = ValueReader(bytes)
        guard let count = reader.int(), count >= 0 else { return nil }
        var files: [(path: String, digest: String)] = []
        for _ in 0..<count {
            guard let path = reader.text(), let digest = reader.text() else { return nil }
            files.append((path, digest))
        }
        guard let value = reader.value() else { return nil }
        self.value = value
        self.files = files
    }

    /// Whether the files still are what they were.
    var isCurrent: Bool {
        let current = files.allSatisfy { file in
            (try? fileFingerprint(file.path)).map { "\($0)" } == file.digest
        }
        if !current { value.release() }
        return current
    }

    static func bytes(of value: Value, _ machine: Machine) throws(Raised) -> [UInt8] {
        var writer = ValueWriter()
        let files = FileAccount.read.compactMap { file in
            (try? fileFingerprint(file.path)).map { (file.path, "\($0)") }
        }
        writer.int(files.count)
        for (path, digest) in files {
            writer.text(path)
            writer.text(digest)
        }
        try writer.value(value, machine)
        return writer.bytes
    }
}

extension FrameValue {
    func addContent(to hash: inout SHA256) -> Bool {
        hash.add(frame.rowCount)
        frame.key?.column.addContent(frame.key?.name ?? "", to: &hash)
        for (name, column) in zip(frame.names, frame.columns) {
            column.addContent(name, to: &hash)
        }
        return true
    }
}

extension SeriesValue {
    func addContent(to hash: inout SHA256) -> Bool {
        series.key?.column.addContent(series.key?.name ?? "", to: &hash)
        series.column.addContent(series.name, to: &hash)
        return true
    }
}

extension Column {
    fileprivate func addContent(_ name: String, to hash: inout SHA256) {
        hash.add(name)
        hash.add(type.rawValue)
        hash.add(count)
        for row in 0..<count {
            if let text = text(row) { hash.add(text) } else { hash.add(-1) }
        }
    }
}

let cacheFunction = Builtin(
    "cache", [P("f", "function")],
    "The function with a memory: a call with arguments of the same content, in this run or a later one, is not made again.",
    examples: [
        Example(
            """
            def slow(n):
                return [i * i for i in range(n)]
            print(cache(slow)(4))
            """, prints: "[0, 1, 4, 9]\n")
    ]
) { a throws(Raised) in .host(CachedFunction(a[0])) }
