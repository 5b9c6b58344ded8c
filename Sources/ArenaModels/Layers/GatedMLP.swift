// down(activation(gate(x)) * up(x)), gate and up apart or in one product.

import ArenaTensor

/// The gated MLP of decoders; I is its width.
package struct GatedMLP: Sendable {
    package enum Inputs: Sendable {
        case separate(gate: Linear, up: Linear)
        /// One product (2 * I, C): the gate, then up.
        case fused(Linear)
    }

    let inputs: Inputs
    let down: Linear  // (C, I)
    let activation: Activation

    package func callAsFunction(
        of rows: ProductRows, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let g: Tensor  // (T, I)
        let u: Tensor  // (T, I)
        switch inputs {
        case .separate(let gate, let up):
            let both = Linear.all([gate, up], rows, on: device, arena)
            (g, u) = (both[0], both[1])
        case .fused(let both):
            let y = both(of: rows, on: device, arena)  // (T, 2 * I)
            g = y.columns(0..<y.columns / 2)
            u = y.columns(y.columns / 2..<y.columns)
        }
        return down(of: .gated(activation, gate: g, up: u), on: device, arena)  // (T, C)
    }
}
