// Quantized checkpoints that do not fit together: every tensor of a layer missing, misshapen or damaged is
// named; nothing crashes.

import ArenaCore
import ArenaTensor
import Testing

@testable import ArenaModels

private let folder = joinPath(splitPath(fixtures).folder, "architectures")

@Suite struct QuantizedTests {
    /// What opening and running a changed copy says; nil if it works.
    private func message(_ name: String, _ change: (inout TensorFile) throws -> Void) throws
        -> String?
    {
        let copy = Folder()
        let from = joinPath(folder, name)
        try copy.write("config.json", readFile(joinPath(from, "config.json")))
        var file = try TensorFile(joinPath(from, "model.safetensors"))
        try change(&file)
        try copy.write("model.safetensors", file.bytes)
        return report {
            let model = try Classifier(modelPath: copy.path)
            _ = try model.predictLogits(TokenBatch([[5, 6, 7]]))
        }?.message
    }

    private let module = "model.layers.1.mlp.up_proj"

    @Test(arguments: ["gemma2-nf4", "gemma2-gptq", "gemma2-awq", "gemma2-int8"])
    func everyTensorOfALayerIsNeeded(name: String) throws {
        let good = try TensorFile(joinPath(folder, name + "/model.safetensors"))
        let parts = good.tensors.map(\.name).filter { $0.hasPrefix(module + ".") }
        #expect(parts.count >= 2)
        for part in parts where !part.hasSuffix("g_idx") && !part.hasSuffix("weight_format") {
            let missing = try message(name) { file in
                file.tensors.remove(at: try file.index(of: part))
            }
            #expect(missing?.contains(module) == true, "\(part): \(missing ?? "no error")")
            // What has one element already stays as it is.
            let count = try good.tensors[good.index(of: part)].shape.reduce(1, *)
            let short =
                count == 1
                ? part
                : try message(name) { file in
                    let i = try file.index(of: part)
                    let width = file.tensors[i].data.count / file.tensors[i].shape.reduce(1, *)
                    file.tensors[i].shape = [1]
                    file.tensors[i].data = Array(file.tensors[i].data.prefix(width))
                }
            #expect(short?.contains(part) == true || short?.contains("JSON") == true, "\(part)")
            let other = try message(name) { file in
                let i = try file.index(of: part)
                let count = file.tensors[i].shape.reduce(1, *)
                file.tensors[i].type = "I64"
                file.tensors[i].data = [UInt8](repeating: 0, count: count * 8)
            }
            #expect(other?.contains("stored as I64") == true, "\(part): \(other ?? "no error")")
        }
    }

    @Test func statesThatLie() throws {
        let state = module + ".weight.quant_state.bitsandbytes__nf4"
        func edited(_ old: String, _ new: String) throws -> String? {
            try message("gemma2-nf4") { file in
                let i = try file.index(of: state)
                let text = String(decoding: file.tensors[i].data, as: UTF8.self)
                let parts = text.split(separator: old, omittingEmptySubsequences: false)
                try #require(parts.count == 2, "\(old) stands once in \(text)")
                file.tensors[i].data = Array(parts.joined(separator: new).utf8)
                file.tensors[i].shape = [file.tensors[i].data.count]
            }
        }
        #expect(try edited("\"blocksize\": 64", "\"blocksize\": 32")?.contains("absmax") == true)
        #expect(try edited("\"blocksize\": 64", "\"blocksize\": 0")?.contains("blocksize") == true)
        #expect(try edited("bfloat16", "float64")?.contains("'float64' is not supported") == true)
        #expect(try edited("[128, 64]", "[64, 128]")?.contains("expected [128, 64]") == true)
        #expect(
            try edited("\"nested_blocksize\": 256", "\"nested_blocksize\": 8")?
                .contains("nested_absmax") == true)
        #expect(try edited("{\"", "{")?.contains("not valid JSON") == true)
    }

    @Test func numbersThatAreNone() throws {
        for (name, part, width) in [
            ("gemma2-nf4", ".weight.nested_absmax", 4), ("gemma2-gptq", ".scales", 2),
            ("gemma2-int8", ".SCB", 4),
        ] {
            let found = try message(name) { file in
                let i = try file.index(of: module + part)
                // All bits set are no number in any width.
                file.tensors[i].data.replaceSubrange(
                    0..<width, with: [UInt8](repeating: 0xFF, count: width))
            }
            #expect(found?.contains("infinite or none") == true, "\(name): \(found ?? "nothing")")
        }
        let groups = try message("gemma2-gptq") { file in
            let i = try file.index(of: module + ".g_idx")
            file.tensors[i].data[7] = 0x7F
        }
        #expect(groups?.contains("g_idx") == true)
    }

    @Test func damagedFilesNeverCrash() throws {
        var random = Seeded(5)
        for name in ["gemma2-nf4", "gemma2-gptq"] {
            let from = joinPath(folder, name)
            let copy = Folder()
            try copy.write("config.json", readFile(joinPath(from, "config.json")))
            let good = try readFile(joinPath(from, "model.safetensors"))
            let header = 8 + Int(good[0]) + Int(good[1]) << 8
            for _ in 0..<60 {
                var bytes = good
                for _ in 0..<3 {
                    let at = Int.random(in: 8..<header, using: &random)
                    bytes[at] = SafetensorsTests.pieces.randomElement(using: &random) ?? 48
                }
                bytes[Int.random(in: header..<bytes.count, using: &random)] = 0xFF
                try copy.write("model.safetensors", bytes)
                _ = report {
                    let model = try Classifier(modelPath: copy.path)
                    _ = try model.predictLogits(TokenBatch([[5, 6]]))
                }
            }
        }
    }
}
