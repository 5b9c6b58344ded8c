// Rows of a batch without padding: what a worker takes together, and what the layers need to know
// about them.

import ArenaTensor

/// Some rows of a batch, end to end.
package struct Pack: Sendable {
    /// Token ids of all rows (T).
    package let ids: [Int32]
    /// The segment of each token (T).
    package let types: [Int32]
    /// Each token's place in its row (T).
    package let positions: [Int32]
    /// The pack's tokens whose hidden states are wanted, ascending (W).
    package let wantedTokens: [Int]
    /// Their places in their rows (W).
    package let wantedPositions: [Int32]
    /// Each row's wanted tokens among the wanted.
    package let wantedRows: [Range<Int>]
    package let longest: Int
    /// Every token of each row as a query.
    let all: [AttentionRow]
    /// The wanted tokens as queries, runs of neighbours together.
    let wantedQueries: [AttentionRow]
    /// Where keys and values are kept, and each token's place there (T).
    let cache: KeyValueCache?
    let cachePlaces: [Int]

    /// One row: its tokens, their segments (all 0 if empty) and the places wanted (all if nil).
    package struct Row: Sendable {
        package var tokens: ArraySlice<Int32>
        package var types: ArraySlice<Int32> = []
        package var wanted: [Int]?
        /// Tokens before these whose keys and values are in the cache.
        var past = 0
        /// The place in the cache of the row's first token.
        var firstPlace = 0
    }

    /// - Parameters:
    ///   - rows: rows of at least one token, wanted places inside them and ascending.
    ///   - cache: where rows go on from; nil for whole rows.
    package init(_ rows: [Row], cache: KeyValueCache? = nil) {
        var ids: [Int32] = []
        var types: [Int32] = []
        var positions: [Int32] = []
        var wanted: [Int] = []
        var wantedPositions: [Int32] = []
        var wantedRows: [Range<Int>] = []
        var all: [AttentionRow] = []
        var queries: [AttentionRow] = []
        var cachePlaces: [Int] = []
        for row in rows {
            let (start, count, past) = (ids.count, row.tokens.count, row.past)
            let firstKey = cache == nil ? start : row.firstPlace
            ids.append(contentsOf: row.tokens)
            if row.types.isEmpty {
                types.append(contentsOf: repeatElement(0, count: count))
            } else {
                types.append(contentsOf: row.types)
            }
            positions.append(contentsOf: Int32(past)..<Int32(past + count))
            if cache != nil { cachePlaces += firstKey + past..<firstKey + past + count }
            all.append(
                AttentionRow(
                    firstQuery: start, queries: count, firstPosition: past, firstKey: firstKey))
            let first = wanted.count
            let places = row.wanted ?? Array(0..<count)
            for (i, place) in places.enumerated() {
                if i > 0, place == places[i - 1] + 1, let last = queries.indices.last {
                    queries[last].queries += 1
                } else {
                    queries.append(
                        AttentionRow(
                            firstQuery: wanted.count, queries: 1, firstPosition: past + place,
                            firstKey: firstKey, keys: past + count))
                }
                wanted.append(start + place)
                wantedPositions.append(Int32(past + place))
            }
            wantedRows.append(first..<wanted.count)
        }
        self.ids = ids
        self.types = types
        self.positions = positions
        wantedTokens = wanted
        self.wantedPositions = wantedPositions
        self.wantedRows = wantedRows
        longest = rows.reduce(0) { max($0, $1.tokens.count) }
        self.all = all
        wantedQueries = queries
        self.cache = cache
        self.cachePlaces = cachePlaces
    }

    package var tokens: Int { ids.count }

    package var rows: Int { wantedRows.count }

    /// Whether every token's hidden state is wanted.
    package var wantsAll: Bool { wantedTokens.count == ids.count }

    /// The wanted tokens of x (T, C) as a tensor (W, C).
    func wanted(of x: Tensor, on device: any Backend, _ arena: ActivationArena) -> Tensor {
        let kept = arena.tensor(wantedTokens.count, x.columns)
        device.gather(wantedTokens, of: x, into: kept)
        return kept
    }

    /// The same of rows that are made for products from those of one tensor each.
    func wanted(
        of rows: ProductRows, on device: any Backend, _ arena: ActivationArena
    ) -> ProductRows {
        func kept(_ x: Tensor) -> Tensor { wanted(of: x, on: device, arena) }
        switch rows {
        case .tensor(let x): return .tensor(kept(x))
        case .normed(let x, let weight, let epsilon, let offset):
            return .normed(kept(x), weight, epsilon: epsilon, offset: offset)
        case .activated(let activation, let x): return .activated(activation, kept(x))
        case .gated(let activation, let gate, let up):
            return .gated(activation, gate: kept(gate), up: kept(up))
        }
    }
}
