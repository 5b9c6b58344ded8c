// Every architecture, head and weight format: answers of tiny checkpoints against the reference's, fp32,
// on all backends; and the contract for each.

import ArenaCore
import ArenaTensor
import SimulatedCard
import Testing

@testable import ArenaModels

/// The folder of the stored architectures.
private let folder = joinPath(splitPath(fixtures).folder, "architectures")

/// One checkpoint with the reference's answers.
private struct Answer {
    var name: String
    var task = ""
    var batch = TokenBatch()
    var choices: [Int32] = []
    var places: [Int] = []
    /// Each row's numbers, one after another.
    var values: [[Float]] = []

    init(_ name: String) throws {
        self.name = name
        let root = try JSONDocument(file: joinPath(folder, name + "/expected.json")).root
        func floats(_ value: JSONValue) throws -> [Float] {
            try #require(value.elements).map { Float(try #require($0.double)) }
        }
        func ints(_ value: JSONValue) throws -> [Int] {
            try #require(value.elements).map { try #require($0.int) }
        }
        task = try #require(root["task"]?.string)
        var offsets = [0]
        var ids: [Int32] = []
        var types: [Int32] = []
        for row in try #require(root["rows"]?.elements) {
            ids += try ints(row).map { Int32($0) }
            offsets.append(ids.count)
        }
        for row in root["types"]?.elements ?? [] { types += try ints(row).map { Int32($0) } }
        batch = try #require(TokenBatch(offsets: offsets, ids: ids, types: types))
        if let list = root["choices"] { choices = try ints(list).map { Int32($0) } }
        if let list = root["places"] { places = try ints(list) }
        for value in try #require(root["values"]?.elements) {
            if let chosen = value["choices"], let scores = value["log_probs"] {
                values.append(try floats(chosen) + floats(scores))
            } else {
                values.append(try floats(value))
            }
        }
    }

    /// What a model gives for each row of the task.
    func run(_ model: Opened, _ batch: TokenBatch, _ options: RunOptions) throws -> [[Float]] {
        switch model {
        case .classifier(let model):
            let logits = try model.predictLogits(batch, options)
            return (0..<batch.count).map { r in
                Array(logits[r * model.labelCount..<(r + 1) * model.labelCount])
            }
        case .spans(let model):
            return try model.logits(batch, options).map { row in
                row.map { Array($0.starts) + Array($0.ends) } ?? []
            }
        case .embedder(let model):
            let all = try model.embed(batch, pooling: .mean, options)
            return (0..<batch.count).map { r in
                Array(all[r * model.channels..<(r + 1) * model.channels])
            }
        case .language(let model) where model.isCausal:
            let logits = try model.logits(batch, choices: choices, at: .last, options)
            let scores = try model.logProbabilities(
                batch, from: [Int](repeating: 1, count: batch.count), options)
            return (0..<batch.count).map { r in
                Array(logits[r * choices.count..<(r + 1) * choices.count]) + scores[r]
            }
        case .language(let model):
            // Places differ from row to row: one row at a time.
            return try (0..<batch.count).map { r in
                let row = try #require(
                    TokenBatch(
                        offsets: [0, batch[r].count], ids: Array(batch[r]),
                        types: Array(batch.types(r))))
                return try model.logits(
                    row, choices: choices, at: .position(batch[r].count / 3), options)
            }
        }
    }

    /// The same of all its rows.
    func result(_ model: Opened, _ options: RunOptions) throws(ModelError) -> [[Float]] {
        do { return try run(model, batch, options) } catch let error as ModelError {
            throw error
        } catch {
            return []
        }
    }

    enum Opened {
        case classifier(Classifier)
        case language(VocabularyModel)
        case embedder(Embedder)
        case spans(SpanReader)

        var core: ModelCore {
            switch self {
            case .classifier(let model): model.core
            case .language(let model): model.core
            case .embedder(let model): model.core
            case .spans(let model): model.core
            }
        }
    }

    func open() throws -> Opened {
        let path = joinPath(folder, name)
        switch task {
        case "classify": return .classifier(try Classifier(modelPath: path))
        case "span": return .spans(try SpanReader(modelPath: path))
        case "embed": return .embedder(try Embedder(modelPath: path))
        case "causal": return .language(try VocabularyModel(modelPath: path, causal: true))
        default: return .language(try VocabularyModel(modelPath: path, causal: false))
        }
    }
}

@Suite struct ArchitectureTests {
    static let names = listDirectory(folder).filter {
        fileExists(joinPath(folder, $0 + "/expected.json"))
    }.sorted()

