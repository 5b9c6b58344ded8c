// Generated texts: greedy ones are the reference's, drawn ones follow from seed and row, and no row sees
// its neighbours.

import ArenaCore
import ArenaTensor
import Synchronization
import Testing

@testable import ArenaModels

private let folder = joinPath(splitPath(fixtures).folder, "generation")

@Suite struct GenerationTests {
    static let names = ["gemma2", "llama", "mistral", "phi3", "qwen2"]

    /// A model with the reference's rows, what they become, and what they would without end tokens.
    private struct Answer {
        let model: VocabularyModel
        var rows: [[Int32]] = []
        var values: [[Int32]] = []
        var free: [[Int32]] = []
        let newTokens: Int

        init(_ name: String) throws {
            model = try VocabularyModel(modelPath: joinPath(folder, name), causal: true)
            let root = try JSONDocument(file: joinPath(folder, name + "/expected.json")).root
            func lists(_ key: String) throws -> [[Int32]] {
                try #require(root[key]?.elements).map { row in
                    try #require(row.elements).map { Int32(try #require($0.int)) }
                }
            }
            newTokens = try #require(root["new_tokens"]?.int)
            rows = try lists("rows")
            values = try lists("values")
            free = try lists("free")
        }

        func settings(_ sampling: Sampling = Sampling()) -> GenerationSettings {
            GenerationSettings(
                maxNewTokens: newTokens, sampling: sampling, endTokens: Set(model.endTokenIDs))
        }
    }

    @Test(arguments: names)
    func greedyTextsAreTheReferences(name: String) throws {
        let answer = try Answer(name)
        #expect(answer.model.endTokenIDs.count == 2)
        let batch = TokenBatch(answer.rows)
        for backend in ["plain", "avx2", "wide", "avx512"].compactMap({ CPUBackend(path: $0) }) {
            let options = RunOptions(workers: 2, tokenBudget: 40, backend: backend)
            let texts = try answer.model.generate(batch, answer.settings(), options)
            #expect(texts.map { $0?.ids } == answer.values, "\(backend.name)")
            for (text, row) in zip(texts, answer.values) {
                let isEnd = row.last.map { answer.model.endTokenIDs.contains($0) } ?? false
                #expect(text?.end == (isEnd ? .token : .length))
            }
        }
        var free = answer.settings()
        free.endTokens = []
        let texts = try answer.model.generate(batch, free, RunOptions())
        #expect(texts.map { $0?.ids } == answer.free)
    }

    @Test(arguments: names)
    func rowsDoNotSeeTheirPackOrderOrWorkers(name: String) throws {
        let answer = try Answer(name)
        let settings = answer.settings(Sampling(temperature: 1.1, topK: 30, topP: 0.95, seed: 4))
        let alone = try answer.rows.map {
            try answer.model.generate(TokenBatch([$0]), settings, RunOptions(workers: 1))[0]
        }
        #expect(Set(alone.compactMap { $0?.ids }).count > 5)
        var random = Seeded(8)
        for (budget, workers) in [(1 << 20, 1), (1, 2), (30, 3), (90, 4)] {
            let order = answer.rows.indices.shuffled(using: &random)
            let texts = try answer.model.generate(
                TokenBatch(order.map { answer.rows[$0] }), settings,
                RunOptions(workers: workers, tokenBudget: budget))
            #expect(texts == order.map { alone[$0] }, "budget \(budget), \(workers) workers")
        }
    }

    /// Going on with kept keys gives the bits of running the whole row again.
    @Test(arguments: names)
    func keptKeysChangeNothing(name: String) throws {
        let answer = try Answer(name)
        let everything = (0..<Int32(answer.model.core.vocabulary)).map { $0 }
        for (row, free) in zip(answer.rows, answer.free).prefix(6) {
            let steps = free.indices.map { row + free.prefix($0) }
            let logits = try answer.model.logits(
                TokenBatch(steps), choices: everything, at: .last, RunOptions())
            for (i, token) in free.enumerated() {
                let own = logits[i * everything.count..<(i + 1) * everything.count]
                #expect(own.max() == own[own.startIndex + Int(token)])
            }
        }
    }

    @Test func anotherSeedDrawsAnotherText() throws {
        let answer = try Answer("llama")
        let batch = TokenBatch(answer.rows)
        let texts = try (0..<3).map {
            try answer.model.generate(
                batch, answer.settings(Sampling(temperature: 1.5, seed: $0)), RunOptions())
        }
        #expect(texts[0] != texts[1] && texts[1] != texts[2])
        // Nearly no temperature draws what greedy takes.
        let cold = try answer.model.generate(
            batch, answer.settings(Sampling(temperature: 1e-6)), RunOptions())
        #expect(cold.map { $0?.ids } == answer.values)
    }

    @Test func whatEndsARow() throws {
        let answer = try Answer("llama")
        var settings = answer.settings()
        settings.endTokens = []
        settings.isComplete = { $0.count == 3 }
        let texts = try answer.model.generate(TokenBatch(answer.rows), settings, RunOptions())
        #expect(texts.allSatisfy { $0?.ids.count == 3 && $0?.end == .text })
        // The model takes 64 tokens; the one that follows them is not run.
        settings.isComplete = nil
        let long = [[Int32](repeating: 9, count: 64), [Int32](repeating: 9, count: 60)]
        let last = try answer.model.generate(TokenBatch(long), settings, RunOptions())
        #expect(last.map { $0?.ids.count } == [1, 5])
        settings.maxNewTokens = 1
        let one = try answer.model.generate(TokenBatch(answer.rows), settings, RunOptions())
        #expect(one.map { $0?.ids } == answer.free.map { [$0[0]] })
        #expect(throws: ModelError.self) {
            try answer.model.generate(
                TokenBatch([[Int32](repeating: 9, count: 65)]), settings, RunOptions())
        }
        let none = try answer.model.generate(TokenBatch(), settings, RunOptions())
        #expect(none.isEmpty)
    }

    @Test func aRunThatIsCancelledEnds() throws {
        let answer = try Answer("llama")
        let cancellation = Cancellation()
        let options = RunOptions(workers: 1, cancellation: cancellation) { _ in
            cancellation.cancel()
        }
        let words = report {
            _ = try answer.model.generate(TokenBatch(answer.rows), answer.settings(), options)
        }
        #expect(words?.message == "interrupted")
    }

    /// Places are had by one row at a time, and come back whole.
    @Test func placesAreTakenAndGivenBack() {
        var random = Seeded(21)
        var free = FreePlaces(100)
        var owners = [Int](repeating: 0, count: 100)
        var held: [Range<Int>] = []
        for _ in 0..<2_000 {
            let count = Int.random(in: 1...30, using: &random)
            if Bool.random(using: &random), count <= free.largest {
                let range = free.take(count)
                #expect(range.count == count)
                for place in range { owners[place] += 1 }
                held.append(range)
            } else if !held.isEmpty {
                let range = held.remove(at: Int.random(in: held.indices, using: &random))
                for place in range { owners[place] -= 1 }
                free.give(range)
            }
            #expect(owners.allSatisfy { $0 == 0 || $0 == 1 })
            let runs = owners.split(separator: 1)
            #expect(free.largest == runs.map(\.count).max() ?? 0)
        }
    }

    @Test func whatMayBeDrawnIsTheReferences() throws {
        let root = try JSONDocument(file: joinPath(folder, "sampling.json")).root
        let logits = try #require(root["logits"]?.elements).map {
            Float(try #require($0.double))
        }
        for entry in try #require(root["cases"]?.elements) {
            let sampling = Sampling(
                temperature: try #require(entry["temperature"]?.double),
                topK: entry["top_k"]?.int, topP: entry["top_p"]?.double)
            let expected = try #require(entry["probabilities"]?.elements).map {
                try #require($0.double)
            }
            let kept = logits.withUnsafeBufferPointer {
                sampling.candidates($0, most: logits.max() ?? 0)
            }
            let total = kept.reduce(0) { $0 + $1.weight }
            var own = [Double](repeating: 0, count: logits.count)
            for candidate in kept { own[Int(candidate.id)] = candidate.weight / total }
            for (i, p) in expected.enumerated() {
                #expect(abs(own[i] - p) < 1e-6, "\(sampling), token \(i)")
            }
        }
    }

    @Test func drawsFollowTheProbabilities() {
        let logits: [Float] = [0, 1, 2, -1]
        let sampling = Sampling(temperature: 1)
        var counts = [Int](repeating: 0, count: 4)
        for n in 0..<20_000 as Range<Int32> {
            var draws = Draws(seed: 1, text: [n])
            let token = logits.withUnsafeBufferPointer { sampling.choose($0, &draws) }
            counts[Int(token ?? 0)] += 1
        }
        for (count, p) in zip(counts, [0.0871, 0.2369, 0.6439, 0.0321]) {
            #expect(abs(Double(count) / 20_000 - p) < 0.012)
        }
        var draws = Draws(seed: 1, text: [0])
        let broken: [Float] = [0, .nan]
        #expect(broken.withUnsafeBufferPointer { sampling.choose($0, &draws) } == nil)
    }
}
