// Products on a card: rows become halves once for all weights they meet, weights in codes become halves in scratch
// memory, and low-rank pairs beside weights of 16 bits or codes are further inputs of the same product; what they
// make of the rows first is one product for all that meet these. Weights of `weights="int8_rows"` meet rows in codes
// (CUDABackend+Codes.swift).

import CCUDA

/// Rows on their way to products.
private struct Halves {
    let address: UInt64
    let rows: Int
    /// Inputs with the zeros behind them, for each piece.
    let padded: Int
    let pieces: Int
    /// Halves from one row to the next: the pieces, and room for the inputs of low-rank pairs.
    let stride: Int
    /// What products are multiplied with, for each row.
    let back: UInt64
}

/// What a pair's `down` makes of rows (M, R), times a factor.
private struct LowRows {
    let place: Transfer.Place
    let factor: Float
}

extension CUDABackend {
    package func products(_ x: Tensor, _ parts: [ProductPart], arena: ActivationArena) {
        products(of: .tensor(x), parts, arena: arena)
    }

    package func products(of rows: ProductRows, _ parts: [ProductPart], arena: ActivationArena) {
        guard !device.hasFailed else { return }
        let space = space(arena)
        let mark = space.mark
        // Codes are made of fp32 rows, and what is on the host is made there.
        let isMade =
            rows.source.buffer.device == nil || parts.contains { matrix($0.weight).coded != nil }
        let source = isMade ? .tensor(rows.tensor(on: self, space)) : rows
        let x = source.source
        let transfer = Transfer(device)
        let from = transfer.place(x)
        let halving = parts.filter { matrix($0.weight).coded == nil || !$0.lowRank.isEmpty }
        let pieces = halving.contains { matrix($0.weight).pieces == 2 } ? 2 : 1
        let tails = parts.map { pieces == 1 ? tail(of: $0) : 0 }
        let rows =
            halving.isEmpty
            ? nil
            : halves(
                of: source, from, pieces: pieces, more: tails.max() ?? 0, transfer, space)
        for part in parts { part.check(x) }
        var low =
            rows.map { lowRows(of: parts.flatMap(\.lowRank), $0, x.columns, space) }?[...] ?? []
        var codes: CodedRows?
        for (part, tail) in zip(parts, tails) {
            let own = low.prefix(part.lowRank.count)
            low = low.dropFirst(own.count)
            let to = transfer.place(part.y, isResult: true)
            multiplyCodes(&codes, from, x, part, adding: nil, into: to, space)
            guard let rows else { continue }
            if tail > 0 {
                multiply(rows, part, own, tail: tail, into: to, space)
            } else {
                if matrix(part.weight).coded == nil {
                    multiply(
                        rows, part.weight, bias: part.bias, adding: nil, into: to, x.columns, space)
                }
                add(part.lowRank, own, to: to, x.rows, space)
            }
        }
        transfer.finish()
        space.release(to: mark)
    }

    package func addProduct(
        _ x: Tensor, _ weight: WeightMatrix, scale: Float, arena: ActivationArena, into y: Tensor
    ) {
        guard !device.hasFailed else { return }
        let space = space(arena)
        let mark = space.mark
        let transfer = Transfer(device)
        let (from, to) = (transfer.place(x), transfer.place(y, isResult: true))
        if matrix(weight).coded == nil {
            let rows = halves(of: .tensor(x), from, pieces: 2, transfer, space)
            multiply(rows, weight, bias: nil, adding: scale, into: to, x.columns, space)
        } else {
            var codes: CodedRows?
            multiplyCodes(
                &codes, from, x, ProductPart(weight, into: y), adding: scale, into: to, space)
        }
        transfer.finish()
        space.release(to: mark)
    }

    func matrix(_ weight: WeightMatrix) -> CUDAMatrix {
        guard let matrix = weight.cards[device] else {
            preconditionFailure("a weight matrix is loaded before it is used")
        }
        return matrix
    }

    /// Halves of rows, made on the way.
    /// - Parameters:
    ///   - x: where their source is on the card.
    ///   - more: halves that are left free behind each row's.
    private func halves(
        of rows: ProductRows, _ x: Transfer.Place, pieces: Int, more: Int = 0,
        _ transfer: Transfer, _ space: ActivationArena
    ) -> Halves {
        var from: [any KernelArgument] = [x.address, x.stride]
        let kernel: CUDAKernel
        switch rows {
        case .tensor: kernel = .halveRows
        case .normed(_, let weight, let epsilon, let offset):
            precondition(weight.count == rows.source.columns)
            kernel = .halveNormed
            from += [address(of: weight), epsilon, offset]
        case .activated(let activation, _):
            kernel = .halveActivated
            from.append(activation.number)
        case .gated(let activation, let gate, let up):
            precondition(gate.rows == up.rows && gate.columns == up.columns)
            kernel = .halveGated
            let up = transfer.place(up)
            from += [up.address, up.stride, activation.number]
        }
        return halves(rows.source.rows, rows.source.columns, pieces, more, kernel, from, space)
    }

