// A PEFT LoRA folder: its tensors sorted into low-rank pairs and whole replacements, by the base
// model's module names.

import ArenaCore
import ArenaTensor

/// A LoRA adapter's settings and tensors.
package struct Adapter: Sendable {
    /// A low-rank pair: y += scale * ((x . down^T) . up^T).
    struct Pair: Sendable {
        var down: String?
        var up: String?
    }

    /// The folder.
    package let path: String
    let configuration: AdapterConfiguration
    let weights: Checkpoint
    /// Module to its pair's tensor names.
    let pairs: [String: Pair]
    /// The same for embeddings, whose rows get scale * down[:, id] . up^T.
    let embeddings: [String: Pair]
    /// The base's tensor name to the adapter's tensor that replaces it.
    let replacements: [String: String]

    /// Reads settings and headers of a PEFT folder.
    /// - Throws: `ModelError` naming the file and the option or tensor that is wrong.
    package init(folder: String) throws(ModelError) {
        try self.init(
            path: folder, AdapterConfiguration(folder: folder),
            Checkpoint(folder: folder, name: "adapter_model"))
    }

    /// Reads the header of a state dict whose settings are given.
    /// - Throws: `ModelError` naming the file and the tensor that is wrong.
    package init(
        stateDict path: String, prefix: String = "", _ configuration: AdapterConfiguration
    ) throws(ModelError) {
        try self.init(path: path, configuration, Checkpoint(file: path, prefix: prefix))
    }

    private init(
        path: String, _ configuration: AdapterConfiguration, _ weights: Checkpoint
    ) throws(ModelError) {
        self.path = path
        self.configuration = configuration
        self.weights = weights
        var pairs: [String: Pair] = [:]
        var embeddings: [String: Pair] = [:]
        var replacements: [String: String] = [:]
        for name in weights.names {
            switch Self.role(of: name) {
            case .down(let module): pairs[module, default: Pair()].down = name
            case .up(let module): pairs[module, default: Pair()].up = name
            case .embeddingDown(let module): embeddings[module, default: Pair()].down = name
            case .embeddingUp(let module): embeddings[module, default: Pair()].up = name
            case .replacement(let tensor): replacements[tensor] = name
            case nil: throw .adapterTensor(path: weights.path(of: name), tensor: name)
            }
        }
        for (list, first, second) in [
            (pairs, ".lora_A.weight", ".lora_B.weight"),
            (embeddings, ".lora_embedding_A", ".lora_embedding_B"),
        ] {
            for (module, pair) in list.sorted(by: { $0.key < $1.key })
            where pair.down == nil || pair.up == nil {
                throw .adapterMissing(
                    path: path, tensor: module + (pair.down == nil ? first : second))
            }
        }
        self.pairs = pairs
        self.embeddings = embeddings
        self.replacements = replacements
    }

    private enum Role {
        case down(String), up(String), embeddingDown(String), embeddingUp(String)
        case replacement(String)
    }

    /// What a tensor is for, by its name; nil for kinds of adapters that are not known here.
    private static func role(of name: String) -> Role? {
        let prefix = "base_model.model."
        let rest = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        for (suffix, isDown) in [
            (".lora_A.weight", true), (".lora_A.default.weight", true), (".lora_B.weight", false),
            (".lora_B.default.weight", false),
        ] where rest.hasSuffix(suffix) {
            let module = String(rest.dropLast(suffix.count))
            return isDown ? .down(module) : .up(module)
        }
        for (suffix, isDown) in [
            (".lora_embedding_A", true), (".lora_embedding_A.default", true),
            (".lora_embedding_B", false), (".lora_embedding_B.default", false),
        ] where rest.hasSuffix(suffix) {
            let module = String(rest.dropLast(suffix.count))
            return isDown ? .embeddingDown(module) : .embeddingUp(module)
        }
        // A whole state dict holds the base's weights too, under a name of their own.
        for suffix in [".base_layer.weight", ".base_layer.bias"] where rest.hasSuffix(suffix) {
            let module = String(rest.dropLast(suffix.count))
            return .replacement(module + String(suffix.dropFirst(".base_layer".count)))
        }
        if rest.contains("lora_") || rest.contains(".original_module.") { return nil }
        for infix in [".modules_to_save.default.", ".modules_to_save."] {
            guard let range = firstRange(of: infix, in: rest) else { continue }
            return .replacement(rest[..<range.lowerBound] + "." + rest[range.upperBound...])
        }
        return .replacement(rest)
    }

    private static func firstRange(of part: String, in text: String) -> Range<String.Index>? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(part) {
                return start..<text.index(start, offsetBy: part.count)
            }
            start = text.index(after: start)
        }
        return nil
    }
}
