// Folders that do not fit together: configurations, tensors, heads, labels, adapters. Each error
// names what is wrong and where, before any weight is read.

import ArenaCore
import ArenaTensor
import Synchronization
import Testing

@testable import ArenaModels

@Suite struct ModelFolderTests {
    /// The error's words for a changed copy of a fixture.
    func message(
        _ fixture: String, adapter: String? = nil, labels: Int? = nil,
        _ change: (Folder, Folder?) throws -> Void
    ) throws -> String? {
        let folder = try Folder(copying: fixture)
        let other = try adapter.map { try Folder(copying: $0) }
        try change(folder, other)
        return report {
            let model = try Classifier(
                modelPath: folder.path, adapterPath: other?.path, labels: labels)
            try model.load()
        }.map {
            $0.message + " | " + ($0.place.map { splitPath($0.path).name } ?? "") + " | "
                + ($0.help ?? "")
        }
    }

    func tensors(_ fixture: String, _ change: (inout TensorFile) throws -> Void) throws -> String? {
        try message(fixture) { folder, _ in
            var file = try TensorFile(joinPath(folder.path, "model.safetensors"))
            try change(&file)
            try folder.write("model.safetensors", file.bytes)
        }
    }

    func config(_ fixture: String, _ old: String, _ new: String) throws -> String? {
        try message(fixture) { folder, _ in try folder.edit("config.json", old, new) }
    }

    func adapter(_ old: String, _ new: String, _ name: String = "gemma2-fp32") throws -> String? {
        try message(name, adapter: name + "-lora") { _, adapter in
            try adapter?.edit("adapter_config.json", old, new)
        }
    }

