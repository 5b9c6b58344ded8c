// The smallest layers: linear with an adapter's pair, and the two norms. A layer's weights are named by
// the checkpoint's keys where it is made; calling it runs operations of a backend and returns a tensor
// of the arena.
//
// Letters: T tokens of a pack, W wanted tokens, R rows, C channels, H heads, D head size.

import ArenaTensor
import Synchronization

/// A low-rank pair that an adapter adds to a linear layer.
package struct LowRank: Sendable {
    let pair: LowRankPair
    /// Where they come from.
    let stored: (down: StoredTensor, up: StoredTensor)

    var down: WeightMatrix { pair.down }
    var up: WeightMatrix { pair.up }
    var scale: Float { pair.scale }
}

/// y = x . w^T + bias + scale * (x . down^T) . up^T
package struct Linear: Sendable {
    let weight: WeightMatrix  // (N, K)
    let bias: WeightVector?  // (N)
    let lowRank: [LowRank]

    package var outputs: Int { weight.outputs }

    package func callAsFunction(
        _ x: Tensor, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        self(of: .tensor(x), on: device, arena)
    }

    /// The same of rows that are made on the way.
    func callAsFunction(
        of rows: ProductRows, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        Self.all([self], rows, on: device, arena)[0]
    }

    /// Several layers of the same rows (M, K), which are prepared for products once: (M, N) of each.
    static func all(
        _ layers: [Linear], _ rows: ProductRows, on device: any Backend, _ arena: ActivationArena
    ) -> [Tensor] {
        let results = layers.map { arena.tensor(rows.source.rows, $0.outputs) }
        device.products(
            of: rows,
            zip(layers, results).map { layer, y in
                ProductPart(
                    layer.weight, bias: layer.bias, lowRank: layer.lowRank.map(\.pair), into: y)
            }, arena: arena)
        return results
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

    /// norm(x) for products, and for nothing else.
    func rows(_ x: Tensor) -> ProductRows {
        .normed(x, weight, epsilon: epsilon, offset: offset)
    }

    /// y += norm(x)
    package func add(_ x: Tensor, to y: Tensor, on device: any Backend) {
        device.rmsNorm(x, weight, epsilon: epsilon, offset: offset, adding: true, into: y)
    }
}

/// (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias, in place.
package struct LayerNorm: Sendable {
    let weight: WeightVector  // (C)
    let bias: WeightVector  // (C)
    let epsilon: Float

    package func callAsFunction(_ x: Tensor, on device: any Backend) {
        device.layerNorm(x, weight, bias: bias, epsilon: epsilon, into: x)
    }
}

/// A tensor that follows from the weights alone, made at its first use on a device and kept while they are
/// loaded.
package final class DerivedTensor: Sendable {
    private let held = Mutex<[Tensor]>([])

    /// - Parameters:
    ///   - arena: the worker's, for what lies between.
    ///   - make: makes the tensor with memory of the arena.
    package func value(
        on device: any Backend, _ arena: ActivationArena, _ make: () -> Tensor
    ) -> Tensor {
        held.withLock { held in
            if let known = held.first(where: { $0.buffer.device === arena.device }) { return known }
            let mark = arena.mark
            defer { arena.release(to: mark) }
            let made = make()
            let own = ActivationArena.own(made.rows, made.columns, on: arena.device)
            device.gather(Array(0..<made.rows), of: made, into: own)
            // What a failed device was to make is made again.
            if !(device.weightLayout.card?.hasFailed ?? false) { held.append(own) }
            return own
        }
    }

    package func unload() { held.withLock { $0 = [] } }
}
