// What the encoders have in common: a sum of embeddings, and blocks whose norms follow each part. An
// architecture's file names the weights and says what is special.

import ArenaTensor

/// One encoder layer: x = norm(x + attention(x)), x = norm(x + down(activation(up(x)))).
package struct EncoderBlock: Sendable {
    let attention: SelfAttention
    let attentionNorm: LayerNorm
    let up: Linear  // (I, C)
    let activation: Activation
    let down: Linear  // (C, I)
    let outputNorm: LayerNorm

    /// As `DecoderBlock`.
    func callAsFunction(
        _ x: Tensor, _ pack: Pack, wantedOnly: Bool, relative: RelativeTerms?,
        on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let mixed = attention(
            of: .tensor(x), pack, wantedOnly: wantedOnly, relative: relative, on: device, arena)
        let kept = wantedOnly ? pack.wanted(of: x, on: device, arena) : x
        device.add(mixed, into: kept)
        attentionNorm(kept, on: device)
        let y = up(kept, on: device, arena)  // (T or W, I)
        device.add(down(of: .activated(activation, y), on: device, arena), into: kept)
        outputNorm(kept, on: device)
        return kept
    }
}

/// The sum of word, position and segment embeddings, then a norm.
package struct EncoderEmbeddings: Sendable {
    /// How a token's place becomes a row of the position table.
    package enum Positions: Sendable {
        /// Its place in the row.
        case plain
        /// RoBERTa's: from padding + 1 on over tokens that are not padding, which stand at padding.
        case afterPadding(Int32)
    }

    let words: EmbeddingTable  // (V, E)
    var positions: EmbeddingTable?  // (P, E)
    var numbering: Positions = .plain
    var types: EmbeddingTable?  // (2, E)
    let norm: LayerNorm
    /// From E to C channels where they differ.
    var projection: Linear?

    func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let x = arena.tensor(pack.tokens, words.channels)  // (T, E)
        device.embed(pack.ids, words, scale: 1, adding: false, into: x)
        if let types { device.embed(pack.types, types, scale: 1, adding: true, into: x) }
        if let positions {
            device.embed(places(pack), positions, scale: 1, adding: true, into: x)
        }
        guard let projection else {
            norm(x, on: device)
            return x
        }
        let y = projection(x, on: device, arena)  // (T, C)
        norm(y, on: device)
        return y
    }

    private func places(_ pack: Pack) -> [Int32] {
        guard case .afterPadding(let pad) = numbering else { return pack.positions }
        var result: [Int32] = []
        result.reserveCapacity(pack.tokens)
        var next = pad
        for (id, position) in zip(pack.ids, pack.positions) {
            if position == 0 { next = pad }
            if id != pad { next += 1 }
            result.append(id == pad ? pad : next)
        }
        return result
    }
}

/// Embeddings and blocks.
package struct EncoderStack: Sendable {
    let embeddings: EncoderEmbeddings
    let blocks: [EncoderBlock]

    /// The hidden states of the pack's wanted tokens (W, C).
    /// - Parameter relative: what scores get by relative position in each layer.
    package func callAsFunction(
        _ pack: Pack, on device: any Backend, _ arena: ActivationArena,
        relative: (_ layer: Int) -> RelativeTerms? = { _ in nil }
    ) -> Tensor {
        var x = embeddings(pack, on: device, arena)  // (T, C)
        for (i, block) in blocks.enumerated() {
            let isLast = i == blocks.count - 1 && !pack.wantsAll
            let terms = relative(i)
            let mark = arena.mark
            x = block(x, pack, wantedOnly: isLast, relative: terms, on: device, arena)
            if !isLast { arena.release(to: mark) }
        }
        return x
    }
}