    /// The reference computes in fp32 too, in another order; relative to the largest value.
    static let tolerance: Float = 2e-5

    @Test func allAreThere() { #expect(Self.names.count >= 20) }

    @Test(arguments: names)
    func answersEqualTheReference(name: String) throws {
        let answer = try Answer(name)
        let model = try answer.open()
        let expected = answer.values.flatMap { $0 }
        let scale = expected.reduce(1) { max($0, abs($1)) }
        var backends: [any Backend] = [ReferenceBackend(blas: false)]
        backends += ["plain", "avx2", "wide", "avx512", "avx512bf16"].compactMap {
            CPUBackend(path: $0)
        }
        var own: [UInt32]?
        for backend in backends {
            let options = RunOptions(workers: 2, tokenBudget: 100, backend: backend)
            let values = try answer.run(model, answer.batch, options).flatMap { $0 }
            let off = distance(values, expected) / scale
            print("\(name) on \(backend.name): \(off) from the reference")
            #expect(off < Self.tolerance, "\(backend.name)")
            guard backend is CPUBackend else { continue }
            own = own ?? bits(values)
            #expect(bits(values) == own, "other bits on \(backend.name)")
        }
    }

    @Test(arguments: names)
    func rowsDoNotSeeTheirPackOrderOrWorkers(name: String) throws {
        let answer = try Answer(name)
        let model = try answer.open()
        let rows = (0..<answer.batch.count).map { Array(answer.batch[$0]) }
        let alone = try rows.map {
            try answer.run(model, TokenBatch([$0]), RunOptions(workers: 1))[0]
        }
        var random = Seeded(3)
        for (budget, workers) in [(1 << 20, 1), (1, 2), (90, 3), (200, 4)] {
            let order = rows.indices.shuffled(using: &random)
            let batch = TokenBatch(order.map { rows[$0] })
            let values = try answer.run(
                model, batch, RunOptions(workers: workers, tokenBudget: budget))
            for (place, row) in order.enumerated() {
                #expect(bits(values[place]) == bits(alone[row]), "budget \(budget), row \(row)")
            }
        }
    }

    /// The same on a card: near the reference, and the same bits alone, in any pack and on two devices.
    @Test(arguments: names)
    func cardsAnswerTheSameInEveryPack(name: String) throws {
        let cards = try (0..<2).compactMap { _ in try SimulatedCard.open() }
        guard cards.count == 2 else { return }
        let answer = try Answer(name)
        let model = try answer.open()
        let expected = answer.values.flatMap { $0 }
        let scale = expected.reduce(1) { max($0, abs($1)) }
        var options = RunOptions(tokenBudget: 1 << 20, backend: CUDABackend(cards[0]))
        let values = try answer.run(model, answer.batch, options)
        let off = distance(values.flatMap { $0 }, expected) / scale
        print("\(name) on a card: \(off) from the reference")
        // fp32 checkpoints keep their digits; of others rows become halves before they are multiplied.
        let checkpoint = try Checkpoint(folder: joinPath(folder, name))
        let types = try checkpoint.names.compactMap { try checkpoint.tensor($0)?.type }
        let isSingle = types.allSatisfy { $0 == .float32 }
        #expect(off < (isSingle ? Self.tolerance : 5e-3))
        options.backends = cards.map { CUDABackend($0) }
        // Weights that pass through the cards, all of them and some.
        options.split = .rows
        for room in [0, model.core.weightBytes / 2] {
            let passing = try answer.open()
            options.cardRoom = room
            for budget in [90, 1 << 20] {
                options.tokenBudget = budget
                let same = try answer.run(passing, answer.batch, options)
                #expect(bits(same.flatMap { $0 }) == bits(values.flatMap { $0 }), "room \(room)")
            }
            #expect(passing.core.takeRemarks().first?.contains("pass through") == true)
        }
        // Layers that lie on two cards: the same bits.
        if model.core.backbone is any DecoderBackbone {
            let split = try answer.open()
            (options.split, options.smallestPack) = (.layers, 1)
            for budget in [1, 90] {
                options.tokenBudget = budget
                let same = try answer.run(split, answer.batch, options)
                #expect(bits(same.flatMap { $0 }) == bits(values.flatMap { $0 }), "layers")
            }
            let remarks = split.core.takeRemarks()
            #expect(remarks.contains { $0.contains("has layers") }, "\(remarks)")
            split.core.unload()
        }
        options.split = .auto
        options.cardRoom = nil
        var random = Seeded(4)
        let rows = (0..<answer.batch.count).map { Array(answer.batch[$0]) }
        let segments = (0..<answer.batch.count).map { Array(answer.batch.types($0)) }
        for budget in [1, 90] {
            options.tokenBudget = budget
            let order = rows.indices.shuffled(using: &random)
            var offsets = [0]
            for row in order { offsets.append(offsets[offsets.count - 1] + rows[row].count) }
            let batch = try #require(
                TokenBatch(
                    offsets: offsets, ids: order.flatMap { rows[$0] },
                    types: order.flatMap { segments[$0] }))
            let again = try answer.run(model, batch, options)
            for (place, row) in order.enumerated() {
                #expect(bits(again[place]) == bits(values[row]), "budget \(budget), row \(row)")
            }
        }
        for card in cards { #expect(card.takeFailure() == nil) }
    }

    /// With whatever memory: the same bits, or an error, and the same once more.
    @Test(arguments: ["gemma2-lm", "deberta-v3", "gemma2-nf4"])
    func littleMemory(name: String) throws {
        guard let roomy = try SimulatedCard.open() else { return }
        let answer = try Answer(name)
        var options = RunOptions(tokenBudget: 1 << 20, backend: CUDABackend(roomy))
        let expected = try answer.run(try answer.open(), answer.batch, options).map(bits)
        var (done, passed, failed) = (0, 0, 0)
        for memory in stride(from: 1_080_000, to: 1_600_000, by: 20_000) {
            let card = try #require(try SimulatedCard.open(memory: memory))
            options.backends = [CUDABackend(card)]
            let model = try answer.open()
            for _ in 0..<2 {
                do throws(ModelError) {
                    let values = try answer.result(model, options)
                    #expect(values.map(bits) == expected, "\(memory) bytes")
                    done += 1
                } catch {
                    guard case .cardMemory = error else { throw error }
                    failed += 1
                }
            }
            if model.core.takeRemarks().contains(where: { $0.contains("pass through") }) {
                passed += 1
            }
            model.core.unload()
            options.backends = []
            // What stays is the room for lists.
            #expect(card.takeFailure() == nil && card.usedMemory <= 1 << 20)
        }
        print("\(name): \(done) runs done, \(failed) found no room, weights passed in \(passed)")
        #expect(done > 0 && passed > 0)
    }

    /// 8 bits and bf16: near the stored weights, the same on every path, in every pack.
    @Test(
        arguments: ["wide", "bert", "deberta-v3", "mistral", "mpnet"],
        [WeightPrecision.int8, .int8Rows, .bf16])
    func fewerBits(name: String, precision: WeightPrecision) throws {
        let answer = try Answer(name)
        let path = joinPath(folder, name)
        let stored = try Classifier(modelPath: path)
        let model = try Classifier(modelPath: path, OpeningOptions(precision: precision))
        let rows = (0..<answer.batch.count).map { Array(answer.batch[$0]) }
        let exact = Classifier.probabilities(
            try stored.predictLogits(TokenBatch(rows)), labels: stored.labelCount)
        var own: [UInt32]?
        for path in ["plain", "avx2", "wide", "avx512", "avx512bf16"] {
            guard let backend = CPUBackend(path: path) else { continue }
            for (budget, workers) in [(1 << 20, 1), (60, 2)] {
                let logits = try model.predictLogits(
                    TokenBatch(rows), workers: workers, tokenBudget: budget, backend: backend)
                own = own ?? bits(logits)
                #expect(bits(logits) == own, "\(path), budget \(budget)")
                let off = distance(
                    Classifier.probabilities(logits, labels: stored.labelCount), exact)
                // Layers of 32 channels average little away; wide ones are far nearer.
                #expect(off < 0.08, "\(off) from the stored weights")
            }
        }
        let alone = try rows.flatMap { try model.predictLogits(TokenBatch([$0])) }
        #expect(bits(alone) == own)
        let card = try SimulatedCard.open().map { CUDABackend($0) }
        if let card, precision == .int8Rows {
            let logits = try model.predictLogits(TokenBatch(rows), workers: 1, backend: card)
            let off = distance(
                Classifier.probabilities(logits, labels: stored.labelCount),
                Classifier.probabilities(alone, labels: stored.labelCount))
            // A code more or less by another rounding before it.
            #expect(off < 0.04, "\(off) from the processor's")
            let single = try rows.flatMap {
                try model.predictLogits(TokenBatch([$0]), workers: 1, backend: card)
            }
            #expect(bits(single) == bits(logits) && card.device.takeFailure() == nil)
        }
        let reference = try model.predictLogits(
            TokenBatch(rows), workers: 1, backend: ReferenceBackend(blas: false))
        #expect(
            distance(
                Classifier.probabilities(reference, labels: stored.labelCount),
                Classifier.probabilities(alone, labels: stored.labelCount)) < 0.01)
    }