    private func halves(
        _ rows: Int, _ columns: Int, _ pieces: Int, _ more: Int, _ kernel: CUDAKernel,
        _ arguments: [any KernelArgument], _ space: ActivationArena
    ) -> Halves {
        let padded = CUDAMatrix.padded(columns)
        let stride = padded * pieces + more
        let halves = Halves(
            address: space.scratch((rows * stride + 1) / 2).address, rows: rows, padded: padded,
            pieces: pieces, stride: stride, back: space.scratch(rows).address)
        device.blocks(
            kernel, rows: rows, columns: columns,
            arguments + [
                halves.address, Int64(stride), Int32(padded), Int32(pieces), halves.back,
            ])
        return halves
    }

    // MARK: - Low-rank pairs

    /// Adds pairs one after another, each a pass over the results.
    private func add(
        _ pairs: [LowRankPair], _ low: ArraySlice<LowRows>, to y: Transfer.Place, _ rows: Int,
        _ space: ActivationArena
    ) {
        for (pair, low) in zip(pairs, low) {
            let mark = space.mark
            let rank = pair.down.outputs
            let inner = halves(
                rows, rank, 2, 0, .halveRows, [low.place.address, low.place.stride], space)
            multiply(
                inner, pair.up, bias: nil, adding: pair.scale / low.factor, into: y, rank, space)
            space.release(to: mark)
        }
    }

    /// x . down^T for each pair: of several by one product of all factors, one below the other.
    private func lowRows(
        of pairs: [LowRankPair], _ rows: Halves, _ inputs: Int, _ space: ActivationArena
    ) -> [LowRows] {
        let factors = pairs.map { matrix($0.down) }
        guard let first = factors.first, factors.count > 1,
            factors.allSatisfy({ $0.pieces == first.pieces && $0.inputs == inputs })
        else {
            return zip(pairs, factors).map { pair, factor in
                let low = place(space.tensor(rows.rows, factor.outputs))
                multiply(rows, pair.down, bias: nil, adding: nil, into: low, inputs, space)
                return LowRows(place: low, factor: 1)
            }
        }
        let ranks = factors.reduce(0) { $0 + $1.outputs }
        let low = place(space.tensor(rows.rows, ranks))
        let mark = space.mark
        let stride = first.padded * first.pieces
        let stack = space.scratch((ranks * stride + 1) / 2).address
        var made: [LowRows] = []
        var rank = 0
        for factor in factors {
            device.withHalves(of: factor, space) { halves in
                device.numbers(
                    .copyHalves, rows: factor.outputs, columns: stride / 8,
                    [halves, stack + UInt64(2 * rank * stride), Int64(stride)])
            }
            let own = Transfer.Place(address: low.address + UInt64(4 * rank), stride: low.stride)
            made.append(LowRows(place: own, factor: factor.factor))
            rank += factor.outputs
        }
        start(
            ProductCall(
                x: rows.address, xStride: rows.stride, weight: stack, weightStride: stride,
                y: low.address, yStride: Int(low.stride), rows: rows.rows, outputs: ranks,
                inputs: first.padded, alpha: 1),
            back: rows.back, bias: 0, terms: terms(rows, first), isAdding: false, space)
        space.release(to: mark)
        return made
    }

    private func place(_ x: Tensor) -> Transfer.Place { Transfer(device).place(x) }

    /// The inputs that a part's pairs add to its product: for each rank three, so that both factors count with
    /// two halves; 0 where there are none, or where they are to be added by themselves.
    private func tail(of part: ProductPart) -> Int {
        let own = matrix(part.weight)
        guard own.pieces == 1, own.coded == nil, own.outputs > Self.narrow else { return 0 }
        return CUDAMatrix.padded(part.lowRank.reduce(0) { $0 + 3 * $1.down.outputs })
    }