    @Test func tensorsMissingExtraMisshapenOrNotFinite() throws {
        let up = "model.layers.2.mlp.up_proj.weight"
        #expect(try tensors("gemma2-fp32") { _ in } == nil)
        #expect(
            try tensors("gemma2-fp32") { $0.tensors.remove(at: try $0.index(of: up)) }?
                .contains("has no tensor '\(up)'") == true)
        #expect(
            try tensors("gemma2-fp32") { $0.tensors[try $0.index(of: up)].name = up + "s" }?
                .contains("it has 'model.layers.") == true)
        #expect(
            try tensors("gemma2-fp32") {
                $0.tensors.append(("model.layers.4.mlp.up_proj.weight", "F32", [1], [0, 0, 0, 0]))
            }?.contains("'model.layers.4.mlp.up_proj.weight', which this architecture") == true)
        #expect(
            try tensors("gemma2-fp32") {
                $0.tensors.append(
                    ("model.layers.0.self_attn.rotary_emb.inv_freq", "F32", [1], [0, 0, 0, 0]))
            } == nil)
        #expect(
            try tensors("gemma2-fp32") { $0.tensors[try $0.index(of: up)].shape = [40, 56] }?
                .contains("'\(up)' has shape [40, 56], expected [56, 40]") == true)
        #expect(
            try tensors("gemma2-fp32") {
                let i = try $0.index(of: up)
                $0.tensors[i].type = "I32"
            }?.contains("stored as I32") == true)
        for (name, index) in [
            (up, 77), ("model.norm.weight", 3), ("model.embed_tokens.weight", 40 * 200),
        ] {
            #expect(
                try tensors("gemma2-fp32") {
                    let i = try $0.index(of: name)
                    $0.tensors[i].data.replaceSubrange(
                        index * 4..<index * 4 + 4, with: [0, 0, 0xC0, 0x7F])
                }?.contains(
                    "'\(name)' holds a number that is infinite or none, at element \(index)")
                    == true)
        }
    }

    @Test func rowsThatOverflowInSinglePrecisionTooAreMissing() throws {
        let folder = try Folder(copying: "gemma2-fp32")
        var file = try TensorFile(joinPath(folder.path, "model.safetensors"))
        let i = try file.index(of: "score.weight")
        let huge = withUnsafeBytes(of: Float(3e38)) { Array($0) }
        file.tensors[i].data = (0..<file.tensors[i].data.count / 4).flatMap { _ in huge }
        try folder.write("model.safetensors", file.bytes)
        let model = try Classifier(modelPath: folder.path)
        let tally = Mutex(RowTally())
        var options = RunOptions()
        options.tally = { result in tally.withLock { $0 = result } }
        let logits = try model.predictLogits(TokenBatch([[5, 6, 7], [8]]), options)
        #expect(logits.allSatisfy { $0.isNaN })
        #expect(tally.withLock { $0.nonFinite } == 2)
        // The next run finds the weights as it wants them.
        let again = try model.predictLogits(TokenBatch([[5]]))
        #expect(again.allSatisfy { $0.isNaN })
    }

    @Test func configurations() throws {
        let (g, l) = ("gemma2-fp32", "llama-fp32")
        for (fixture, old, new, expected) in [
            (g, "Gemma2ForSequenceClassification", "Gemma2ForTokenClassification", "is not known"),
            (
                g, "\"gelu_pytorch_tanh\"", "\"mish\"",
                "'hidden_activation' = 'mish' is not supported"
            ),
            (
                g, "\"use_bidirectional_attention\": null", "\"use_bidirectional_attention\": true",
                "'use_bidirectional_attention' = true is not supported"
            ),
            (
                g, "\"hidden_size\": 40", "\"hidden_size\": 48",
                "has shape [211, 40], expected [211, 48]"
            ),
            (
                g, "\"hidden_size\": 40", "\"hidden_size\": -40",
                "'hidden_size' is -40, expected a whole"
            ),
            (g, "\"hidden_size\": 40", "\"hidden_size\": \"40\"", "'hidden_size' is '40'"),
            (
                g, "\"num_key_value_heads\": 2", "\"num_key_value_heads\": 3",
                "contradicts num_attention"
            ),
            (g, "\"head_dim\": 16", "\"head_dim\": 15", "'head_dim' is 15, expected an even"),
            (g, "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5", "'layer_types' is 4"),
            (
                g, "\"full_attention\"", "\"chunked_attention\"",
                "'layer_types' = 'chunked_attention'"
            ),
            (g, "\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": 0", "'rms_norm_eps'"),
            (g, "\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": 1e999", "'rms_norm_eps'"),
            (
                g, "\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"",
                "'rope_parameters.rope_type' = 'yarn' is not supported"
            ),
            (
                g, "\"model_type\": \"gemma2\"",
                "\"quantization_config\": {\"quant_method\": \"fp8\"}",
                "'quantization_config.quant_method' = 'fp8'"
            ),
            (g, "\"2\": \"winner_tie\"", "\"3\": \"winner_tie\"", "'id2label.3'"),
            (g, ",\n    \"2\": \"winner_tie\"", "", "has shape [3, 40], expected [2, 40]"),
            (l, "\"llama3\"", "\"longrope\"", "'rope_parameters.short_factor'"),
            (
                l, "\"high_freq_factor\": 4.0", "\"high_freq_factor\": 1.0",
                "contradicts low_freq_factor"
            ),
            (l, "\"factor\": 8.0", "\"factors\": 8.0", "no 'rope_parameters.factor'"),
            (
                l, "\"hidden_act\": \"silu\"", "\"hidden_act\": \"gelu_10\"",
                "'gelu_10' is not supported"
            ),
        ] {
            let found = try config(fixture, old, new)
            #expect(found?.contains(expected) == true, "\(new): \(found ?? "no error")")
            #expect(
                found?.contains("config.json") == true
                    || found?.contains("model.safetensors") == true)
        }
        #expect(
            try config(g, "\"query_pre_attn_scalar\": 10", "\"query_pre_attn_scalar\": 10.0") == nil
        )
        #expect(
            try message(g) { folder, _ in try folder.write("config.json", "{\"architectures\": [")
            }?
            .contains("not valid JSON") == true)
    }

    @Test func transformers4AndTransformers5WriteTheSameModel() throws {
        let expected = try Expected("llama-fp32")
        let folder = try Folder(copying: "llama-fp32")
        let text = try folder.read("config.json")
        let start = try #require(
            text.split(separator: "\n").firstIndex { $0.contains("rope_parameters") })
        var lines = text.split(separator: "\n").map(String.init)
        let end = try #require(lines[start...].firstIndex { $0.contains("}") })
        lines.replaceSubrange(
            start...end,
            with: [
                "\"rope_theta\": 1000.0, \"torch_dtype\": \"float32\",",
                "\"rope_scaling\": {\"type\": \"llama3\", \"factor\": 8.0, \"high_freq_factor\": 4.0,",
                "\"low_freq_factor\": 1.0, \"original_max_position_embeddings\": 64},",
            ])
        try folder.write("config.json", lines.joined(separator: "\n"))
        let model = try Classifier(modelPath: folder.path)
        #expect(distance(try model.predictLogits(expected.batch), expected.logits) < 1e-5)
    }

    @Test func linearScalingDividesTheAngles() {
        let plain = RotarySettings(base: 10_000, headSize: 8)
        let linear = RotarySettings(base: 10_000, headSize: 8, scaling: .linear(factor: 4))
        #expect(
            zip(plain.inverseFrequencies(), linear.inverseFrequencies()).allSatisfy { $0 / 4 == $1 }
        )
    }

    @Test func headsAndLabels() throws {
        #expect(
            try message("gemma2-fp32", labels: 4) { _, _ in }?
                .contains("4 labels were given, the head has 3") == true)
        func headless(_ folder: Folder) throws {
            var file = try TensorFile(joinPath(folder.path, "model.safetensors"))
            file.tensors.remove(at: try file.index(of: "score.weight"))
            try folder.write("model.safetensors", file.bytes)
            try folder.edit("config.json", "Gemma2ForSequenceClassification", "Gemma2ForCausalLM")
        }
        #expect(
            try message("gemma2-fp32") { folder, _ in try headless(folder) }?
                .contains("the model has no head ('score.weight')") == true)
        // The adapter brings the head of a base without one.
        #expect(
            try message("gemma2-fp32", adapter: "gemma2-fp32-lora") { folder, _ in
                try headless(folder)
            } == nil)
        #expect(
            try message("llama-fp32", adapter: "llama-fp32-lora") { folder, _ in
                var file = try TensorFile(joinPath(folder.path, "model.safetensors"))
                file.tensors.remove(at: try file.index(of: "score.weight"))
                try folder.write("model.safetensors", file.bytes)
            }?.contains("neither the model nor the adapter") == true)
    }

    @Test func adaptersThatDoNotFit() throws {
        // Another base: other layers, other shapes.
        #expect(
            try message("llama-bf16", adapter: "gemma2-fp32-lora") { _, _ in }?
                .contains("has shape [8, 40], expected [8, 64]") == true)
        let stranger = try message("gemma2-fp32", adapter: "gemma2-fp32-lora") { _, adapter in
            var file = try TensorFile(joinPath(adapter?.path ?? "", "adapter_model.safetensors"))
            for kind in ["A", "B"] {
                var extra = file.tensors[
                    try file.index(
                        of: "base_model.model.model.layers.3.mlp.up_proj.lora_\(kind).weight")]
                extra.name = "base_model.model.model.layers.7.mlp.up_proj.lora_\(kind).weight"
                file.tensors.append(extra)
            }
            try adapter?.write("adapter_model.safetensors", file.bytes)
        }
        #expect(stranger?.contains("changes 'model.layers.7.mlp.up_proj', which the model") == true)
        for (old, new, expected) in [
            ("\"use_dora\": false", "\"use_dora\": true", "use_dora = true"),
            ("\"bias\": \"none\"", "\"bias\": \"all\"", "bias = 'all'"),
            ("\"peft_type\": \"LORA\"", "\"peft_type\": \"IA3\"", "peft_type = 'IA3'"),
            (
                "\"init_lora_weights\": true", "\"init_lora_weights\": \"pissa\"",
                "init_lora_weights = 'pissa'"
            ),
            (
                "\"trainable_token_indices\": null", "\"trainable_token_indices\": [1]",
                "trainable_token_indices"
            ),
            ("\"r\": 8", "\"r\": 4", "rank 8, its configuration says 4"),
            ("\"r\": 8", "\"r\": 0", "'r' is 0"),
            ("\"rank_pattern\": {}", "\"rank_pattern\": {\"q_(p|x)roj\": 4}", "'q_(p|x)roj'"),
            ("\"exclude_modules\": null", "\"exclude_modules\": \".*\"", "exclude_modules"),
            ("\"lora_alpha\": 16", "\"lora_alpha\": \"x\"", "'lora_alpha' is 'x'"),
        ] {
            let found = try adapter(old, new)
            #expect(found?.contains(expected) == true, "\(new): \(found ?? "no error")")
        }
        func edited(_ change: (inout TensorFile) throws -> Void) throws -> String? {
            try message("gemma2-fp32", adapter: "gemma2-fp32-lora") { _, adapter in
                var file = try TensorFile(
                    joinPath(adapter?.path ?? "", "adapter_model.safetensors"))
                try change(&file)
                try adapter?.write("adapter_model.safetensors", file.bytes)
            }
        }
        let base = "base_model.model.model.layers.1.mlp.up_proj"
        #expect(try edited { _ in } == nil)
        #expect(
            try edited { $0.tensors.remove(at: try $0.index(of: base + ".lora_A.weight")) }?
                .contains("no tensor 'model.layers.1.mlp.up_proj.lora_A.weight'") == true)
        #expect(
            try edited { file in file.tensors.removeAll { $0.name.hasPrefix(base) } }?
                .contains("no tensor 'model.layers.1.mlp.up_proj.lora_A.weight'") == true)
        #expect(
            try edited { $0.tensors.remove(at: try $0.index(of: "base_model.model.score.weight")) }?
                .contains("no tensor 'score.weight'") == true)
        #expect(
            try edited {
                $0.tensors.append((base + ".lora_magnitude_vector", "F32", [1], [0, 0, 0, 0]))
            }?
            .contains("of a kind that is not known") == true)
        #expect(
            try edited {
                $0.tensors.append(
                    ("base_model.model.model.extra.weight", "F32", [1], [0, 0, 0, 0]))
            }?
            .contains("changes 'model.extra.weight', which the model") == true)
        #expect(
            try edited { $0.tensors[try $0.index(of: base + ".lora_B.weight")].shape = [8, 56] }?
                .contains("has shape [8, 56], expected [56, 8]") == true)
    }

    /// A state dict with its settings given is the adapter that the folder describes.
    @Test func adaptersFromStateDicts() throws {
        let folder = joinPath(fixtures, "gemma2-fp32-lora")
        let rows = try Expected("gemma2-fp32").batch
        let base = joinPath(fixtures, "gemma2-fp32")
        let tuned = try Classifier(modelPath: base, adapterPath: folder)
        func open(rank: Int, alpha: Double, targets: [String]?) throws -> Classifier {
            let file = joinPath(folder, "adapter_model.safetensors")
            return try Classifier(
                modelPath: base,
                OpeningOptions(adapters: [
                    AdapterMix(
                        try Adapter(
                            stateDict: file,
                            AdapterConfiguration(
                                path: file, rank: rank, alpha: alpha, targets: targets)))
                ]))
        }
        let expected = bits(try tuned.predictLogits(rows))
        for targets in [nil, ["q_proj", "down_proj"]] {
            let model = try open(rank: 8, alpha: 16, targets: targets)
            #expect(bits(try model.predictLogits(rows)) == expected)
        }
        #expect(bits(try open(rank: 8, alpha: 8, targets: nil).predictLogits(rows)) != expected)
        #expect(
            report { _ = try open(rank: 4, alpha: 16, targets: nil) }?.message
                .contains("has rank 8, its configuration says 4") == true)
        #expect(
            report { _ = try open(rank: 8, alpha: 16, targets: ["score"]) }?.message
                .contains("no tensor 'score.lora_A.weight'") == true)
    }

    @Test func changedConfigurationsNeverCrash() throws {
        var random = Seeded(21)
        for (fixture, name) in [
            ("llama-fp32", "config.json"), ("llama-fp32-lora", "adapter_config.json"),
        ] {
            let isAdapter = name.hasPrefix("adapter")
            let model = try Folder(copying: "llama-fp32")
            let adapter = try Folder(copying: "llama-fp32-lora")
            let good = try readFile(joinPath(fixtures, fixture + "/" + name))
            for _ in 0..<250 {
                var bytes = good
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let at = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[at] = SafetensorsTests.pieces.randomElement(using: &random) ?? 48
                    case 1: bytes.remove(at: at)
                    default:
                        bytes.insert(
                            SafetensorsTests.pieces.randomElement(using: &random) ?? 48, at: at)
                    }
                }
                try (isAdapter ? adapter : model).write(name, bytes)
                let words = report {
                    _ = try Classifier(
                        modelPath: model.path, adapterPath: isAdapter ? adapter.path : nil)
                }
                if let words { #expect(!words.message.isEmpty) }
            }
        }
    }
}
