// What config.json says about any model: architecture, labels, padding, rotary settings; as
// transformers 4 and 5 write them.

import ArenaCore
import ArenaTensor

/// The part of a configuration that does not depend on the architecture.
package struct ModelConfiguration: Sendable {
    package let reader: ConfigReader
    package let architectures: [String]
    /// The names of `id2label` in the order of their numbers, nil if there are none.
    package let labels: [String]?
    /// The number of outputs the configuration promises; nil if it says nothing.
    package let labelCount: Int?
    package let padTokenID: Int32?
    package let quantization: Quantization

    /// Reads `config.json` of a model folder.
    /// - Throws: `ModelError` naming the file and the key.
    package init(folder: String) throws(ModelError) {
        let path = joinPath(folder, "config.json")
        reader = try ConfigReader(file: path)
        architectures = try reader.optionalStrings("architectures") ?? []
        quantization = try Quantization(reader)
        padTokenID = try reader.optionalInt("pad_token_id", in: -1 << 31...1 << 31 - 1).map {
            Int32($0)
        }
        labels = try Self.readLabels(reader)
        let promised = try reader.optionalInt("num_labels", in: 1...1 << 20)
        labelCount = labels?.count ?? promised
    }

    /// The tokens that end a generated text: what generation_config.json names, else config.json.
    /// - Throws: `ModelError` naming the file and the key.
    func endTokenIDs(folder: String) throws(ModelError) -> [Int32] {
        let path = joinPath(folder, "generation_config.json")
        guard fileExists(path) else { return try reader.tokenIDs("eos_token_id") }
        let own = try ConfigReader(file: path).tokenIDs("eos_token_id")
        return own.isEmpty ? try reader.tokenIDs("eos_token_id") : own
    }

    private static func readLabels(_ reader: ConfigReader) throws(ModelError) -> [String]? {
        guard let value = reader.value("id2label") else { return nil }
        guard let members = value.members else {
            throw reader.problem(
                "id2label", .expected("an object", found: ConfigReader.text(value)))
        }
        var names: [Int: String] = [:]
        for (key, value) in members {
            guard let number = Int(key), let name = value.string, number >= 0,
                number < members.count,
                names.updateValue(name, forKey: number) == nil
            else {
                throw reader.problem(
                    "id2label." + key,
                    .expected(
                        "a name for each number from 0 to \(members.count - 1)",
                        found: ConfigReader.text(value)))
            }
        }
        return (0..<members.count).compactMap { names[$0] }
    }
}

extension ConfigReader {
    /// The rotary settings: `rope_parameters` (transformers 5), or `rope_theta` with `rope_scaling`.
    func rotary(headSize: Int, defaultBase: Double = 10_000) throws(ModelError) -> RotarySettings {
        try refuse("partial_rotary_factor") { $0.double == 1 }
        let newer = try object("rope_parameters")
        let older = try object("rope_scaling")
        let inner = newer ?? older
        let outside = try number("rope_theta", default: defaultBase)
        let base = try inner?.number("rope_theta", default: outside) ?? outside
        guard headSize % 2 == 0 else {
            throw problem("head_dim", .expected("an even number", found: String(headSize)))
        }
        guard let inner else { return RotarySettings(base: base, headSize: headSize) }
        try inner.refuse("partial_rotary_factor") { $0.double == 1 }
        let type = try inner.string("rope_type", default: inner.string("type", default: "default"))
        switch type {
        // Dynamic scaling changes nothing up to max_position_embeddings, and longer rows are refused.
        case "default", "dynamic": return RotarySettings(base: base, headSize: headSize)
        case "linear":
            return RotarySettings(
                base: base, headSize: headSize, scaling: .linear(factor: try inner.number("factor"))
            )
        case "llama3":
            let (low, high) = (
                try inner.number("low_freq_factor"), try inner.number("high_freq_factor")
            )
            guard high > low else {
                throw inner.problem("high_freq_factor", .contradicts("low_freq_factor = \(low)"))
            }
            let original =
                try inner.value("original_max_position_embeddings") == nil
                ? number("max_position_embeddings")
                : inner.number("original_max_position_embeddings")
            return RotarySettings(
                base: base, headSize: headSize,
                scaling: .llama3(
                    factor: try inner.number("factor"), low: low, high: high, original: original))
        case "longrope", "su":
            return RotarySettings(
                base: base, headSize: headSize, scaling: try longRope(inner, headSize: headSize))
        default:
            throw inner.problem(
                "rope_type",
                .unsupported(
                    "'\(type)'", supported: ["default", "linear", "dynamic", "llama3", "longrope"]))
        }
    }

