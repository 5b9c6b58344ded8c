// Rows of a batch without padding: which rows a worker takes together, and what the layers need to
// know about them.

import ArenaTensor

/// Some rows of a batch, end to end.
package struct Pack: Sendable {
    /// Token ids of all rows (T).
    package let ids: [Int32]
    /// Each token's place in its row (T).
    package let positions: [Int32]
    /// The last token of each row among the pack's tokens (R).
    package let lastTokens: [Int]
    /// The last token's place in its row (R).
    package let lastPositions: [Int32]
    package let longest: Int
    let allQueries: [AttentionRow]
    let lastQueries: [AttentionRow]

    /// - Parameter rows: rows of at least one token.
    package init(_ rows: [ArraySlice<Int32>]) {
        var ids: [Int32] = []
        var positions: [Int32] = []
        var lastTokens: [Int] = []
        var all: [AttentionRow] = []
        var last: [AttentionRow] = []
        for (number, row) in rows.enumerated() {
            let start = ids.count
            ids.append(contentsOf: row)
            positions.append(contentsOf: 0..<Int32(row.count))
            lastTokens.append(ids.count - 1)
            all.append(
                AttentionRow(
                    firstQuery: start, queries: row.count, firstPosition: 0, firstKey: start))
            last.append(
                AttentionRow(
                    firstQuery: number, queries: 1, firstPosition: row.count - 1, firstKey: start))
        }
        self.ids = ids
        self.positions = positions
        self.lastTokens = lastTokens
        lastPositions = rows.map { Int32($0.count - 1) }
        longest = rows.reduce(0) { max($0, $1.count) }
        allQueries = all
        lastQueries = last
    }

    package var tokens: Int { ids.count }

    package var rows: Int { lastTokens.count }

    /// The rows' last tokens of x (T, C) as a tensor (R, C).
    func lastOnly(of x: Tensor, on device: any Backend, _ arena: ActivationArena) -> Tensor {
        let kept = arena.tensor(rows, x.columns)
        device.gather(lastTokens, of: x, into: kept)
        return kept
    }
}

/// Rows in the order they are run and the packs they form: longest first, up to a token budget.
struct PackPlan: Sendable {
    /// One row of each group of identical rows, with what of it is run.
    struct Row: Sendable {
        /// Rows of the batch that share these tokens.
        var members: [Int]
        var tokens: ArraySlice<Int32>
    }

    let rows: [Row]
    /// Ranges of `rows`.
    let packs: [Range<Int>]
    let tokens: Int

    /// - Parameters:
    ///   - budget: tokens of a pack; a longer row is a pack of its own.
    ///   - workers: toward the end packs become smaller, so that no worker waits long for another.
    init(_ batch: TokenBatch, padTokenID: Int32?, budget: Int, workers: Int) {
        var groups: [ArraySlice<Int32>: Int] = [:]
        var rows: [Row] = []
        for r in 0..<batch.count {
            let tokens = batch[r].prefix(Self.pooledPosition(batch[r], padTokenID) + 1)
            if let group = groups[tokens] {
                rows[group].members.append(r)
            } else {
                groups[tokens] = rows.count
                rows.append(Row(members: [r], tokens: tokens))
            }
        }
        rows.sort {
            ($1.tokens.count, $0.members[0]) < ($0.tokens.count, $1.members[0])
        }
        tokens = rows.reduce(0) { $0 + $1.tokens.count }
        var packs: [Range<Int>] = []
        var start = 0
        var left = tokens
        while start < rows.count {
            let fair = workers > 1 ? left / (2 * workers) : left
            let limit = min(budget, max(fair, Self.smallestPack))
            var end = start + 1
            var held = rows[start].tokens.count
            while end < rows.count, held + rows[end].tokens.count <= limit {
                held += rows[end].tokens.count
                end += 1
            }
            packs.append(start..<end)
            left -= held
            start = end
        }
        self.rows = rows
        self.packs = packs
    }

    /// Packs do not become smaller than this for the sake of balance: products of few rows are slow.
    private static let smallestPack = 96

    /// The token the head looks at: the rightmost that is not padding, as the reference has it; the
    /// first if all are, the last if the model has no padding. What follows it cannot matter, since
    /// attention is causal, and is not run.
    static func pooledPosition(_ row: ArraySlice<Int32>, _ padTokenID: Int32?) -> Int {
        guard let padTokenID else { return row.count - 1 }
        guard let last = row.lastIndex(where: { $0 != padTokenID }) else { return 0 }
        return last - row.startIndex
    }
}
