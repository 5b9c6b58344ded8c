// What an architecture provides, and the list of all of them.

import ArenaCore
import ArenaTensor

/// A decoder without its head.
package protocol Backbone: Sendable {
    /// The names of `architectures` in config.json that this one serves.
    static var architectures: [String] { get }

    /// Describes the model; the weights are named and checked, not read.
    /// - Throws: `ModelError` for a value that is not supported, a tensor missing or misshapen.
    init(_ config: ConfigReader, weights: WeightScope) throws(ModelError)

    /// Channels of the hidden states.
    var channels: Int { get }

    /// Token ids are below this.
    var vocabulary: Int { get }

    /// The longest row in tokens.
    var longestRow: Int { get }

    /// The hidden state of each row's last token after the final norm (R, C).
    func callAsFunction(_ pack: Pack, on device: any Backend, _ arena: ActivationArena) -> Tensor
}

/// Every architecture; a new one is a file beside these and a line here.
package enum ModelRegistry {
    package static let all: [any Backbone.Type] = [
        Gemma2.self,
        Llama.self,
    ]

    /// The names of all architectures, sorted.
    package static var architectures: [String] { all.flatMap { $0.architectures }.sorted() }

    /// The architecture a configuration names.
    /// - Throws: `ModelError.architecture` naming what was found and what is known.
    package static func backbone(for configuration: ModelConfiguration) throws(ModelError)
        -> any Backbone.Type
    {
        for name in configuration.architectures {
            if let type = all.first(where: { $0.architectures.contains(name) }) { return type }
        }
        throw .architecture(
            path: configuration.reader.path, found: configuration.architectures,
            known: architectures)
    }
}
