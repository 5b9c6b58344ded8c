// DeBERTa v2 and v3 (https://arxiv.org/abs/2006.03654): attention by content and by relative position,
// both ways, over logarithmic buckets.
// Reference: transformers, models/deberta_v2/modeling_deberta_v2.py.

import ArenaTensor

/// The DeBERTa-v2 encoder.
package struct DebertaV2: EncoderBackbone {
    package static let families = ["DebertaV2"]
    package static let modelTypes = ["deberta-v2"]
    package static let headNames = [
        "qa_outputs.",
        "cls.", "lm_predictions.", "mask_predictions.", "classifier.", "pooler.",
        "deberta.embeddings.position_embeddings.", "embeddings.position_embeddings.",
        "deberta.embeddings.position_ids", "embeddings.position_ids",
    ]

    package let longestRow: Int
    package let stack: EncoderStack
    package let vocabularyHead: VocabularyHead?
    package let classification: ClassificationHead
    private let relative: Relative?

    /// What the layers share: the table of relative positions and how it is used.
    private struct Relative: Sendable {
        let table: EmbeddingTable  // (2 * span, C)
        let norm: LayerNorm?
        let span: Int
        /// Buckets, 0 where every distance is its own, and the distance the last stands for.
        let buckets: Int
        let farthest: Int
        /// Each layer's positions as keys and as queries, in the terms that are used.
        let layers: [(key: Linear?, query: Linear?)]
        let keys: [DerivedTensor]
        let queries: [DerivedTensor]
    }

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        try config.refuse("conv_kernel_size") { $0.int == 0 }
        let settings = try EncoderSettings(
            config, defaults: .init(vocabulary: 128_100, types: 0, epsilon: 1e-7))
        let terms = try Self.terms(config)
        let isRelative = try config.bool("relative_attention", default: false)
        let body = weights.body("deberta")
        let layers = body.at("encoder").at("layer")
        let factor = isRelative ? 1 + terms.count : 1
        var names = EncoderSettings.BlockNames()
        (names.query, names.key, names.value) = (
            "attention.self.query_proj", "attention.self.key_proj", "attention.self.value_proj"
        )
        let isPlaced = try config.bool("position_biased_input", default: true)
        // Relative positions alone know no longest row.
        longestRow = isPlaced ? settings.positions : 1 << 20
        let embedded = try config.int("embedding_size", default: settings.channels)
        stack = EncoderStack(
            embeddings: try settings.embeddings(
                body.at("embeddings"), positions: isPlaced, width: embedded),
            blocks: try settings.blocks(
                layers, names: names,
                scale: Float(1 / Double(settings.headSize * factor).squareRoot())))
        relative =
            isRelative
            ? try Self.relative(config, settings, body.at("encoder"), stack.blocks, terms) : nil
        let pooler = try config.activation(["pooler_hidden_act"], default: "gelu")
        classification = .firstToken([("pooler.dense", pooler), ("classifier", nil)])
        let (older, newer) = ("cls.predictions.", "lm_predictions.lm_head.")
        let isNewer = weights.contains(newer + "dense.weight")
        vocabularyHead =
            isNewer
            ? .transform(
                dense: newer + "dense", activation: settings.activation,
                norm: newer + "LayerNorm", decoder: newer + "decoder", bias: newer + "bias")
            : .transform(
                dense: older + "transform.dense", activation: settings.activation,
                norm: older + "transform.LayerNorm", decoder: older + "decoder",
                bias: older + "bias")
    }

    /// `pos_att_type`: a list, or names with | between.
    private static func terms(_ config: ConfigReader) throws(ModelError) -> Set<String> {
        let value = config.value("pos_att_type")
        let names: [String] =
            if let text = value?.string {
                text.split(separator: "|").map(String.init)
            } else {
                try config.optionalStrings("pos_att_type") ?? []
            }
        let known = ["c2p", "p2c"]
        for name in names where !known.contains(name.lowercased()) {
            throw config.problem("pos_att_type", .unsupported("'\(name)'", supported: known))
        }
        return Set(names.map { $0.lowercased() })
    }

    private static func relative(
        _ config: ConfigReader, _ settings: EncoderSettings, _ encoder: WeightScope,
        _ blocks: [EncoderBlock], _ terms: Set<String>
    ) throws(ModelError) -> Relative {
        let given = try config.int("max_relative_positions", default: -1, in: -1...1 << 20)
        let farthest = given < 1 ? settings.positions : given
        let buckets = max(0, try config.int("position_buckets", default: -1, in: -1...1 << 20))
        let span = buckets > 0 ? buckets : farthest
        let norms = try config.string("norm_rel_ebd", default: "none").split(separator: "|")
        let isShared = try config.bool("share_att_key", default: false)
        var layers: [(key: Linear?, query: Linear?)] = []
        for (i, block) in blocks.enumerated() {
            guard case .separate(let query, let key, _) = block.attention.inputs else { continue }
            let own = encoder.at("layer").at(String(i)).at("attention").at("self")
            func linear(_ name: String, _ shared: Linear) throws(ModelError) -> Linear {
                isShared
                    ? shared
                    : try own.linear(
                        name, inputs: settings.channels, outputs: settings.channels, bias: true)
            }
            layers.append(
                (
                    terms.contains("c2p") ? try linear("pos_key_proj", key) : nil,
                    terms.contains("p2c") ? try linear("pos_query_proj", query) : nil
                ))
        }
        let table = try encoder.embedding(
            "rel_embeddings", vocabulary: 2 * span, channels: settings.channels)
        let norm =
            norms.contains("layer_norm")
            ? try encoder.layerNorm("LayerNorm", settings.channels, epsilon: settings.epsilon)
            : nil
        return Relative(
            table: table, norm: norm, span: span, buckets: buckets, farthest: farthest,
            layers: layers, keys: layers.map { _ in encoder.derived() },
            queries: layers.map { _ in encoder.derived() })
    }

    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        guard let relative else { return stack(pack, on: device, arena) }
        let longest = pack.longest
        // By key - query; the reference counts query - key.
        let buckets = (0..<2 * longest - 1).map { place -> Int32 in
            let distance = longest - 1 - place
            let bucket = Self.bucket(
                distance, count: relative.buckets, farthest: relative.farthest)
            return Int32(min(max(bucket + relative.span, 0), 2 * relative.span - 1))
        }
        return stack(pack, on: device, arena) { layer in
            RelativeTerms(
                longest: longest, buckets: buckets,
                keys: positions(
                    relative.layers[layer].key, relative.keys[layer], relative, device, arena),
                queries: positions(
                    relative.layers[layer].query, relative.queries[layer], relative, device, arena))
        }
    }

    /// The relative positions as a layer's keys or queries (2 * span, H * D); they follow from the
    /// weights alone.
    private func positions(
        _ projection: Linear?, _ held: DerivedTensor, _ relative: Relative, _ device: any Backend,
        _ arena: ActivationArena
    ) -> Tensor? {
        guard let projection else { return nil }
        return held.value(on: device, arena) {
            let table = arena.tensor(relative.table.vocabulary, channels)
            device.embed(
                (0..<Int32(relative.table.vocabulary)).map { $0 }, relative.table, scale: 1,
                adding: false, into: table)
            relative.norm?(table, on: device)
            return projection(table, on: device, arena)
        }
    }

    /// The bucket of a distance: itself up to half of them, then by logarithm; in fp32 steps as the
    /// reference takes.
    static func bucket(_ distance: Int, count: Int, farthest: Int) -> Int {
        let middle = count / 2
        guard count > 0, farthest > 0, abs(distance) > middle else { return distance }
        let near = Float(ExactMath.logarithm(Double(Float(abs(distance)) / Float(middle))))
        let far = Float(
            ExactMath.logarithm(Double(Float(Double(farthest - 1) / Double(middle)))))
        let step = Int((near / far * Float(middle - 1)).rounded(.up)) + middle
        return distance < 0 ? -step : step
    }
}