    /// y = x . w^T + bias with all pairs added, in one product: rows are followed by x . down^T, weights by `up`.
    ///
    /// Products are multiplied with one power of two a row and one for all weights. `up` is brought close to the
    /// largest halves like the weights, and rows' tails get the rest; rows whose tails are too large for halves
    /// get another power of two.
    private func multiply(
        _ x: Halves, _ part: ProductPart, _ low: ArraySlice<LowRows>, tail: Int,
        into y: Transfer.Place, _ space: ActivationArena
    ) {
        let mark = space.mark
        let own = matrix(part.weight)
        device.withHalves(of: own, more: tail, space) { halves in
            let stride = own.padded + tail
            var place = own.padded
            for (i, (pair, low)) in zip(part.lowRank, low).enumerated() {
                let rank = pair.down.outputs
                // The last writes the zeros behind all too.
                let columns = i == part.lowRank.count - 1 ? stride - place : 3 * rank
                let up = matrix(pair.up)
                let exponent = pair.scale.isNormal ? Int(pair.scale.exponent) + 1 : 0
                let power = Float(sign: .plus, exponent: exponent, significand: 1)
                device.rows(
                    .tailRows, rows: x.rows, columns: columns,
                    [
                        low.place.address, low.place.stride, x.back,
                        power * own.factor / up.factor / low.factor, x.address, Int64(x.stride),
                        Int32(place), Int32(rank),
                    ])
                device.withHalves(of: up, space) { from in
                    device.numbers(
                        .tailWeight, rows: own.outputs, columns: columns,
                        [
                            from, Int32(up.padded), Int32(up.pieces), pair.scale / power,
                            halves + UInt64(2 * place), Int64(stride), Int32(rank),
                        ])
                }
                place += columns
            }
            start(
                ProductCall(
                    x: x.address, xStride: x.stride, weight: halves, weightStride: stride,
                    y: y.address, yStride: Int(y.stride), rows: x.rows, outputs: own.outputs,
                    inputs: stride, alpha: 1 / own.factor),
                back: x.back, bias: part.bias.map(address) ?? 0, terms: 1, isAdding: false, space)
        }
        space.release(to: mark)
    }

    // MARK: - Single products

    /// Outputs up to which our own kernel has a form for few: they would leave most of a wide tile empty.
    private static let narrow = 64

    /// y = x . w^T + bias, or y += scale * (x . w^T).
    private func multiply(
        _ x: Halves, _ weight: WeightMatrix, bias: WeightVector?, adding scale: Float?,
        into y: Transfer.Place, _ inputs: Int, _ space: ActivationArena
    ) {
        let matrix = matrix(weight)
        precondition(matrix.inputs == inputs)
        let mark = space.mark
        device.withHalves(of: matrix, space) { halves in
            start(
                ProductCall(
                    x: x.address, xStride: x.stride, weight: halves,
                    weightStride: matrix.padded * matrix.pieces, y: y.address,
                    yStride: Int(y.stride), rows: x.rows, outputs: matrix.outputs,
                    inputs: matrix.padded, alpha: (scale ?? 1) / matrix.factor),
                back: x.back, bias: bias.map(address) ?? 0,
                terms: terms(x, matrix), isAdding: scale != nil, space)
        }
        space.release(to: mark)
    }

    /// Which pieces of rows and of a weight are multiplied.
    private func terms(_ x: Halves, _ matrix: CUDAMatrix) -> Int {
        matrix.pieces == 1 ? 1 : x.pieces == 1 ? 2 : 3
    }

    /// Starts a product, by cuBLASLt where that can be: pairs of low rank and numbers in two pieces are no work
    /// for it.
    private func start(
        _ call: ProductCall, back: UInt64, bias: UInt64, terms: Int, isAdding: Bool,
        _ space: ActivationArena
    ) {
        let isNarrow = call.outputs <= Self.narrow
        func own(_ call: ProductCall, back: UInt64, bias: UInt64) {
            let width = isNarrow ? 32 : 128
            let tiles = ((call.rows + 127) / 128) * ((call.outputs + width - 1) / width)
            device.launch(
                isNarrow ? .productNarrow : .productWide, grid: (tiles, 1), threads: 256,
                [
                    call.x, Int64(call.xStride), call.weight, Int64(call.weightStride), bias, back,
                    call.alpha, Int32(isAdding ? 1 : 0), call.y, Int64(call.yStride),
                    Int64(call.rows), Int32(call.outputs), Int32(call.inputs), Int32(terms),
                ])
        }
        let isDone =
            !isAdding && terms == 1 && !isNarrow
            && device.libraryProduct(call, space) { own($0, back: $1, bias: 0) }
        guard isDone else { return own(call, back: back, bias: bias) }
        device.rows(
            .finishRows, rows: call.rows, columns: call.outputs,
            [call.y, Int64(call.yStride), back, bias])
    }
}
