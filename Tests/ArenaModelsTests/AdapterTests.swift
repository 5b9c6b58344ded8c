// Adapters against peft: beside the weights on every kind of module, several at once, averaged, merged; weights
// that become codes at load; heads that begin anew.

import ArenaCore
import Testing

@testable import ArenaModels
@testable import ArenaTensor

private let folder = joinPath(splitPath(fixtures).folder, "adapters")

private func base(_ name: String) -> String { joinPath(splitPath(fixtures).folder, name) }

private func adapter(_ name: String) throws -> AdapterMix {
    AdapterMix(try Adapter(folder: joinPath(folder, name)))
}

private func floats(_ value: JSONValue?) throws -> [Float] {
    try #require(value?.elements).map { Float(try #require($0.double)) }
}

@Suite struct AdapterTests {
    /// One case of the reference.
    private struct Case {
        let base: String
        let adapters: [String]
        let weights: [Double]?
        let isMerged: Bool
        let values: [Float]
    }

    private let rows: TokenBatch
    private let cases: [Case]

    init() throws {
        let root = try JSONDocument(file: joinPath(folder, "expected.json")).root
        rows = TokenBatch(
            try #require(root["rows"]?.elements).map { row in
                try #require(row.elements).map { Int32(try #require($0.int)) }
            })
        cases = try #require(root["cases"]?.elements).map { entry in
            Case(
                base: try #require(entry["base"]?.string),
                adapters: try #require(entry["adapters"]?.elements).compactMap(\.string),
                weights: entry["weights"]?.elements?.compactMap(\.double),
                isMerged: entry["merged"]?.bool ?? false,
                values: try #require(entry["values"]?.elements).flatMap { try floats($0) })
        }
    }

    private func scores(
        _ model: VocabularyModel, adapter: Int = 0, _ options: RunOptions = RunOptions()
    ) throws -> [Float] {
        try model.logProbabilities(
            rows, from: [Int](repeating: 1, count: rows.count), adapter: adapter, options
        ).flatMap { $0 }
    }

    @Test func valuesAreTheReferences() throws {
        #expect(cases.count == 7)
        for one in cases {
            var mixes = try one.adapters.map { try adapter($0) }
            if let weights = one.weights {
                mixes = [AdapterMix(averaging: mixes, shares: weights)]
            }
            let model = try VocabularyModel(
                modelPath: base(one.base), causal: true,
                OpeningOptions(adapters: mixes, merges: one.isMerged))
            var backends: [any Backend] = [ReferenceBackend(blas: false)]
            backends += ["plain", "avx2", "avx512"].compactMap { CPUBackend(path: $0) }
            var own: [UInt32]?
            for backend in backends {
                let options = RunOptions(workers: 2, tokenBudget: 40, backend: backend)
                let values = try scores(model, options)
                // Sums of 16 bits are rounded once here, twice by the reference.
                let off = distance(values, one.values)
                #expect(
                    off < (one.isMerged ? 4e-3 : 2e-5), "\(one.adapters) \(backend.name) \(off)")
                guard backend is CPUBackend else { continue }
                own = own ?? bits(values)
                #expect(bits(values) == own, "other bits on \(backend.name)")
            }
        }
    }

    @Test func choicesAndTextsSeeTheHeadsAdapter() throws {
        let model = try VocabularyModel(
            modelPath: base("generation/llama"), causal: true,
            OpeningOptions(adapters: [try adapter("everywhere"), try adapter("layers")]))
        let everything = (0..<Int32(model.core.vocabulary)).map { $0 }
        let settings = GenerationSettings(maxNewTokens: 1)
        for number in 0..<2 {
            let logits = try model.logits(
                rows, choices: everything, at: .last, adapter: number, RunOptions())
            let texts = try model.generate(rows, settings, adapter: number, RunOptions())
            for (r, text) in texts.enumerated() {
                let own = logits[r * everything.count..<(r + 1) * everything.count]
                let best = try #require(text?.ids.first)
                #expect(own.max() == own[own.startIndex + Int(best)])
            }
        }
    }

    /// Each call chooses; what it gives is what a model with that adapter alone gives.
    @Test func severalAreLoadedAtOnce() throws {
        let names = ["everywhere", "layers", "saved"]
        let model = try VocabularyModel(
            modelPath: base("generation/llama"), causal: true,
            OpeningOptions(adapters: try names.map { try adapter($0) }))
        // One adapter more costs its own tensors.
        let sizes = try (0..<3).map { count in
            try VocabularyModel(
                modelPath: base("generation/llama"), causal: true,
                OpeningOptions(
                    adapters: [AdapterMix](repeating: try adapter("layers"), count: count))
            ).core.weightBytes
        }
        #expect(sizes[2] - sizes[1] == sizes[1] - sizes[0] && sizes[1] > sizes[0])
        for number in [2, 0, 1, 0] {
            let one = try VocabularyModel(
                modelPath: base("generation/llama"), causal: true,
                OpeningOptions(adapters: [try adapter(names[number])]))
            #expect(try bits(scores(model, adapter: number)) == bits(scores(one)), "\(number)")
            let (own, other) = (
                try model.core.fingerprint(adapter: number), try one.core.fingerprint()
            )
            #expect(own.adapter.map(\.value) == other.adapter.map(\.value))
        }
        #expect(
            try model.core.fingerprint(adapter: 0).adapter.map(\.value)
                != model.core.fingerprint(adapter: 1).adapter.map(\.value))
    }

    @Test func averagesOfHeadsAndOfThemselves() throws {
        // One adapter averaged with itself: the same up to rounding, the saved modules too.
        let one = try adapter("saved")
        let model = try VocabularyModel(
            modelPath: base("generation/llama"), causal: true,
            OpeningOptions(adapters: [
                one, AdapterMix(averaging: [one, one], shares: [0.25, 0.75]),
            ]))
        #expect(distance(try scores(model), try scores(model, adapter: 1)) < 2e-5)
        // A head that only one of them brings cannot be averaged.
        let words = report {
            _ = try VocabularyModel(
                modelPath: base("generation/llama"), causal: true,
                OpeningOptions(adapters: [
                    AdapterMix(averaging: [one, try adapter("layers")], shares: [0.5, 0.5])
                ]))
        }
        #expect(words?.message.contains("no tensor 'model.embed_tokens.weight'") == true)
    }

    @Test func merging() throws {
        let path = joinPath(fixtures, "gemma2-fp32")
        let tuned = AdapterMix(try Adapter(folder: joinPath(fixtures, "gemma2-fp32-lora")))
        let expected = try Expected("gemma2-fp32").batch
        let beside = try Classifier(modelPath: path, OpeningOptions(adapters: [tuned]))
        let merged = try Classifier(
            modelPath: path, OpeningOptions(adapters: [tuned], merges: true))
        let own = try merged.predictLogits(expected)
        #expect(distance(own, try beside.predictLogits(expected)) < 3e-5)
        #expect(merged.core.weightBytes < beside.core.weightBytes)
        let remark = merged.core.takeRemarks().first
        #expect(
            remark?.contains("merged into 28 layers of F32: storing") == true, "\(remark ?? "")")
        #expect(remark?.contains("less than 0.1 %") == true)
        #expect(merged.core.takeRemarks().first == nil && beside.core.takeRemarks().first == nil)
        #expect(
            try merged.core.fingerprint().adapter.map(\.name)
                != beside.core.fingerprint().adapter.map(\.name))
        let alone = try (0..<3).flatMap {
            try merged.predictLogits(TokenBatch([Array(expected[$0])]))
        }
        #expect(bits(alone) == bits(Array(own.prefix(alone.count))))
    }

    /// Into codes whose grid stays: what is lost is said, and what is kept computes as it is stored.
    @Test(arguments: ["gemma2-gptq", "gemma2-awq"])
    func mergingIntoGroups(name: String) throws {
        let path = base("architectures/\(name)")
        let tuned = try adapter("wide")
        let merged = try Classifier(
            modelPath: path, OpeningOptions(adapters: [tuned], merges: true))
        let own = try merged.predictLogits(rows)
        let remark = try #require(merged.core.takeRemarks().first)
        #expect(
            remark.contains("4-bit codes, whose steps stay: storing the sums moved them by"),
            "\(remark)")
        let beside = try Classifier(modelPath: path, OpeningOptions(adapters: [tuned]))
        let plain = try Classifier(modelPath: path, OpeningOptions())
        let (exact, without) = (try beside.predictLogits(rows), try plain.predictLogits(rows))
        // The fixture's adapter is larger than the grid's steps: most of it is kept.
        #expect(distance(own, exact) < 0.5 * distance(without, exact))
        #expect(
            bits(try merged.predictLogits(TokenBatch([Array(rows[1])])))
                == bits(Array(own[merged.labelCount..<2 * merged.labelCount])))
    }

    @Test func codesAreTheReferences() throws {
        let root = try JSONDocument(file: joinPath(folder, "quantized.json")).root
        for entry in try #require(root["numbers"]?.elements) {
            let values = try floats(entry["values"])
            let shape = try #require(entry["shape"]?.elements).compactMap(\.int)
            let type = try #require(ElementType(rawValue: entry["type"]?.string ?? ""))
            let codes = try TableCodes(
                quantizing: values.count, name: "w", path: "", table: TableCodes.nf4,
                rounded: type
            ) { range, to in
                for (i, x) in values[range].enumerated() { to[i] = x }
            }
            #expect(codes.codes.bytes.map(Int.init) == entry["codes"]?.elements?.compactMap(\.int))
            #expect(codes.scales() == (try floats(entry["scales"])), "\(shape)")
        }
        let logits = try #require(root["nf4"]?.elements).flatMap { try floats($0) }
        let model = try Classifier(
            modelPath: base("architectures/wide"), OpeningOptions(precision: .nf4))
        for path in ["plain", "avx2", "wide", "avx512"] {
            guard let backend = CPUBackend(path: path) else { continue }
            let own = try model.predictLogits(rows, workers: 2, tokenBudget: 60, backend: backend)
            #expect(distance(own, logits) < 3e-5, "\(path)")
        }
        let stored = try Classifier(modelPath: base("architectures/wide"))
        #expect(model.weightBytes < stored.weightBytes / 2)
        #expect(
            try model.core.fingerprint().precision != stored.core.fingerprint().precision)
    }

    /// Scales that become codes too: those of a checkpoint that bitsandbytes quantized so. Its CPU code looks
    /// codes up among 65,536 places, which gives another one near the middle of two and near 0.
    @Test func nestedScalesAreTheReferences() throws {
        let plain = try Checkpoint(folder: base("architectures/wide"))
        let quantized = try Checkpoint(folder: base("architectures/gemma2-nf4"))
        let suffix = ".weight.nested_absmax"
        let modules = quantized.names.filter { $0.hasSuffix(suffix) }.map {
            String($0.dropLast(suffix.utf8.count))
        }
        #expect(modules.count == 14)
        var (neighbours, all) = (0, 0)
        for module in modules {
            func stored(_ key: String) throws -> StoredTensor {
                try #require(try quantized.tensor(module + ".weight" + key))
            }
            let weight = try #require(try plain.tensor(module + ".weight"))
            let codes = try TableCodes(
                quantizing: weight.count, name: weight.name, path: "", table: TableCodes.nf4,
                rounded: .bfloat16, read: { weight.widen($0, to: $1) })
            #expect(codes.codes.bytes == (try stored("").bytes), "\(module)")
            let scales = codes.scales()
            let nested = scales.withUnsafeBufferPointer { NestedScales($0) }
            let theirs = try stored(".absmax").bytes
            for (i, (own, other)) in zip(nested.codes, theirs).enumerated() where own != other {
                neighbours += 1
                let x = (scales[i] - nested.offset) / nested.outer[i / NestedScales.block]
                let (near, far) = (NestedScales.table[Int(own)], NestedScales.table[Int(other)])
                #expect(abs(x - near) <= abs(x - far) && abs(x - far) < abs(x - near) + 4e-5)
            }
            all += theirs.count
            #expect(bits(nested.outer) == bits(try stored(".nested_absmax").floats), "\(module)")
            #expect(bits(NestedScales.table) == bits(try stored(".nested_quant_map").floats))
        }
        #expect(neighbours * 100 < all, "\(neighbours) of \(all)")
        let root = try JSONDocument(file: base("architectures/gemma2-nf4/expected.json")).root
        let batch = TokenBatch(
            try #require(root["rows"]?.elements).map { row in
                try #require(row.elements).map { Int32(try #require($0.int)) }
            })
        let logits = try #require(root["values"]?.elements).flatMap { try floats($0) }
        let model = try Classifier(
            modelPath: base("architectures/wide"), OpeningOptions(precision: .nf4Double))
        #expect(distance(try model.predictLogits(batch), logits) < 1e-3)
    }

    /// The sum becomes codes again: near the reference, whose codes are of sums that it rounds otherwise.
    @Test func mergingIntoCodes() throws {
        let root = try JSONDocument(file: joinPath(folder, "quantized.json")).root
        let logits = try #require(root["merged_fp4"]?.elements).flatMap { try floats($0) }
        let model = try Classifier(
            modelPath: base("architectures/gemma2-fp4"),
            OpeningOptions(adapters: [try adapter("wide")], merges: true))
        #expect(distance(try model.predictLogits(rows), logits) < 4e-3)
        let remark = model.core.takeRemarks().first
        #expect(remark?.contains("4 layers of 4-bit codes") == true, "\(remark ?? "")")
        let eight = try Classifier(
            modelPath: base("architectures/gemma2-int8"),
            OpeningOptions(adapters: [try adapter("wide")], merges: true))
        let beside = try Classifier(
            modelPath: base("architectures/gemma2-int8"),
            OpeningOptions(adapters: [try adapter("wide")]))
        #expect(distance(try eight.predictLogits(rows), try beside.predictLogits(rows)) < 0.1)
    }

    @Test func newHeads() throws {
        func headless() throws -> Folder {
            let folder = Folder()
            for name in ["config.json", "model.safetensors"] {
                try folder.write(
                    name, readFile(joinPath(base("architectures/bert-embed"), name)))
            }
            return folder
        }
        let folder = try headless()
        let words = report { _ = try Classifier(modelPath: folder.path) }
        #expect(words?.message.contains("the model has no head ('classifier.weight')") == true)
        #expect(words?.help?.contains("new_head=True") == true)
        func open(_ seed: Int, labels: Int? = nil) throws -> Classifier {
            try Classifier(
                modelPath: folder.path, labels: labels, OpeningOptions(newHead: NewHead(seed: seed))
            )
        }
        let model = try open(3, labels: 5)
        #expect(model.labelCount == 5)
        #expect(model.core.newHeads.contains("classifier.weight"))
        let own = try model.predictLogits(rows)
        #expect(bits(try open(3, labels: 5).predictLogits(rows)) == bits(own))
        #expect(bits(try open(4, labels: 5).predictLogits(rows)) != bits(own))
        #expect(
            try open(3, labels: 5).core.fingerprint().weights.map(\.value)
                != open(4, labels: 5).core.fingerprint().weights.map(\.value))
        // What config.json promises, where nobody says.
        #expect(try open(0).labelCount == 3)
        // A head that is there stays, whatever the seed.
        let headed = try Classifier(
            modelPath: base("architectures/bert"), OpeningOptions(newHead: NewHead(seed: 1)))
        #expect(headed.core.newHeads.isEmpty)
        // As transformers begins one: around 0 with the configuration's deviation.
        var begin = NewHead(seed: 9)
        begin.deviation = 0.02
        let values = begin.weight("w", [100, 401], path: "").floats
        let mean = values.reduce(0, +) / Float(values.count)
        let square = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
        let beyond = values.count { abs($0) > 0.04 }
        #expect(abs(mean) < 4e-4 && abs(square.squareRoot() - 0.02) < 3e-4)
        #expect(abs(Double(beyond) / Double(values.count) - 0.0455) < 0.005)
    }
}
