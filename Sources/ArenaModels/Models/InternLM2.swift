// InternLM2 (https://arxiv.org/abs/2403.17297): Llama under other names, with one product for queries,
// keys and values whose rows stand group by group: a group's queries, its key, its value.
// Reference: the modeling_internlm2.py that its checkpoints bring.

import ArenaTensor

/// The InternLM2 decoder.
package struct InternLM2: DecoderBackbone {
    package static let families = ["InternLM2"]
    package static let modelTypes = ["internlm2"]
    package static let headNames = ["output.", "score.", "v_head."]

    package let longestRow: Int
    package let stack: DecoderStack
    package var vocabularyHead: VocabularyHead? { .product(key: "output", softcap: nil) }

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        // `bias` is that of attention; no published checkpoint has one.
        try config.refuse("bias") { $0.bool == false }
        longestRow = try config.int("max_position_embeddings", default: 2048)
        let channels = try config.int("hidden_size", default: 4096)
        let (heads, groups, size) = try config.attentionHeads(channels: channels, heads: 32)
        let width = try config.int("intermediate_size", default: 11_008)
        let epsilon = try config.number("rms_norm_eps", default: 1e-6)
        let activation = try config.activation(["hidden_act"], default: "silu")
        let rotary = weights.rotary(try config.rotary(headSize: size))
        let shape = AttentionShape(
            heads: heads, groups: groups, headSize: size,
            scale: Float(1 / Double(size).squareRoot()))
        // Queries of all groups, then keys, then values.
        let each = heads / groups
        var order: [Int32] = []
        for part in [0..<each, each..<each + 1, each + 1..<each + 2] {
            for group in 0..<groups {
                for head in part {
                    let first = (group * (each + 2) + head) * size
                    order += (first..<first + size).map { Int32($0) }
                }
            }
        }
        let model = weights.body("model")
        var blocks: [DecoderBlock] = []
        for i in 0..<(try config.int("num_hidden_layers", default: 32, in: 1...4096)) {
            let layer = model.at("layers").at(String(i))
            let (attention, mlp) = (layer.at("attention"), layer.at("feed_forward"))
            blocks.append(
                DecoderBlock(
                    inputNorm: try layer.norm("attention_norm", channels, epsilon: epsilon),
                    attention: SelfAttention(
                        inputs: .fused(
                            try attention.linear(
                                "wqkv", inputs: channels, outputs: (heads + 2 * groups) * size,
                                order: order)),
                        output: try attention.linear("wo", inputs: heads * size, outputs: channels),
                        shape: shape, rotary: rotary),
                    feedForwardNorm: try layer.norm("ffn_norm", channels, epsilon: epsilon),
                    mlp: GatedMLP(
                        inputs: .separate(
                            gate: try mlp.linear("w1", inputs: channels, outputs: width),
                            up: try mlp.linear("w3", inputs: channels, outputs: width)),
                        down: try mlp.linear("w2", inputs: width, outputs: channels),
                        activation: activation)))
        }
        stack = DecoderStack(
            embedding: try model.embedding(
                "tok_embeddings", vocabulary: config.int("vocab_size", default: 103_168),
                channels: channels),
            blocks: blocks, norm: try model.norm("norm", channels, epsilon: epsilon))
    }
}