    /// What comes behind a token changes nothing before it, in decoders; rows past an original context
    /// take other angles and are left out.
    @Test(arguments: names)
    func aPrefixOfACausalRowEqualsTheShorterRow(name: String) throws {
        let answer = try Answer(name)
        guard case .language(let model) = try answer.open(), model.isCausal, name != "phi3" else {
            return
        }
        let row = Array(try #require((0..<answer.batch.count).map { answer.batch[$0] }.last))
        let long = try model.logProbabilities(TokenBatch([row]), from: [1], RunOptions())[0]
        for length in [2, 7, 33, 50] where length < row.count {
            let short = try model.logProbabilities(
                TokenBatch([Array(row.prefix(length))]), from: [1], RunOptions())[0]
            #expect(bits(short) == bits(Array(long.prefix(length - 1))), "\(length) tokens")
        }
    }

    @Test func chosenPlacesAndPools() throws {
        let model = try VocabularyModel(modelPath: joinPath(folder, "bert-mlm"), causal: false)
        let rows = TokenBatch([[5, 9, 4, 7], [4, 8, 9]])
        let byToken = try model.logits(rows, choices: [11, 12], at: .token(4), RunOptions())
        let first = try model.logits(
            TokenBatch([[5, 9, 4, 7]]), choices: [11, 12], at: .position(2), RunOptions())
        let second = try model.logits(
            TokenBatch([[4, 8, 9]]), choices: [11, 12], at: .position(-3), RunOptions())
        #expect(bits(byToken) == bits(first + second))
        func message(_ body: () throws -> Void) -> String? { report(body)?.message }
        #expect(
            message { _ = try model.logits(rows, choices: [11], at: .token(7), RunOptions()) }
                == "row 1 has no tokens 7, one is needed")
        #expect(
            message { _ = try model.logits(rows, choices: [97], at: .last, RunOptions()) }
                == "token 97 is chosen, the model knows 0 to 96")
        #expect(
            message {
                _ = try VocabularyModel(modelPath: joinPath(folder, "qwen2"), causal: false)
            }?
            .contains("is not a masked language model") == true)
        #expect(
            message { _ = try VocabularyModel(modelPath: joinPath(folder, "bert"), causal: false) }?
                .contains("cls.predictions.transform.dense.weight") == true)
        let embedder = try Embedder(modelPath: joinPath(folder, "bert-embed"))
        func embed(_ pooling: EmbeddingPooling, _ leaving: Set<Int32> = []) throws -> [Float] {
            try embedder.embed(
                TokenBatch([[5, 9, 4, 7]]), pooling: pooling, leaving: leaving, RunOptions())
        }
        let (cls, last) = (try embed(.cls), try embed(.last))
        let (most, mean) = (try embed(.max), try embed(.mean))
        #expect(zip(most, zip(cls, last)).allSatisfy { $0 >= max($1.0, $1.1) })
        #expect(bits(try embed(.mean, [9, 4, 7])) == bits(cls))
        #expect(bits(try embed(.mean, [5, 9, 4, 7])) == bits(mean))
        let segments = try #require(TokenBatch(offsets: [0, 2], ids: [5, 6], types: [0, 2]))
        #expect(
            message { _ = try embedder.embed(segments, pooling: .cls, RunOptions()) }
                == "row 0 holds a token of segment 2, the model has 2")
    }

    @Test func inspection() throws {
        let found = try CheckpointInspection(joinPath(folder, "bert"))
        #expect(found.remarks.contains("classifier: complete"))
        #expect(found.remarks.contains { $0.hasPrefix("masked_lm: the model has no head") })
        let codes = try CheckpointInspection(joinPath(folder, "gemma2-nf4"))
        #expect(codes.remarks[0].contains("U8"), "\(codes.remarks)")
        #expect(codes.remarks.contains("classifier: complete"), "\(codes.remarks)")
        let alone = try CheckpointInspection(joinPath(folder, "torch-files/wrapped.pth"))
        #expect(alone.remarks.contains("there is no config.json: weights alone"))
        #expect(alone.tensors.allSatisfy { $0.name.hasPrefix("module.") })
    }
}
