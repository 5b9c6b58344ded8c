// Generated texts: greedy ones are the reference's, drawn ones follow from seed and row, and no row sees
// its neighbours.

import ArenaCore
import ArenaTensor
import Glibc
import SimulatedCard
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

    /// On cards a text is the same with all layers on each, with weights that pass, and with some of the layers
    /// on each.
    @Test(arguments: ["gemma2", "phi3"])
    func cardsGoOnTheSameWay(name: String) throws {
        let cards = try (0..<3).compactMap { _ in try SimulatedCard.open() }
        guard cards.count == 3 else { return }
        let answer = try Answer(name)
        let batch = TokenBatch(answer.rows)
        let settings = answer.settings(Sampling(temperature: 1.1, topK: 30, topP: 0.95, seed: 4))
        var options = RunOptions(tokenBudget: 1 << 20, backend: CUDABackend(cards[0]))
        let expected = try answer.model.generate(batch, settings, options)
        let greedy = try answer.model.generate(batch, answer.settings(), options)
        #expect(greedy.map { $0?.ids } == answer.values)
        (options.tokenBudget, options.smallestPack) = (30, 1)
        options.backends = cards.prefix(2).map { CUDABackend($0) }
        let bytes = answer.model.core.weightBytes
        for (split, room, words) in [
            (SplitChoice.auto, nil, nil), (.rows, bytes / 2, "pass through"),
            (.auto, bytes / 4 * 3, "has layers 1 to 1 of 2"),
            (.layers, bytes / 4 * 3, "has layers"),
            (.layers, bytes / 4, "pass through"),
            (.layers, nil, "has layers 2 to 2 of 2"),
        ] as [(SplitChoice, Int?, String?)] {
            let model = try Answer(name).model
            (options.split, options.cardRoom) = (split, room)
            let threads = Mutex<Set<UInt>>([])
            options.progress = { _ in _ = threads.withLock { $0.insert(UInt(pthread_self())) } }
            let texts = try model.generate(batch, settings, options)
            #expect(texts == expected, "\(split), \(room ?? -1) bytes")
            #expect(threads.withLock { $0.count } == 2)
            let remarks = model.core.takeRemarks().joined(separator: "; ")
            #expect(words.map { remarks.contains($0) } ?? remarks.isEmpty, "\(remarks)")
            model.core.unload()
        }
        // More cards than layers: weights pass.
        options.backends = cards.map { CUDABackend($0) }
        (options.split, options.cardRoom) = (.layers, bytes / 4 * 3)
        #expect(try answer.model.generate(batch, settings, options) == expected)
        for card in cards { #expect(card.takeFailure() == nil) }
    }

    /// Two cards with whatever memory: the same texts, or an error, and the same once more.
    @Test func cardsWithLittleMemory() throws {
        guard let roomy = try SimulatedCard.open() else { return }
        let answer = try Answer("gemma2")
        let batch = TokenBatch(Array(answer.rows.prefix(6)))
        var options = RunOptions(tokenBudget: 1 << 20, backend: CUDABackend(roomy))
        let expected = try answer.model.generate(batch, answer.settings(), options)
        var (done, split, failed) = (0, 0, 0)
        for memory in stride(from: 1_080_000, to: 2_400_000, by: 60_000) {
            let cards = try (0..<2).map { _ in
                try #require(try SimulatedCard.open(memory: memory))
            }
            options.backends = cards.map { CUDABackend($0) }
            (options.split, options.smallestPack) = (.layers, 1)
            let model = try Answer("gemma2").model
            options.cardRoom = model.core.weightBytes / 4 * 3
            for _ in 0..<2 {
                do throws(ModelError) {
                    #expect(
                        try model.generate(batch, answer.settings(), options) == expected,
                        "\(memory) bytes")
                    done += 1
                } catch {
                    guard case .cardMemory = error else { throw error }
                    failed += 1
                }
            }
            if model.core.takeRemarks().contains(where: { $0.contains("has layers") }) {
                split += 1
            }
            model.core.unload()
            options.backends = []
            for card in cards { #expect(card.takeFailure() == nil && card.usedMemory <= 1 << 20) }
        }
        print("\(done) runs done, \(failed) found no room, layers were split in \(split)")
        #expect(done > 0 && split > 0)
    }

    /// Tasks in turn on one model and on cards with little room: whole rows leave no room for keys, and come again.
    @Test func tasksInTurnOnCards() throws {
        guard let roomy = try SimulatedCard.open() else { return }
        let answer = try Answer("gemma2")
        let batch = TokenBatch(Array(answer.rows.prefix(6)))
        var options = RunOptions(tokenBudget: 60, backend: CUDABackend(roomy))
        options.smallestPack = 1
        func scores(_ model: VocabularyModel) throws(ModelError) -> [UInt32] {
            bits(try model.logits(batch, choices: [5, 9, 12], at: .last, options))
        }
        let expected = (
            try answer.model.generate(batch, answer.settings(), options), try scores(answer.model)
        )
        var (done, failed) = (0, 0)
        for memory in stride(from: 1_300_000, to: 2_300_000, by: 320_000) {
            for split in [SplitChoice.rows, .layers, .auto] {
                let cards = try (0..<2).map { _ in
                    try #require(try SimulatedCard.open(memory: memory))
                }
                options.backends = cards.map { CUDABackend($0) }
                options.split = split
                let model = try Answer("gemma2").model
                for round in 0..<4 {
                    do throws(ModelError) {
                        if round % 2 == 0 {
                            #expect(try scores(model) == expected.1, "\(memory) \(split)")
                        } else {
                            let texts = try model.generate(batch, answer.settings(), options)
                            #expect(texts == expected.0, "\(memory) \(split)")
                        }
                        done += 1
                    } catch {
                        guard case .cardMemory = error else { throw error }
                        failed += 1
                    }
                }
                model.core.unload()
                options.backends = []
                for card in cards {
                    #expect(card.takeFailure() == nil && card.usedMemory <= 1 << 20)
                }
            }
        }
        print("\(done) runs in turn done, \(failed) found no room")
        #expect(done > failed)
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