    /// Phi-3's frequencies, a factor for each, of rows up to the original length and longer.
    private func longRope(
        _ inner: ConfigReader, headSize: Int
    ) throws(ModelError) -> RotarySettings.Scaling {
        func factors(_ key: String) throws(ModelError) -> [Double] {
            guard let values = inner.value(key)?.elements?.map(\.double) else {
                throw inner.problem(key, .missing)
            }
            let known = values.compactMap { $0 }.filter { $0.isFinite && $0 > 0 }
            guard known.count == headSize / 2, values.count == known.count else {
                throw inner.problem(
                    key,
                    .expected("\(headSize / 2) numbers above zero", found: "\(values.count)"))
            }
            return known
        }
        let longest = try int("max_position_embeddings")
        let within = try inner.optionalInt("original_max_position_embeddings")
        let outside = try optionalInt("original_max_position_embeddings")
        let original = within ?? outside ?? longest
        let factor = try inner.number("factor", default: Double(longest) / Double(original))
        let attention =
            factor <= 1
            ? 1
            : (1 + ExactMath.logarithm(factor) / ExactMath.logarithm(Double(original))).squareRoot()
        return .long(
            short: try factors("short_factor"), long: try factors("long_factor"),
            original: original,
            attention: try inner.number("attention_factor", default: attention))
    }

    /// Heads, key heads and the channels of each.
    func attentionHeads(
        channels: Int, heads defaultHeads: Int, groups defaultGroups: Int? = nil,
        headSize defaultSize: Int? = nil
    ) throws(ModelError) -> (heads: Int, groups: Int, size: Int) {
        let heads = try int("num_attention_heads", default: defaultHeads, in: 1...4096)
        let groups = try int(
            "num_key_value_heads", default: defaultGroups ?? heads, in: 1...4096)
        guard heads % groups == 0 else {
            throw problem("num_key_value_heads", .contradicts("num_attention_heads = \(heads)"))
        }
        if let size = try optionalInt("head_dim", in: 1...4096) ?? defaultSize {
            return (heads, groups, size)
        }
        guard channels % heads == 0 else {
            throw problem("num_attention_heads", .contradicts("hidden_size = \(channels)"))
        }
        return (heads, groups, channels / heads)
    }

    /// The activation of an MLP under one of these keys, the first that is there.
    func activation(_ keys: [String], default fallback: String) throws(ModelError) -> Activation {
        let key = keys.first { value($0) != nil } ?? keys[0]
        let name = try string(key, default: fallback)
        switch name {
        case "swish": return .silu
        case "gelu_new", "gelu_fast": return .geluTanh
        default: break
        }
        guard let activation = Activation(rawValue: name) else {
            throw problem(
                key, .unsupported("'\(name)'", supported: Activation.allCases.map(\.rawValue)))
        }
        return activation
    }

    /// Which layers attend through a window: `layer_types`, else what the architecture does without.
    func windows(
        layers: Int, window: Int?, default slides: (Int) -> Bool
    ) throws(ModelError) -> [Int?] {
        guard let types = try optionalStrings("layer_types") else {
            return (0..<layers).map { slides($0) ? window : nil }
        }
        guard types.count == layers else {
            throw problem(
                "layer_types",
                .expected("one entry for each of \(layers) layers", found: "\(types.count)"))
        }
        var windows: [Int?] = []
        for type in types {
            switch type {
            case "full_attention": windows.append(nil)
            case "sliding_attention":
                guard let window else { throw problem("sliding_window", .missing) }
                windows.append(window)
            default:
                throw problem(
                    "layer_types",
                    .unsupported("'\(type)'", supported: ["full_attention", "sliding_attention"]))
            }
        }
        return windows
    }
}
