// What an architecture provides, and the list of all of them.

import ArenaCore
import ArenaTensor

/// How a head finds its row's hidden state, and by which names its layers go.
package enum ClassificationHead: Sendable {
    /// `score` on the rightmost token that is not padding: decoders.
    case lastToken
    /// Layers one after another on the first token, each with an activation; the last one is the
    /// head.
    case firstToken([(key: String, activation: Activation?)])
}

/// The layers from hidden states to the vocabulary.
package enum VocabularyHead: Sendable {
    /// One product, tied to the embedding where the checkpoint has no weight of this name.
    case product(key: String, softcap: Float?)
    /// dense, activation, norm, then a product tied to the embedding, with a bias.
    case transform(
        dense: String, activation: Activation, norm: String, decoder: String, bias: String)
}

/// A model without its head.
package protocol Backbone: Sendable {
    /// The names in `architectures` of config.json without what says the head, such as `Llama`.
    static var families: [String] { get }

    /// The names in `model_type`, for configurations that name no architecture.
    static var modelTypes: [String] { get }

    /// The parts of names that belong to heads which a task may leave aside.
    static var headNames: [String] { get }

    /// Describes the model; the weights are named and checked, not read.
    /// - Throws: `ModelError` for a value that is not supported, a tensor missing or misshapen.
    init(_ config: ConfigReader, weights: WeightScope) throws(ModelError)

    /// Channels of the hidden states.
    var channels: Int { get }

    /// The words' table (V, C).
    var embedding: EmbeddingTable { get }

    /// The longest row in tokens.
    var longestRow: Int { get }

    /// Whether a token sees only what stands before it.
    var isCausal: Bool { get }

    /// Segments that tokens may be of; nil where they are not looked at.
    var typeCount: Int? { get }

    /// The heads that this architecture has.
    var classification: ClassificationHead { get }
    var vocabularyHead: VocabularyHead? { get }

    /// The hidden states of the pack's wanted tokens after the last layer (W, C).
    func callAsFunction(_ pack: Pack, on device: any Backend, _ arena: ActivationArena) -> Tensor
}

extension Backbone {
    package static var modelTypes: [String] { [] }
    package var typeCount: Int? { nil }
    package var vocabulary: Int { embedding.vocabulary }
}

/// A decoder: what its stack gives.
package protocol DecoderBackbone: Backbone {
    var stack: DecoderStack { get }
}

extension DecoderBackbone {
    package static var headNames: [String] { ["lm_head.", "score.", "classifier.", "qa_outputs."] }
    package var channels: Int { stack.embedding.channels }
    package var embedding: EmbeddingTable { stack.embedding }
    package var isCausal: Bool { true }
    package var classification: ClassificationHead { .lastToken }
    package var vocabularyHead: VocabularyHead? { .product(key: "lm_head", softcap: nil) }

    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        stack(pack, on: device, arena)
    }
}

/// Every architecture; a new one is a file beside these and a line here.
package enum ModelRegistry {
    package static let all: [any Backbone.Type] = [
        Bert.self,
        DebertaV2.self,
        DistilBert.self,
        Gemma.self,
        Gemma2.self,
        InternLM2.self,
        Llama.self,
        Mistral.self,
        MPNet.self,
        Phi3.self,
        Qwen2.self,
        Roberta.self,
    ]

    /// What an architecture's name may say about the head.
    private static let heads = [
        "ForSequenceClassification", "ForCausalLM", "ForMaskedLM", "ForPreTraining",
        "ForQuestionAnswering", "LMHeadModel", "Model", "",
    ]

    /// The names of all families, sorted.
    package static var families: [String] { all.flatMap { $0.families }.sorted() }

    /// The architecture a configuration names.
    /// - Throws: `ModelError.architecture` naming what was found and what is known.
    package static func backbone(for configuration: ModelConfiguration) throws(ModelError)
        -> any Backbone.Type
    {
        for name in configuration.architectures {
            for type in all {
                for family in type.families where heads.contains(where: { family + $0 == name }) {
                    return type
                }
            }
        }
        let modelType = try configuration.reader.string("model_type", default: "")
        if configuration.architectures.isEmpty,
            let type = all.first(where: { $0.modelTypes.contains(modelType) })
        {
            return type
        }
        throw .architecture(
            path: configuration.reader.path,
            found: configuration.architectures.isEmpty && !modelType.isEmpty
                ? [modelType] : configuration.architectures, known: families)
    }
}
