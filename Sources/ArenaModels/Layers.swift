// The layers that decoders share. A layer's weights are named by the checkpoint's keys where it is
// made; calling it runs operations of a backend and returns a tensor of the arena.
//
// Letters: T tokens of a pack, R its rows, C channels, I the MLP's width, H heads, D head size.

import ArenaTensor

/// A low-rank pair that an adapter adds to a linear layer.
package struct LowRank: Sendable {
    let down: WeightMatrix  // (rank, K)
    let up: WeightMatrix  // (N, rank)
    let scale: Float
}

/// y = x . w^T + bias + scale * (x . down^T) . up^T
package struct Linear: Sendable {
    let weight: WeightMatrix  // (N, K)
    let bias: WeightVector?  // (N)
    let lowRank: LowRank?

    package var outputs: Int { weight.outputs }

    package func callAsFunction(
        _ x: Tensor, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let y = arena.tensor(x.rows, weight.outputs)
        device.product(x, weight, bias: bias, into: y)
        if let lowRank {
            device.addLowRank(
                x, down: lowRank.down, up: lowRank.up, scale: lowRank.scale, arena: arena, into: y)
        }
        return y
    }
}

/// x / sqrt(mean(x^2) + epsilon) * (offset + weight)
package struct RMSNorm: Sendable {
    let weight: WeightVector  // (C)
    let epsilon: Float
    let offset: Float

    package func callAsFunction(
        _ x: Tensor, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let y = arena.tensor(x.rows, x.columns)
        device.rmsNorm(x, weight, epsilon: epsilon, offset: offset, adding: false, into: y)
        return y
    }

    /// y += norm(x)
    package func add(_ x: Tensor, to y: Tensor, on device: any Backend) {
        device.rmsNorm(x, weight, epsilon: epsilon, offset: offset, adding: true, into: y)
    }
}

/// Causal self-attention with grouped heads and rotary positions.
package struct GroupedAttention: Sendable {
    let query: Linear  // (H * D, C)
    let key: Linear  // (KV * D, C)
    let value: Linear  // (KV * D, C)
    let output: Linear  // (C, H * D)
    let shape: AttentionShape
    let rotary: Rotary

    package init(
        _ weights: WeightScope, channels: Int, shape: AttentionShape, bias: Bool, rotary: Rotary
    ) throws(ModelError) {
        let (wide, narrow) = (shape.heads * shape.headSize, shape.groups * shape.headSize)
        query = try weights.linear("q_proj", inputs: channels, outputs: wide, bias: bias)
        key = try weights.linear("k_proj", inputs: channels, outputs: narrow, bias: bias)
        value = try weights.linear("v_proj", inputs: channels, outputs: narrow, bias: bias)
        output = try weights.linear("o_proj", inputs: wide, outputs: channels, bias: bias)
        self.shape = shape
        self.rotary = rotary
    }

    /// All tokens as keys; all tokens, or only the last of each row, as queries.
    package func callAsFunction(
        _ x: Tensor, _ pack: Pack, lastOnly: Bool, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let table = rotary.table(for: pack.longest)
        let k = key(x, on: device, arena)  // (T, KV * D)
        let v = value(x, on: device, arena)  // (T, KV * D)
        device.rotary(k, headSize: shape.headSize, positions: pack.positions, table: table)
        var queries = x
        if lastOnly {
            queries = arena.tensor(pack.rows, x.columns)  // (R, C)
            device.gather(pack.lastTokens, of: x, into: queries)
        }
        let q = query(queries, on: device, arena)  // (T or R, H * D)
        device.rotary(
            q, headSize: shape.headSize, positions: lastOnly ? pack.lastPositions : pack.positions,
            table: table)
        let mixed = arena.tensor(q.rows, q.columns)
        device.attention(
            q, k, v, rows: lastOnly ? pack.lastQueries : pack.allQueries, shape: shape,
            arena: arena,
            into: mixed)
        return output(mixed, on: device, arena)  // (T or R, C)
    }
}

/// down(activation(gate(x)) * up(x))
package struct GatedMLP: Sendable {
    let gate: Linear  // (I, C)
    let up: Linear  // (I, C)
    let down: Linear  // (C, I)
    let activation: GateActivation

    package init(
        _ weights: WeightScope, channels: Int, width: Int, bias: Bool, activation: GateActivation
    ) throws(ModelError) {
        gate = try weights.linear("gate_proj", inputs: channels, outputs: width, bias: bias)
        up = try weights.linear("up_proj", inputs: channels, outputs: width, bias: bias)
        down = try weights.linear("down_proj", inputs: width, outputs: channels, bias: bias)
        self.activation = activation
    }

    package func callAsFunction(
        _ x: Tensor, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let g = gate(x, on: device, arena)  // (T, I)
        let u = up(x, on: device, arena)  // (T, I)
        device.gate(activation, g, u, into: g)
        return down(g, on: device, arena)  // (T, C)
    }
}
