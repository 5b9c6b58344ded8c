// Keys and values of tokens that have been run, so that a text goes on from where it is. A token's keys
// and values follow from the tokens before it alone, so going on gives the bits of running all again.

import ArenaTensor

/// The keys and values of several texts in every layer of a decoder, each text at places of its own.
package struct KeyValueCache: Sendable {
    /// One layer's.
    package struct Layer: Sendable {
        let keys: Tensor  // (places, KV * D)
        let values: Tensor  // (places, KV * D)
    }

    let layers: [Layer]

    init(layers: [Layer]) { self.layers = layers }

    /// Memory of the arena for so many tokens of these layers.
    init(_ blocks: ArraySlice<DecoderBlock>, places: Int, _ arena: ActivationArena) {
        layers = blocks.map { block in
            let shape = block.attention.shape
            let width = shape.groups * shape.headSize
            return Layer(keys: arena.tensor(places, width), values: arena.tensor(places, width))
        }
    }

    /// Bytes that a token takes.
    static func bytes(_ stack: DecoderStack) -> Int {
        stack.blocks.reduce(0) {
            let shape = $1.attention.shape
            return $0 + 2 * (shape.groups * shape.headSize + 16) * MemoryLayout<Float>.size
        }
    }
}
