// DistilBERT (https://arxiv.org/abs/1910.01108): half of BERT's layers, no segments.
// Reference: transformers, models/distilbert/modeling_distilbert.py.

import ArenaTensor

/// The DistilBERT encoder.
package struct DistilBert: EncoderBackbone {
    package static let families = ["DistilBert"]
    package static let modelTypes = ["distilbert"]
    package static let headNames = [
        "qa_outputs.",
        "vocab_transform.", "vocab_layer_norm.", "vocab_projector.",
        "pre_classifier.",
        "classifier.",
    ]

    package let longestRow: Int
    package let stack: EncoderStack
    package let vocabularyHead: VocabularyHead?
    package var classification: ClassificationHead {
        .firstToken([("pre_classifier", .relu), ("classifier", nil)])
    }

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        let settings = try EncoderSettings(
            config,
            keys: .init(
                channels: "dim", layers: "n_layers", heads: "n_heads", width: "hidden_dim",
                activation: "activation"), defaults: .init(layers: 6, types: 0))
        longestRow = settings.positions
        let body = weights.body("distilbert")
        let names = EncoderSettings.BlockNames(
            query: "attention.q_lin", key: "attention.k_lin", value: "attention.v_lin",
            output: "attention.out_lin", attentionNorm: "sa_layer_norm", up: "ffn.lin1",
            down: "ffn.lin2", outputNorm: "output_layer_norm")
        stack = EncoderStack(
            embeddings: try settings.embeddings(body.at("embeddings")),
            blocks: try settings.blocks(body.at("transformer").at("layer"), names: names))
        vocabularyHead = .transform(
            dense: "vocab_transform", activation: settings.activation, norm: "vocab_layer_norm",
            decoder: "vocab_projector", bias: "vocab_projector.bias")
    }
}
