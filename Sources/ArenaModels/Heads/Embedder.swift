// Hidden states as vectors: one for each row.

import ArenaCore
import ArenaTensor

/// How a row's hidden states become one vector.
package enum EmbeddingPooling: String, Sendable, CaseIterable {
    case mean, cls, last, max
}

/// A model folder whose last hidden states are wanted.
package final class Embedder: Sendable {
    package let core: ModelCore

    /// Numbers of a vector.
    package var channels: Int { core.backbone.channels }

    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    package init(
        modelPath: String, _ options: OpeningOptions = OpeningOptions()
    ) throws(ModelError) {
        var opening = try ModelOpening(modelPath, options)
        _ = try opening.describe { _, _ throws(ModelError) in }
        core = try opening.close()
    }

    /// One vector a row: `batch.count * channels` numbers; NaN in rows without a result.
    /// - Parameter leaving: ids that a mean or a maximum leaves out, such as special tokens; a row
    ///   of nothing else is taken whole.
    /// - Parameter adapter: the number of the adapter that computes.
    /// - Throws: as `ModelCore.run`.
    package func embed(
        _ batch: TokenBatch, pooling: EmbeddingPooling, leaving: Set<Int32> = [],
        adapter: Int = 0, _ options: RunOptions
    ) throws(ModelError) -> [Float] {
        let task = RowTask(
            adapter: adapter,
            request: { row in
                switch pooling {
                case .cls: return (row.count, [0])
                case .last: return (row.count, [row.count - 1])
                case .mean, .max:
                    guard !leaving.isEmpty else { return (row.count, nil) }
                    let kept = row.indices.filter { !leaving.contains(row[$0]) }
                    return (row.count, kept.isEmpty ? nil : kept.map { $0 - row.startIndex })
                }
            },
            finish: { pack, hidden, device, arena in
                var x = hidden
                if pooling == .mean || pooling == .max {
                    x = arena.tensor(pack.rows, hidden.columns)  // (R, C)
                    device.reduce(
                        pooling == .mean ? .mean : .max, hidden, rows: pack.wantedRows, into: x)
                }
                return x.rowValues
            })
        return joined(try core.run(task, on: batch, options), width: channels)
    }
}
