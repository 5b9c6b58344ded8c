// Self-attention of decoders and encoders: projections apart or in one, grouped heads, rotary or
// relative positions.

import ArenaTensor

/// Self-attention over the rows of a pack.
package struct SelfAttention: Sendable {
    /// Where queries, keys and values come from.
    package enum Inputs: Sendable {
        case separate(query: Linear, key: Linear, value: Linear)
        /// One product (H * D + 2 * KV * D, C): queries, then keys, then values.
        case fused(Linear)
    }

    let inputs: Inputs
    let output: Linear  // (C, H * D)
    package let shape: AttentionShape
    let rotary: Rotary?

    package init(inputs: Inputs, output: Linear, shape: AttentionShape, rotary: Rotary? = nil) {
        self.inputs = inputs
        self.output = output
        var shape = shape
        let weight =
            switch inputs {
            case .separate(let query, _, _): query.weight
            case .fused(let all): all.weight
            }
        (shape.isExact, shape.isRounded) = (weight.isSingle, weight.isRounded)
        self.shape = shape
        self.rotary = rotary
    }

    /// All tokens as keys, with those of the cache before them; all tokens, or with `wantedOnly` the
    /// pack's wanted ones, as queries.
    package func callAsFunction(
        of rows: ProductRows, _ pack: Pack, wantedOnly: Bool, relative: RelativeTerms? = nil,
        kept: KeyValueCache.Layer? = nil, on device: any Backend, _ arena: ActivationArena
    ) -> Tensor {
        let wide = shape.heads * shape.headSize
        let narrow = shape.groups * shape.headSize
        var q: Tensor  // (T or W, H * D)
        var k: Tensor  // (T, KV * D)
        var v: Tensor  // (T, KV * D)
        switch inputs {
        case .separate(let query, let key, let value):
            if wantedOnly {
                let both = Linear.all([key, value], rows, on: device, arena)
                (k, v) = (both[0], both[1])
                q = query(of: pack.wanted(of: rows, on: device, arena), on: device, arena)
            } else {
                let all = Linear.all([key, value, query], rows, on: device, arena)
                (k, v, q) = (all[0], all[1], all[2])
            }
        case .fused(let all):
            let y = all(of: rows, on: device, arena)  // (T, (H + 2 KV) * D)
            q = y.columns(0..<wide)
            k = y.columns(wide..<wide + narrow)
            v = y.columns(wide + narrow..<wide + 2 * narrow)
            if wantedOnly { q = pack.wanted(of: q, on: device, arena) }
        }
        if let rotary {
            rotate(k, pack.positions, pack.all, rotary, device)
            let (positions, rows) =
                wantedOnly
                ? (pack.wantedPositions, pack.wantedQueries) : (pack.positions, pack.all)
            rotate(q, positions, rows, rotary, device)
        }
        if let kept {
            device.scatter(k, to: pack.cachePlaces, of: kept.keys)
            device.scatter(v, to: pack.cachePlaces, of: kept.values)
            (k, v) = (kept.keys, kept.values)  // (places, KV * D)
        }
        let mixed = arena.tensor(q.rows, wide)
        device.attention(
            q, k, v, rows: wantedOnly ? pack.wantedQueries : pack.all, shape: shape,
            relative: relative, arena: arena, into: mixed)
        return output(mixed, on: device, arena)  // (T or W, C)
    }

    /// Rotates by positions; where a text's length decides on the frequencies, text by text.
    private func rotate(
        _ x: Tensor, _ positions: [Int32], _ rows: [AttentionRow], _ rotary: Rotary,
        _ device: any Backend
    ) {
        let longest = rows.reduce(0) { max($0, $1.keys) }
        guard rotary.settings.dependsOnLength else {
            let table = rotary.table(for: longest, rowLength: longest)
            return device.rotary(x, headSize: shape.headSize, positions: positions, table: table)
        }
        for row in rows {
            let range = row.firstQuery..<row.firstQuery + row.queries
            device.rotary(
                x.rows(range), headSize: shape.headSize, positions: Array(positions[range]),
                table: rotary.table(for: longest, rowLength: row.keys))
        }
    }
}
