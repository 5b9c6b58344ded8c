// RoBERTa (https://arxiv.org/abs/1907.11692) and XLM-R, which is the same: BERT with positions counted
// from behind the padding's, and a head of two layers.
// Reference: transformers, models/roberta/modeling_roberta.py.

import ArenaTensor

/// The RoBERTa encoder.
package struct Roberta: EncoderBackbone {
    package static let families = ["Roberta", "XLMRoberta"]
    package static let modelTypes = ["roberta", "xlm-roberta"]
    package static let headNames = [
        "qa_outputs.",
        "lm_head.", "classifier.", "pooler.", "roberta.pooler.",
        "embeddings.position_ids",
        "roberta.embeddings.position_ids",
    ]

    package let longestRow: Int
    package let stack: EncoderStack
    package let vocabularyHead: VocabularyHead?
    package var classification: ClassificationHead {
        .firstToken([("classifier.dense", .tanh), ("classifier.out_proj", nil)])
    }

    package init(_ config: ConfigReader, weights: WeightScope) throws(ModelError) {
        try config.refuse("position_embedding_type") { $0.string == "absolute" }
        try config.refuse("is_decoder") { $0.bool == false }
        let settings = try EncoderSettings(config)
        let pad = try config.int("pad_token_id", default: 1, in: 0...1 << 20)
        guard pad + 1 < settings.positions else {
            throw config.problem(
                "pad_token_id", .contradicts("max_position_embeddings = \(settings.positions)"))
        }
        longestRow = settings.positions - pad - 1
        let body = weights.body("roberta")
        stack = EncoderStack(
            embeddings: try settings.embeddings(
                body.at("embeddings"), numbering: .afterPadding(Int32(pad))),
            blocks: try settings.blocks(body.at("encoder").at("layer")))
        vocabularyHead = .transform(
            dense: "lm_head.dense", activation: .gelu, norm: "lm_head.layer_norm",
            decoder: "lm_head.decoder", bias: "lm_head.bias")
    }
}
