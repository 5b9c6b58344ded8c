// Language models, causal or masked: logits of chosen tokens at one place of each row, and the
// log-probabilities of a causal row's own tokens.

import ArenaCore
import ArenaTensor

/// A model folder with a language head, ready to be loaded.
package final class VocabularyModel: Sendable {
    package let core: ModelCore
    package let isCausal: Bool
    /// The tokens that end a text, as the model's files name them.
    package let endTokenIDs: [Int32]
    /// Of each adapter.
    let heads: [LanguageHead]

    /// - Parameter causal: whether the caller wants a causal model; another kind is refused.
    /// - Throws: `ModelError` for anything the configurations and headers can tell.
    package init(
        modelPath: String, causal: Bool, _ options: OpeningOptions = OpeningOptions()
    ) throws(ModelError) {
        var opening = try ModelOpening(modelPath, options)
        let (account, configuration) = (opening.account, opening.configuration)
        heads = try opening.describe { backbone, mix throws(ModelError) in
            guard backbone.isCausal == causal, let head = backbone.vocabularyHead else {
                throw .wrongKind(
                    path: configuration.reader.path,
                    architecture: configuration.architectures.first ?? "",
                    wanted: causal ? "a causal language model" : "a masked language model")
            }
            return try LanguageHead(head, backbone, mix, account, configuration)
        }
        isCausal = causal
        endTokenIDs = try configuration.endTokenIDs(folder: modelPath)
        core = try opening.close()
    }

    /// Where in a row the logits are taken.
    package enum Place: Sendable, Equatable {
        case last
        /// The only token of this id, such as a mask's.
        case token(Int32)
        case position(Int)
    }

    /// The logits of the chosen tokens at one place of each row: `batch.count * choices.count`; NaN in
    /// rows without a result.
    /// - Throws: `ModelError.placeMissing` naming the row where the place is not, or as
    ///   `ModelCore.run`.
    package func logits(
        _ batch: TokenBatch, choices: [Int32], at place: Place, adapter: Int = 0,
        _ options: RunOptions
    ) throws(ModelError) -> [Float] {
        for id in choices where id < 0 || Int(id) >= core.vocabulary {
            throw .tokenID(row: -1, id: id, vocabulary: core.vocabulary)
        }
        try core.check(batch)
        for r in 0..<batch.count {
            let found = Self.places(place, batch[r])
            guard found.count == 1, found[0] >= 0, found[0] < batch[r].count else {
                throw .placeMissing(row: r, place: place, count: found.count)
            }
        }
        let (chosen, isCausal) = (heads[adapter].choosing(choices), isCausal)
        let task = RowTask(
            adapter: adapter,
            request: { row in
                let position = Self.places(place, row)[0]
                return (isCausal ? position + 1 : row.count, [position])
            },
            prepare: { layout throws(ModelError) in try chosen.load(layout) },
            finish: { _, hidden, device, arena in
                let y = chosen(hidden, on: device, arena)  // (R, choices)
                return y.rowValues
            })
        return joined(try core.run(task, on: batch, options), width: choices.count)
    }

    /// The natural logarithm of each token's probability after those before it, from `from[r]` on
    /// (1 at least: the first token follows nothing); a single NaN for rows without a result.
    /// - Throws: as `ModelCore.run`.
    package func logProbabilities(
        _ batch: TokenBatch, from: [Int], adapter: Int = 0, _ options: RunOptions
    ) throws(ModelError) -> [[Float]] {
        let head = heads[adapter]
        let task = RowTask(
            adapter: adapter,
            // The last token is needed as a target: whole rows are run.
            request: { row in (row.count, nil) },
            prepare: { layout throws(ModelError) in try head.full.load(layout) },
            cardBytes: head.full.cardBytes,
            finish: { pack, x, device, arena in
                // A strip of tokens at a time: logits are as wide as the vocabulary.
                let strip = device.weightLayout.card == nil ? 32 : 256
                var all: [Float] = []
                let mark = arena.mark
                for first in stride(from: 0, to: x.rows, by: strip) {
                    let rows = first..<min(first + strip, x.rows)
                    let y = head.full.logits(x.rows(rows), on: device, arena)  // (strip, V)
                    // What a row's last token gives is left out below.
                    let next = rows.map { $0 + 1 < pack.ids.count ? pack.ids[$0 + 1] : 0 }
                    all += device.logProbabilities(y, of: next)
                    arena.release(to: mark)
                }
                return pack.wantedRows.map { Array(all[$0]) }
            })
        let values = try core.run(task, on: batch, options)
        return values.indices.map { r in
            guard let all = values[r] else { return [.nan] }
            // Value i is that of token i + 1; the last has no next.
            let own = all.dropLast()
            let start = max(1, r < from.count ? from[r] : 1) - 1
            return Array(own.dropFirst(start))
        }
    }

    private static func places(_ place: Place, _ row: ArraySlice<Int32>) -> [Int] {
        switch place {
        case .last: return [row.count - 1]
        case .position(let p): return [p < 0 ? row.count + p : p]
        case .token(let id):
            return row.indices.filter { row[$0] == id }.map { $0 - row.startIndex }
        }
    }
}
