// Results from before: rows that a store has are not computed, those it lacks are, and the bits are those
// of an undisturbed run; rows that may not begin are left without a result.

import ArenaCore
import Synchronization
import Testing

@testable import ArenaModels

/// A store in memory.
private final class MemoryStore: RowStore {
    let known = Mutex<[Digest: [Float]]>([:])
    let hasFailed: Bool

    init(hasFailed: Bool = false) { self.hasFailed = hasFailed }

    func values(for rows: [Digest]) -> [[Float]?] { known.withLock { k in rows.map { k[$0] } } }
    func keep(_ rows: [Digest], _ values: [[Float]]) {
        known.withLock { for (row, value) in zip(rows, values) { $0[row] = value } }
    }
}

@Suite struct RowStoreTests {
    let rows = ContractTests.rows(vocabulary: 30, seed: 7)

    private func model() throws -> Classifier {
        try Classifier(modelPath: joinPath(fixtures, "llama-fp32"))
    }

    private func predict(
        _ model: Classifier, _ rows: [[Int32]], _ store: MemoryStore? = nil,
        mayBegin: (@Sendable (Double) -> Bool)? = nil
    ) throws -> (values: [Float], tally: RowTally) {
        let tally = Mutex(RowTally())
        var options = RunOptions(workers: 2, tokenBudget: 64)
        options.store = store
        options.mayBegin = mayBegin
        options.tally = { result in tally.withLock { $0 = result } }
        let values = try model.predictLogits(TokenBatch(rows), options)
        return (values, tally.withLock { $0 })
    }

    @Test func knownRowsAreTakenAndOthersComputed() throws {
        let expected = try predict(model(), rows).values
        let store = MemoryStore()
        let first = try predict(model(), Array(rows.prefix(20)), store)
        #expect(first.tally.computed == 20 && first.tally.found == 0)
        let second = try predict(model(), rows, store)
        #expect(bits(second.values) == bits(expected))
        #expect(second.tally.found >= 20)
        #expect(second.tally.found + second.tally.computed == rows.count)
        // With nothing left to compute the weights stay where they are.
        let idle = try model()
        let third = try predict(idle, rows.reversed(), store)
        #expect(third.tally.found == rows.count && !idle.isLoaded)
    }

    /// Texts are kept and found like numbers, also empty ones that end at once.
    @Test func generatedTextsAreKept() throws {
        let path = joinPath(splitPath(fixtures).folder, "generation/llama")
        let model = try VocabularyModel(modelPath: path, causal: true)
        let rows = (1...12).map { n in [Int32](repeating: 7 + Int32(n), count: n) }
        let settings = GenerationSettings(
            maxNewTokens: 9, sampling: Sampling(temperature: 1, seed: 2),
            endTokens: Set(model.endTokenIDs))
        let expected = try model.generate(TokenBatch(rows), settings, RunOptions())
        let store = MemoryStore()
        let tally = Mutex(RowTally())
        var options = RunOptions(workers: 2)
        options.store = store
        options.tally = { result in tally.withLock { $0 = result } }
        let first = try model.generate(TokenBatch(Array(rows.prefix(5))), settings, options)
        #expect(first == Array(expected.prefix(5)))
        let second = try model.generate(TokenBatch(rows), settings, options)
        #expect(second == expected)
        #expect(tally.withLock { $0.found } == 5 && tally.withLock { $0.computed } == 7)
        // Rows that may not begin have no text.
        options.store = nil
        options.mayBegin = { _ in false }
        let late = try model.generate(TokenBatch(rows), settings, options)
        #expect(late.allSatisfy { $0 == nil } && tally.withLock { $0.cut } == 12)
    }

    @Test func rowsThatMayNotBeginAreMissing() throws {
        let expected = try predict(model(), rows).values
        let store = MemoryStore()
        let asked = Atomic<Int>(0)
        let cut = try predict(model(), rows, store) { _ in
            asked.wrappingAdd(1, ordering: .relaxed).newValue <= 6
        }
        let labels = cut.values.count / rows.count
        #expect(cut.tally.cut > 0 && cut.tally.computed > 0)
        #expect(cut.tally.cut + cut.tally.computed == rows.count)
        #expect(cut.values.count { $0.isNaN } == cut.tally.cut * labels)
        for (own, whole) in zip(cut.values, expected) where !own.isNaN { #expect(own == whole) }
        let rest = try predict(model(), rows, store)
        #expect(bits(rest.values) == bits(expected))
        #expect(rest.tally.found == cut.tally.computed)
        let late = try model()
        #expect(try predict(late, rows, mayBegin: { _ in false }).tally.cut == rows.count)
        #expect(!late.isLoaded)
    }

    /// Weights that would come in too late for a single pack are not loaded; a far end needs no speed.
    @Test func loadingCountsAgainstTheTime() throws {
        // As if loads of this process had been slow: a gigabyte in days.
        Pace.noteLoad(bytes: 1 << 30, seconds: 1e6)
        defer { Pace.noteLoad(bytes: 1 << 30, seconds: 0.1) }
        let model = try model()
        let seconds = model.core.expectedLoadSeconds
        #expect(seconds > 1)
        let late = try predict(model, rows, mayBegin: { $0 < seconds / 2e3 })
        #expect(late.tally.cut == rows.count && !model.isLoaded)
        let asked = Mutex<[Double]>([])
        let cut = try predict(model, rows) { seconds in
            asked.withLock { $0.append(seconds) }
            return seconds < 1e-9
        }
        #expect(cut.tally.cut == rows.count && !model.isLoaded)
        #expect(asked.withLock { $0.max() ?? 0 } >= seconds)
        #expect(try predict(model, rows, mayBegin: { $0 < seconds * 2 }).tally.cut == 0)
        #expect(model.isLoaded && model.core.expectedLoadSeconds == 0)
        // In memory they cost nothing, and packs have shown what they take.
        #expect(try predict(model, rows, mayBegin: { $0 < seconds }).tally.cut == 0)
    }

    @Test func aStoreThatFailsEndsTheRun() throws {
        let error = report { _ = try predict(model(), rows, MemoryStore(hasFailed: true)) }
        #expect(error?.kind == .interrupted)
    }

    @Test func aRowIsKnownByItsTokensSegmentsAndPlaces() {
        let row = Pack.Row(tokens: [1, 2, 3][...], types: [], wanted: [2])
        var same = row
        same.types = [0, 0, 0]
        #expect(row.digest == same.digest)
        var others = [row, row, row, row]
        others[0].tokens = [1, 2, 4][...]
        others[1].types = [0, 1, 0]
        others[2].wanted = [1]
        others[3].wanted = nil
        #expect(Set(others.map(\.digest) + [row.digest]).count == 5)
    }

    @Test func theModelsFingerprintIsItsContent() throws {
        let model = try model()
        let folder = try Folder(copying: "llama-fp32")
        let copy = try Classifier(modelPath: folder.path)
        let (own, other) = (try model.core.fingerprint(), try copy.core.fingerprint())
        #expect(own.weights.map(\.value) == other.weights.map(\.value))
        #expect(own.weights.map(\.name).contains("config.json"))
        var file = try TensorFile(joinPath(folder.path, "model.safetensors"))
        file.tensors[0].data[0] ^= 1
        try folder.write("model.safetensors", file.bytes)
        let changed = try Classifier(modelPath: folder.path).core.fingerprint()
        #expect(changed.weights.map(\.value) != own.weights.map(\.value))
    }
}
