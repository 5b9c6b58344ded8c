// Rows in the order they are run and the packs they form: longest first, up to a token budget,
// identical rows once.

import ArenaCore

/// The packs of one run.
struct PackPlan: Sendable {
    /// One row of each group of identical rows.
    struct Row: Sendable {
        /// Rows of the batch that share these tokens.
        var members: [Int]
        var row: Pack.Row
        /// What the row is known by, where results are kept.
        var digest: Digest?

        var count: Int { row.tokens.count }
    }

    let rows: [Row]
    /// Ranges of `rows`.
    let packs: [Range<Int>]
    let tokens: Int

    private struct Content: Hashable {
        var tokens: ArraySlice<Int32>
        var types: ArraySlice<Int32>

        func hash(into hasher: inout Hasher) {
            // All bytes at once: number by number it would take longer than making the tokens.
            tokens.withUnsafeBytes { hasher.combine(bytes: $0) }
            types.withUnsafeBytes { hasher.combine(bytes: $0) }
        }
    }

    /// The rows of a batch, identical ones once, the longest first.
    /// - Parameter request: what of a row is run, and which of its hidden states are wanted; follows
    ///   from the row alone.
    static func distinctRows(
        _ batch: TokenBatch, _ request: (ArraySlice<Int32>) -> (count: Int, wanted: [Int]?)
    ) -> [Row] {
        var groups: [Content: Int] = [:]
        var rows: [Row] = []
        for r in 0..<batch.count {
            let (count, wanted) = request(batch[r])
            let content = Content(
                tokens: batch[r].prefix(count), types: batch.types(r).prefix(count))
            if let group = groups[content] {
                rows[group].members.append(r)
            } else {
                groups[content] = rows.count
                let row = Pack.Row(tokens: content.tokens, types: content.types, wanted: wanted)
                rows.append(Row(members: [r], row: row))
            }
        }
        rows.sort { ($1.count, $0.members[0]) < ($0.count, $1.members[0]) }
        return rows
    }

    /// - Parameters:
    ///   - rows: the longest first.
    ///   - budget: tokens of a pack; a longer row is a pack of its own.
    ///   - workers: toward the end packs become smaller, so that no worker waits long for another.
    ///   - growth: tokens that a row may grow by, which count too.
    ///   - smallest: packs do not become smaller than this for the sake of balance: products of few rows
    ///     are slow.
    init(
        _ rows: [Row], budget: Int, workers: Int, growth: Int = 0, smallest: Int = smallestPack
    ) {
        tokens = rows.reduce(0) { $0 + $1.count + growth }
        var packs: [Range<Int>] = []
        var start = 0
        var left = tokens
        while start < rows.count {
            let fair = workers > 1 ? left / (2 * workers) : left
            let limit = min(budget, max(fair, smallest))
            var end = start + 1
            var held = rows[start].count + growth
            while end < rows.count, held + rows[end].count + growth <= limit {
                held += rows[end].count + growth
                end += 1
            }
            packs.append(start..<end)
            left -= held
            start = end
        }
        self.rows = rows
        self.packs = packs
    }

    /// Tokens for a processor, and for a card.
    static let smallestPack = 96
    static let smallestCardPack = 2048
}
