// BERT (https://arxiv.org/abs/1810.04805), which MiniLM and most sentence encoders are too.
// Reference: transformers, models/bert/modeling_bert.py.

import ArenaTensor

/// The BERT encoder.
package struct Bert: EncoderBackbone {
    package static let families = ["Bert"]
    package static let modelTypes = ["bert"]
    package static let headNames = [
        "qa_outputs.",
        "cls.", "classifier.", "pooler.", "bert.pooler.",
        "bert.embeddings.position_ids",
        "embeddings.position_ids",
    ]

    package let longestRow: Int
    package let stack: EncoderStack
    package let vocabularyHead: VocabularyHead?
    package var classification: ClassificationHead {
        .firstToken([("bert.pooler.dense", .tanh), ("classifier", nil)])
    }

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        try config.refuse("position_embedding_type") { $0.string == "absolute" }
        try config.refuse("is_decoder") { $0.bool == false }
        let settings = try EncoderSettings(config)
        longestRow = settings.positions
        let body = weights.body("bert")
        stack = EncoderStack(
            embeddings: try settings.embeddings(body.at("embeddings")),
            blocks: try settings.blocks(body.at("encoder").at("layer")))
        let predictions = "cls.predictions."
        vocabularyHead = .transform(
            dense: predictions + "transform.dense", activation: settings.activation,
            norm: predictions + "transform.LayerNorm", decoder: predictions + "decoder",
            bias: predictions + "bias")
    }
}
