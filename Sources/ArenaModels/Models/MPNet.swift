// MPNet (https://arxiv.org/abs/2004.09297): RoBERTa's embeddings, and a bias of every score by the
// bucket of the relative position, the same in all layers.
// Reference: transformers, models/mpnet/modeling_mpnet.py.

import ArenaTensor

/// The MPNet encoder.
package struct MPNet: EncoderBackbone {
    package static let families = ["MPNet"]
    package static let modelTypes = ["mpnet"]
    package static let headNames = [
        "qa_outputs.",
        "lm_head.", "classifier.", "pooler.", "mpnet.pooler.",
        "embeddings.position_ids",
        "mpnet.embeddings.position_ids",
    ]

    package let longestRow: Int
    package let stack: EncoderStack
    package let vocabularyHead: VocabularyHead?
    private let bias: EmbeddingTable  // (buckets, H)
    private let heads: Int
    package var classification: ClassificationHead {
        .firstToken([("classifier.dense", .tanh), ("classifier.out_proj", nil)])
    }

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        // The reference's padding id is 1 whatever the configuration says.
        let settings = try EncoderSettings(
            config, defaults: .init(vocabulary: 30_527, positions: 512, types: 0))
        guard settings.positions > 2 else {
            throw config.problem(
                "max_position_embeddings", .expected("more than 2", found: "\(settings.positions)"))
        }
        longestRow = settings.positions - 2
        heads = settings.heads
        let body = weights.body("mpnet")
        let names = EncoderSettings.BlockNames(
            query: "attention.attn.q", key: "attention.attn.k", value: "attention.attn.v",
            output: "attention.attn.o", attentionNorm: "attention.LayerNorm")
        stack = EncoderStack(
            embeddings: try settings.embeddings(
                body.at("embeddings"), numbering: .afterPadding(1)),
            blocks: try settings.blocks(body.at("encoder").at("layer"), names: names))
        bias = try body.at("encoder").embedding(
            "relative_attention_bias",
            vocabulary: config.int("relative_attention_num_buckets", default: 32, in: 4...4096),
            channels: settings.heads)
        vocabularyHead = .transform(
            dense: "lm_head.dense", activation: .gelu, norm: "lm_head.layer_norm",
            decoder: "lm_head.decoder", bias: "lm_head.bias")
    }

    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let longest = pack.longest
        let distances = 2 * longest - 1
        let buckets = (0..<distances).map {
            Self.bucket($0 - (longest - 1), count: bias.vocabulary)
        }
        // Of the host's: a few numbers, looked up by every device.
        let host = ActivationArena()
        let byDistance = host.tensor(distances, heads)
        bias.gather(buckets, into: byDistance)
        let byHead = host.tensor(heads, distances)
        for d in 0..<distances { for h in 0..<heads { byHead[h, d] = byDistance[d, h] } }
        return stack(pack, on: device, arena) { _ in
            RelativeTerms(longest: longest, bias: byHead)
        }
    }

    /// The bucket of key - query: exact up to a quarter of them, then by logarithm up to 128.
    static func bucket(_ distance: Int, count: Int) -> Int32 {
        let half = count / 2
        let side = distance > 0 ? half : 0
        let n = abs(distance)
        let exact = half / 2
        if n < exact { return Int32(side + n) }
        let ratio =
            Float(
                ExactMath.logarithm(Double(Float(n) / Float(exact))))
            / Float(ExactMath.logarithm(128 / Double(exact))) * Float(half - exact)
        return Int32(side + min(exact + Int(ratio), half - 1))
    }
}
