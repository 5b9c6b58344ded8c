// Logits of tiny checkpoints against the reference's, fp32; on our kernels and on the plain backend.

import ArenaCore
import ArenaTensor
import Testing

@testable import ArenaModels

@Suite struct FixtureTests {
    /// The reference computes in fp32 too, in another order: 1e-4 is what is promised, 1e-5
    /// what these reach.
    static let tolerance: Float = 1e-5

    static let cases: [(model: String, adapter: String?)] = [
        ("gemma2-fp32", nil), ("gemma2-fp32", "gemma2-fp32-lora"), ("gemma2-bf16", nil),
        ("llama-fp32", nil), ("llama-fp32", "llama-fp32-lora"), ("llama-bf16", nil),
        ("llama-bf16", "llama-bf16-lora"),
    ]

    @Test(arguments: cases)
    func logitsEqualTheReference(model: String, adapter: String?) throws {
        let expected = try Expected(adapter ?? model)
        let classifier = try Classifier(
            modelPath: joinPath(fixtures, model),
            adapterPath: adapter.map { joinPath(fixtures, $0) },
            labels: 3)
        #expect(classifier.labels == ["winner_model_a", "winner_model_b", "winner_tie"])
        #expect(!classifier.isLoaded)
        var backends: [any Backend] = [ReferenceBackend(), ReferenceBackend(blas: false)]
        backends += ["plain", "avx2", "wide", "avx512", "avx512bf16"].compactMap {
            CPUBackend(path: $0)
        }
        var own: [UInt32]?
        for backend in backends {
            let logits = try classifier.predictLogits(
                expected.batch, workers: 2, tokenBudget: 100, backend: backend)
            let off = distance(logits, expected.logits)
            print("\(adapter ?? model) on \(backend.name): \(off) from the reference")
            #expect(off < Self.tolerance, "\(backend.name)")
            guard backend is CPUBackend else { continue }
            own = own ?? bits(logits)
            #expect(bits(logits) == own, "other bits on \(backend.name)")
        }
        classifier.unload()
        #expect(!classifier.isLoaded)
        #expect(bits(try classifier.predictLogits(expected.batch)) == own)
    }

    @Test func theAdapterMatters() throws {
        let batch = try Expected("gemma2-fp32").batch
        let base = try Classifier(modelPath: joinPath(fixtures, "gemma2-fp32"))
        let tuned = try Classifier(
            modelPath: joinPath(fixtures, "gemma2-fp32"),
            adapterPath: joinPath(fixtures, "gemma2-fp32-lora"))
        #expect(distance(try base.predictLogits(batch), try tuned.predictLogits(batch)) > 0.1)
    }
}
