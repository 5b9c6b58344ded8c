// A place in a model's tree of names: layers ask for their weights by the keys of the checkpoint here.

import ArenaCore
import ArenaTensor

/// A place in the tree of module names, such as `model.layers.0`.
package struct WeightScope {
    private let account: WeightAccount
    /// The name so far, without a trailing dot.
    let path: String

    init(account: WeightAccount, path: String) {
        self.account = account
        self.path = path
    }

    /// The scope one name further down.
    package func at(_ key: String) -> WeightScope {
        WeightScope(account: account, path: name(key))
    }

    private func name(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    /// The scope of a model's body, whose name a checkpoint without head leaves out.
    /// - Parameter other: the name that goes before its tensors in checkpoints of another head.
    package func body(_ key: String, or other: String? = nil) -> WeightScope {
        if let other, !account.hasPart(key), account.hasPart(other) { return at(other) }
        account.omit(key)
        return at(key)
    }

    /// Whether base or adapter holds `key`.
    package func contains(_ key: String) -> Bool { account.contains(name(key)) }

    /// The shape of `key`, nil if there is none.
    package func shape(_ key: String) -> [Int]? { account.shape(of: name(key)) }

    /// The linear layer `key`: `key.weight` (N, K) and, if there is one, `key.bias` (N).
    /// - Parameter order: which row of the stored weight each output is, if not its own.
    package func linear(
        _ key: String, inputs: Int, outputs: Int, bias: Bool = false, isHead: Bool = false,
        order: [Int32]? = nil
    ) throws(ModelError) -> Linear {
        let module = name(key)
        if isHead { account.renew(module, outputs: outputs, inputs: inputs, bias: bias) }
        let pairs = try account.lowRank(
            module, inputs: inputs, outputs: outputs, isHead: isHead, order: order)
        let merges = account.merges && !isHead && !pairs.isEmpty
        return Linear(
            weight: try account.weight(
                module, outputs: outputs, inputs: inputs, isHead: isHead, order: order,
                merging: merges ? pairs : []),
            bias: bias ? try at(key).vector("bias", outputs) : nil,
            lowRank: merges ? [] : account.loading(pairs))
    }

    /// A tensor that leaves memory with the weights.
    package func derived() -> DerivedTensor {
        let tensor = DerivedTensor()
        account.add(.derived(unload: { tensor.unload() }))
        return tensor
    }

    /// Rotary tables that leave memory with the weights.
    package func rotary(_ settings: RotarySettings) -> Rotary {
        let rotary = Rotary(settings)
        account.add(.derived(unload: { rotary.unload() }))
        return rotary
    }

    /// The norm `key`: `key.weight` (C).
    package func norm(
        _ key: String, _ channels: Int, epsilon: Double, offset: Float = 0
    ) throws(ModelError) -> RMSNorm {
        RMSNorm(
            weight: try at(key).vector("weight", channels), epsilon: Float(epsilon), offset: offset)
    }

    /// The layer norm `key`: `key.weight` and `key.bias` (C), which old checkpoints call gamma and
    /// beta.
    package func layerNorm(
        _ key: String, _ channels: Int, epsilon: Double
    ) throws(ModelError) -> LayerNorm {
        let scope = at(key)
        let isOld = !scope.contains("weight") && scope.contains("gamma")
        return LayerNorm(
            weight: try scope.vector(isOld ? "gamma" : "weight", channels),
            bias: try scope.vector(isOld ? "beta" : "bias", channels), epsilon: Float(epsilon))
    }

    /// The embedding `key`: `key.weight` (V, C).
    package func embedding(
        _ key: String, vocabulary: Int, channels: Int
    ) throws(ModelError) -> EmbeddingTable {
        let changes = try account.changes(name(key), vocabulary: vocabulary, channels: channels)
        let tensor = name(key) + ".weight"
        return try account.shared(changes.isEmpty ? "table " + tensor : nil, from: tensor) {
            () throws(ModelError) in
            let table = EmbeddingTable(
                try account.tensor(tensor, [vocabulary, channels]), vocabulary: vocabulary,
                channels: channels, changes: changes)
            account.add(.table(table))
            return table
        }
    }

    /// The vector `key` (N).
    package func vector(_ key: String, _ count: Int) throws(ModelError) -> WeightVector {
        try account.shared("vector " + name(key), from: name(key)) { () throws(ModelError) in
            let vector = WeightVector(count: count)
            account.add(.vector(vector, try account.tensor(name(key), [count])))
            return vector
        }
    }
}
