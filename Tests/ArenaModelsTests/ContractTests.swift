// The numerics contract: a row's logits are the same bits alone, in any pack, order, number of
// workers and on every kernel path; adapter and head included.

import ArenaCore
import ArenaTensor
import Synchronization
import Testing

@testable import ArenaModels

@Suite struct ContractTests {
    static let cases: [(model: String, adapter: String?)] = [
        ("gemma2-fp32", "gemma2-fp32-lora"), ("llama-fp32", "llama-fp32-lora"),
    ]

    /// Rows of 1 to 200 tokens, some of them twice.
    static func rows(vocabulary: Int, seed: UInt64) -> [[Int32]] {
        var random = Seeded(seed)
        var rows = (0..<60).map { i in
            (0..<(i < 40 ? 1 + i : Int.random(in: 40...200, using: &random))).map { _ in
                Int32.random(in: 3..<Int32(vocabulary), using: &random)
            }
        }
        rows.append(rows[7])
        rows.append(rows[55])
        return rows
    }

    @Test(arguments: cases)
    func rowsDoNotSeeTheirPackOrderOrWorkers(model: String, adapter: String?) throws {
        let classifier = try Classifier(
            modelPath: joinPath(fixtures, model),
            adapterPath: adapter.map { joinPath(fixtures, $0) })
        let rows = Self.rows(vocabulary: classifier.vocabulary, seed: 1)
        let n = classifier.labelCount
        let expected = bits(
            try rows.flatMap { try classifier.predictLogits(TokenBatch([$0]), workers: 1) })
        for backend in ["plain", "avx2", "wide", "avx512", "avx512bf16"].compactMap({
            CPUBackend(path: $0)
        }) {
            // The plain kernels are slow: two settings show that theirs are the same bits.
            let settings = [(64, 2), (1 << 20, 1), (1, 1), (200, 3), (1 << 20, 4)]
            for (budget, workers) in settings.prefix(backend.name == "plain" ? 2 : settings.count) {
                let logits = try classifier.predictLogits(
                    TokenBatch(rows), workers: workers, tokenBudget: budget, backend: backend)
                #expect(
                    bits(logits) == expected,
                    "\(backend.name), budget \(budget), \(workers) workers")
            }
        }
        var random = Seeded(2)
        let order = rows.indices.shuffled(using: &random)
        let shuffled = try classifier.predictLogits(
            TokenBatch(order.map { rows[$0] }), workers: 2, tokenBudget: 150)
        for (place, row) in order.enumerated() {
            #expect(
                bits(Array(shuffled[place * n..<(place + 1) * n]))
                    == Array(expected[row * n..<(row + 1) * n]))
        }
    }

    @Test func threadsInsideOnePackDoNotChangeBits() throws {
        let classifier = try Classifier(modelPath: joinPath(fixtures, "gemma2-fp32"))
        let row = Self.rows(vocabulary: classifier.vocabulary, seed: 3)[59]
        let one = try classifier.predictLogits(TokenBatch([row]), workers: 1)
        for threads in 2...4 {
            let several = try classifier.predictLogits(
                TokenBatch([row]), workers: threads, backend: CPUBackend(threads: threads))
            #expect(bits(one) == bits(several))
        }
    }

    @Test func packsHoldEveryRowOnceLongestFirstWithinTheBudget() {
        for seed in 0..<20 as Range<UInt64> {
            var random = Seeded(seed)
            let rows = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                [Int32](
                    repeating: Int32.random(in: 1...3, using: &random),
                    count: Int.random(in: 1...300, using: &random))
            }
            let workers = Int.random(in: 1...4, using: &random)
            let budget = Int.random(in: 1...600, using: &random)
            let distinct = PackPlan.distinctRows(TokenBatch(rows)) { ($0.count, nil) }
            let plan = PackPlan(distinct, budget: budget, workers: workers)
            #expect(plan.rows.flatMap(\.members).sorted() == Array(rows.indices))
            #expect(plan.packs.flatMap { Array($0) } == Array(plan.rows.indices))
            let lengths = plan.rows.map(\.count)
            #expect(lengths == lengths.sorted(by: >))
            for pack in plan.packs where pack.count > 1 {
                #expect(plan.rows[pack].reduce(0) { $0 + $1.count } <= budget)
            }
            for row in plan.rows {
                for r in row.members { #expect(Array(row.row.tokens) == rows[r]) }
            }
        }
    }

    @Test func theHeadLooksAtTheRightmostTokenThatIsNotPadding() {
        let row: [Int32] = [5, 0, 7, 0, 0]
        func pooled(_ row: [Int32], _ pad: Int32?) -> Int {
            Classifier.pooledPosition(row[...], pad)
        }
        #expect(pooled(row, 0) == 2)
        #expect(pooled(row, nil) == 4)
        #expect(pooled(row, 9) == 4)
        #expect(pooled([0, 0], 0) == 0)
        #expect(Classifier.pooledPosition(([1, 2] + row)[2...], 0) == 2)
    }

    @Test func progressCountsEveryRowAndToken() throws {
        let classifier = try Classifier(modelPath: joinPath(fixtures, "llama-fp32"))
        let rows = Self.rows(vocabulary: classifier.vocabulary, seed: 4)
        let seen = Mutex<[PredictionProgress]>([])
        _ = try classifier.predictLogits(TokenBatch(rows), workers: 3, tokenBudget: 64) {
            progress in
            seen.withLock { $0.append(progress) }
        }
        let all = seen.withLock { $0 }
        let last = try #require(all.last)
        #expect(last.rows == rows.count && last.totalRows == rows.count)
        // Identical rows are computed once.
        #expect(last.tokens == last.totalTokens && last.tokens < rows.joined().count)
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.rows < $1.rows && $0.tokens < $1.tokens })
    }

    @Test func cancellingStopsBetweenPacks() throws {
        let classifier = try Classifier(modelPath: joinPath(fixtures, "llama-fp32"))
        let rows = Self.rows(vocabulary: classifier.vocabulary, seed: 5)
        let flag = Cancellation()
        let packs = Atomic<Int>(0)
        let error = report {
            _ = try classifier.predictLogits(
                TokenBatch(rows), workers: 1, tokenBudget: 1, cancellation: flag
            ) { _ in
                packs.wrappingAdd(1, ordering: .relaxed)
                flag.cancel()
            }
        }
        #expect(error?.kind == .interrupted)
        #expect(packs.load(ordering: .relaxed) == 1)
    }

    /// The model that was used longest ago leaves first, and only as many as are needed.
    @Test func weightsLeaveWhenAnotherModelNeedsTheRoom() throws {
        let models = try (0..<3).map { _ in
            try Classifier(modelPath: joinPath(fixtures, "llama-fp32"))
        }
        for model in [models[1], models[0], models[1]] {
            _ = try model.predictLogits(TokenBatch([[5, 6]]))
        }
        #expect(models[0].isLoaded && models[1].isLoaded)
        var asked = 0
        ResidentModels.makeRoom(10, for: models[2].core) {
            asked += 1
            return models[0].isLoaded ? 0 : 10
        }
        #expect(!models[0].isLoaded && models[1].isLoaded && asked >= 2)
        // Who asks keeps its own, and nothing can be done where none is left.
        ResidentModels.makeRoom(10, for: models[1].core) { models[1].isLoaded ? 10 : 0 }
        #expect(models[1].isLoaded)
        #expect(ResidentModels.availableMemory() > 1 << 20)
        #expect(!models[0].core.unloadIfIdle())
        _ = try models[0].predictLogits(TokenBatch([[5, 6]]))
        #expect(models[0].isLoaded)
    }

    @Test func rowsThatCannotBeRunAreNamed() throws {
        let classifier = try Classifier(modelPath: joinPath(fixtures, "gemma2-fp32"))
        func message(_ rows: [[Int32]]) -> String? {
            report { _ = try classifier.predictLogits(TokenBatch(rows)) }?.message
        }
        #expect(message([[1], []]) == "row 1 has no tokens")
        #expect(
            message([[1], [2], [3, 211]]) == "row 2 holds token 211, the model knows 0 to 210")
        #expect(message([[-1]]) == "row 0 holds token -1, the model knows 0 to 210")
        #expect(
            message([[Int32](repeating: 5, count: 257)])
                == "row 0 has 257 tokens, the model takes 256")
        #expect(try classifier.predictLogits(TokenBatch()).isEmpty)
        #expect(TokenBatch(offsets: [0, 2, 1, 3], ids: [1, 2, 3]) == nil)
        #expect(TokenBatch(offsets: [0, 4], ids: [1, 2, 3]) == nil)
    }

    @Test func aRowThatNoMemoryHoldsIsNamed() throws {
        let model = try Classifier(
            modelPath: joinPath(splitPath(fixtures).folder, "architectures/bert"))
        var options = RunOptions()
        options.memoryLimit = 4_000
        let words = report {
            _ = try model.predictLogits(
                TokenBatch([[5], [6, 7] + [Int32](repeating: 8, count: 30)]), options)
        }
        #expect(words?.message.contains("row 1 has 32 tokens") == true, "\(words?.message ?? "")")
        options.memoryLimit = 1 << 20
        _ = try model.predictLogits(TokenBatch([[5], [6, 7]]), options)
    }
}
