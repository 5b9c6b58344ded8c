// Weight matrices in memory, in the layout their backend multiplies with and the format they were
// stored in: 16-bit numbers stay 16 bits wide, codes stay codes.

import CArenaKernels

/// How a backend wants a weight matrix (N, K), and in whose memory.
package enum WeightLayout: Sendable, Equatable {
    /// fp32 (N, K), whatever the format.
    case rows
    /// (N/32, K, 32) in the source's format, N padded with zeros.
    case panels
    /// As `CUDAMatrix` has it, beside what the host holds.
    case card(CUDADevice)

    /// The card, if it is one's.
    package var card: CUDADevice? { if case .card(let device) = self { device } else { nil } }

    package static func == (a: WeightLayout, b: WeightLayout) -> Bool {
        switch (a, b) {
        case (.rows, .rows), (.panels, .panels): true
        case (.card(let a), .card(let b)): a === b
        default: false
        }
    }
}

/// A number that no weight may be: where it stands in its tensor.
package struct NonFiniteWeight: Error, Sendable {
    package let name: String
    package let path: String
    package let index: Int

    package init(name: String, path: String, index: Int) {
        self.name = name
        self.path = path
        self.index = index
    }
}

/// The weight matrix (N, K) of a product x . w^T; holds memory only while loaded.
package final class WeightMatrix: @unchecked Sendable {
    package let outputs: Int
    package let inputs: Int
    /// Which row of the stored matrix each output is; nil for the same.
    package let order: [Int32]?
    /// Whether its numbers are stored in fp32, so that what is made of them is worth its digits.
    package let isSingle: Bool
    /// Whether rows and weights are rounded to bf16 before they are multiplied, unless both become codes; and so
    /// what attention makes of the products.
    package let isRounded: Bool
    package private(set) var layout: WeightLayout = .rows
    private var held: Held?
    /// What cards have of it, whatever the host holds.
    let cards = CardCopies<CUDAMatrix>()

    /// Memory of a loaded matrix.
    private struct Held {
        var format: arena_weight_format = ARENA_W_F32
        var numbers: FloatBuffer
        var scales: FloatBuffer?
        var zeros: FloatBuffer?
        var table: FloatBuffer?
        /// Int32 numbers.
        var groups: FloatBuffer?
        var factors: FloatBuffer?
        /// What codes of 8 bits leave of the numbers, in the layout of `numbers`.
        var fine: FloatBuffer?
        var isCodedByRow = false
        var block = 1
        var groupCount = 0
        var rounded = ARENA_F32
    }

    package init(
        outputs: Int, inputs: Int, order: [Int32]? = nil, isSingle: Bool = false,
        isRounded: Bool = false
    ) {
        precondition(
            order.map { $0.count == outputs && $0.allSatisfy { $0 >= 0 } } ?? true,
            "a row for each output")
        self.outputs = outputs
        self.inputs = inputs
        self.order = order
        self.isSingle = isSingle
        self.isRounded = isRounded
    }

    package var panels: Int { (outputs + Int(ARENA_PANEL) - 1) / Int(ARENA_PANEL) }

    /// Whether a backend of this layout has it.
    package func isLoaded(as layout: WeightLayout) -> Bool {
        layout.card.map { cards[$0] != nil } ?? (held != nil && self.layout == layout)
    }

    /// Whether rows are turned into codes of 8 bits before they are multiplied; `rows` then holds the
    /// weights' codes.
    var isDynamic: Bool { held?.format == ARENA_W_DYNAMIC8 }

    /// The scales of the codes, for each output and group of inputs: (N, G) of rows, (N/32, G, 32) of panels.
    var codeScales: UnsafePointer<Float>? { held?.scales.map { UnsafePointer($0.base) } }

    /// Whether all codes of a row share a scale.
    var isCodedByRow: Bool { held?.isCodedByRow ?? false }

    /// Codes that share a scale, and how many such groups a row has.
    var codeGroup: Int { isCodedByRow ? max(inputs, 1) : Int(ARENA_GROUP8) }
    var codeGroups: Int { Self.codeGroups(inputs, byRow: isCodedByRow) }

    static func codeGroups(_ inputs: Int, byRow: Bool) -> Int {
        byRow ? 1 : (inputs + Int(ARENA_GROUP8) - 1) / Int(ARENA_GROUP8)
    }

    /// Whether a row's products all fit into 32 bits, so that its codes may share a scale.
    func sharesScale(_ byRow: Bool) -> Bool { byRow && inputs <= 1 << 16 }

    /// The parts of a code that what it leaves is counted in.
    static let codeParts: Float = ARENA_FINE8

    /// What the codes leave of the numbers, in `codeParts` parts of a code, in the layout of the codes.
    var codeRests: UnsafePointer<Float>? { held?.fine.map { UnsafePointer($0.base) } }

    /// What each input is multiplied by before it becomes a code (K), powers of two; nil for ones.
    var inputFactors: UnsafePointer<Float>? { held?.factors.map { UnsafePointer($0.base) } }

    /// What of a row in 8 bits stands too far out to be a code: this many times its root mean square.
    static let reach: Float = 12

    /// Bytes it holds.
    package var bytes: Int {
        guard let held else { return 0 }
        return [
            held.numbers, held.scales, held.zeros, held.table, held.groups, held.factors, held.fine,
        ]
        .reduce(0) { $0 + ($1?.count ?? 0) * 4 }
    }

    /// fp32 rows of the layout `rows`; a loaded matrix is only read.
    package var rows: UnsafePointer<Float> {
        guard let held, layout == .rows else {
            preconditionFailure("a weight matrix is loaded as rows before it is used so")
        }
        return UnsafePointer(held.numbers.base)
    }

    /// The matrix as kernels take it.
    var kernelWeight: arena_weight_t {
        guard let held, layout == .panels else {
            preconditionFailure("a weight matrix is loaded as panels before it is used so")
        }
        var w = arena_weight_t()
        w.format = held.format
        w.panels = UnsafeRawPointer(held.numbers.base)
        w.scales = held.scales.map { UnsafePointer($0.base) }
        w.zeros = held.zeros.map { UnsafePointer($0.base) }
        w.table = held.table.map { UnsafePointer($0.base) }
        w.groups = held.groups.map {
            // SAFETY: the buffer was filled with `inputs` numbers of 32 bits.
            UnsafeRawPointer($0.base).assumingMemoryBound(to: Int32.self)
        }
        w.block = held.block
        w.group_count = held.groupCount
        w.rounded = held.rounded
        return w
    }

    /// Copies the stored tensor (N, K) into memory of this layout.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func load(_ source: StoredTensor, layout: WeightLayout) throws(NonFiniteWeight) {
        try load(.plain(source), layout: layout)
    }

    /// Copies the stored matrix into memory of this layout.
    /// - Parameter slots: what it passes through where a card has no room for it.
    /// - Throws: `NonFiniteWeight` if a number is infinite or none.
    package func load(
        _ source: WeightSource, layout: WeightLayout, through slots: WeightSlots? = nil
    ) throws(NonFiniteWeight) {
        if let card = layout.card { return try card.load(self, source, through: slots) }
        let source = try source.resolved()
        let fresh = try layout == .rows ? asRows(source) : asPanels(source)
        source.stored?.releasePages()
        self.layout = layout
        held = fresh
    }

    package func unload() {
        held = nil
        cards.clear()
    }

    /// Whether it lies in memory of the host's that cards read by themselves.
    package var isPinned: Bool { cards.first { $0.pinned != nil } != nil }

    /// Gives one card's memory back.
    package func unload(from card: CUDADevice) { cards.remove(card) }

    /// What numbers of at most this size are multiplied by to become codes; below 1e-36 they are nothing.
    static func codeFactor(_ most: Float) -> Float { most > 1e-36 ? 127 / most : 0 }

    /// The size of a code of numbers of at most this size: three times it is a number too.
    static func codeSize(_ most: Float) -> Float { Float(bitPattern: (most / 127).bitPattern & ~3) }

    /// fp32 rows; of weights in 8 bits the codes, with a scale for each group of inputs.
    private func asRows(_ source: WeightSource) throws(NonFiniteWeight) -> Held {
        var held = try plainRows(source)
        guard case .dynamic8(let tensor, let byRow) = source else {
            guard isRounded else { return held }
            for i in 0..<outputs * inputs {
                held.numbers.base[i] = ElementType.bfloat16.rounded(held.numbers.base[i])
            }
            return held
        }
        held.isCodedByRow = sharesScale(byRow)
        held.factors = columnFactors(of: tensor)
        if let factors = held.factors { divide(held.numbers, by: factors) }
        let groups = Self.codeGroups(inputs, byRow: held.isCodedByRow)
        let size = held.isCodedByRow ? inputs : Int(ARENA_GROUP8)
        let scales = FloatBuffer(count: outputs * groups)
        let fine = FloatBuffer(count: outputs * inputs)
        for n in 0..<outputs {
            let (row, rests) = (held.numbers.base + n * inputs, fine.base + n * inputs)
            for g in 0..<groups {
                let group = g * size..<min((g + 1) * size, inputs)
                let most = group.reduce(Float(0)) { max($0, abs(row[$1])) }
                let inverse = Self.codeFactor(most)
                scales.base[n * groups + g] = Self.codeSize(most)
                for k in group {
                    let code = (row[k] * inverse).rounded(.toNearestOrEven)
                    let rest = (-code).addingProduct(row[k], inverse)
                    rests[k] = (rest * Self.codeParts).rounded(.toNearestOrEven)
                    row[k] = code
                }
            }
        }
        held.fine = fine
        held.scales = scales
        held.format = ARENA_W_DYNAMIC8
        return held
    }

    private func plainRows(_ source: WeightSource) throws(NonFiniteWeight) -> Held {
        let fresh = FloatBuffer(count: outputs * inputs)
        source.expandRows(outputs: outputs, inputs: inputs, order: order, to: fresh.base)
        if let bad = (0..<outputs * inputs).first(where: { !fresh.base[$0].isFinite }) {
            let row = order.map { Int($0[bad / max(inputs, 1)]) } ?? bad / max(inputs, 1)
            throw NonFiniteWeight(
                name: source.name, path: source.path, index: row * inputs + bad % max(inputs, 1))
        }
        return Held(numbers: fresh)
    }

    private func asPanels(_ source: WeightSource) throws(NonFiniteWeight) -> Held {
        switch source {
        case .plain(let tensor): return try pack(tensor)
        case .table4(let codes):
            // Blocks that run over the end of a row would need a scale for each element.
            guard inputs % codes.block == 0 else { return try expanded(source) }
            let scales = codes.scales()
            try source.check(scales: scales)
            return pack(codes, scales)
        case .affine4(let codes):
            let (scales, zeros) = codes.scales()
            try source.check(scales: scales)
            return pack(codes, scales, zeros)
        case .rows8(let tensor, let read):
            let scales = read()
            try source.check(scales: scales)
            return pack(tensor, scales: scales)
        case .dynamic8(let tensor, let byRow):
            return try packDynamic(tensor, byRow: sharesScale(byRow))
        case .made: preconditionFailure("a matrix is made before it is packed")
        }
    }

    private func packDynamic(
        _ tensor: StoredTensor, byRow: Bool
    ) throws(NonFiniteWeight) -> Held {
        if let factors = columnFactors(of: tensor) {
            let numbers = try plainRows(.plain(tensor)).numbers
            divide(numbers, by: factors)
            let scaled = StoredTensor(
                name: tensor.name, type: .float32, shape: [outputs, inputs], path: tensor.path,
                memory: numbers)
            return try packCodes(scaled, order: nil, factors, byRow: byRow)
        }
        return try packCodes(tensor, order: order, nil, byRow: byRow)
    }

    private func packCodes(
        _ tensor: StoredTensor, order: [Int32]?, _ factors: FloatBuffer?, byRow: Bool
    ) throws(NonFiniteWeight) -> Held {
        guard let kernel = tensor.type.kernelType else {
            preconditionFailure("codes are no weights")
        }
        let size = panels * Int(ARENA_PANEL) * ((inputs + 3) / 4)
        let (fresh, fine) = (FloatBuffer(count: size), FloatBuffer(count: size))
        let scales = FloatBuffer(
            count: panels * Self.codeGroups(inputs, byRow: byRow) * Int(ARENA_PANEL))
        let bad = tensor.withBytes {
            // SAFETY: four codes to a float of either buffer; a scale for each output and group.
            arena_kernels_best().pointee.pack8(
                kernel, $0, outputs, inputs, byRow ? 1 : 0,
                UnsafeMutableRawPointer(fresh.base).assumingMemoryBound(to: UInt8.self),
                UnsafeMutableRawPointer(fine.base).assumingMemoryBound(to: UInt8.self),
                scales.base, order)
        }
        if let bad, bad >= 0 {
            throw NonFiniteWeight(name: tensor.name, path: tensor.path, index: bad)
        }
        var held = Held(format: ARENA_W_DYNAMIC8, numbers: fresh)
        held.isCodedByRow = byRow
        held.scales = scales
        held.factors = factors
        held.fine = fine
        return held
    }

    /// Elements of all panels.
    private var padded: Int { panels * Int(ARENA_PANEL) * inputs }

    private func pack(_ tensor: StoredTensor) throws(NonFiniteWeight) -> Held {
        precondition(order != nil || tensor.count == outputs * inputs, "a weight has its shape")
        guard let kernel = tensor.type.kernelType else {
            preconditionFailure("codes are no weights")
        }
        let fresh = FloatBuffer(count: (padded * tensor.type.size + 3) / 4)
        let bad = tensor.withBytes {
            // SAFETY: panels have room for every row; rows and inputs are the source's.
            arena_pack(kernel, $0, outputs, inputs, fresh.base, order)
        }
        if let bad, bad >= 0 {
            throw NonFiniteWeight(name: tensor.name, path: tensor.path, index: bad)
        }
        var held = Held(numbers: fresh)
        held.format =
            switch tensor.type {
            case .bfloat16: ARENA_W_BF16
            case .float16: ARENA_W_F16
            case .float32, .uint8, .int8, .int32: ARENA_W_F32
            }
        return held
    }

    /// fp32 panels of any format.
    private func expanded(_ source: WeightSource) throws(NonFiniteWeight) -> Held {
        let rows = try plainRows(source).numbers
        let fresh = FloatBuffer(count: padded)
        // SAFETY: both buffers have room for every row.
        _ = arena_pack(ARENA_F32, rows.base, outputs, inputs, fresh.base, nil)
        return Held(numbers: fresh)
    }

    /// A scale (or zero) for each group of each output, as panels (N/32, G, 32).
    private func scalePanels(groups: Int, _ value: (_ row: Int, _ group: Int) -> Float)
        -> FloatBuffer
    {
        let width = Int(ARENA_PANEL)
        let buffer = FloatBuffer(count: panels * groups * width)
        for n in 0..<outputs {
            let row = order.map { Int($0[n]) } ?? n
            for g in 0..<groups {
                buffer.base[(n / width * groups + g) * width + n % width] = value(row, g)
            }
        }
        return buffer
    }

    private func pack(_ codes: TableCodes, _ scales: [Float]) -> Held {
        let fresh = FloatBuffer(count: (padded / 2 + 3) / 4)
        _ = codes.codes.withBytes {
            // SAFETY: two codes a byte on both sides, for every element of the matrix.
            arena_pack4(
                $0.assumingMemoryBound(to: UInt8.self), outputs, inputs,
                UnsafeMutableRawPointer(fresh.base).assumingMemoryBound(to: UInt8.self), order)
        }
        let groups = inputs / codes.block
        var held = Held(format: ARENA_W_TABLE4, numbers: fresh)
        held.scales = scalePanels(groups: groups) { scales[$0 * groups + $1] }
        let table = FloatBuffer(count: 16)
        for (i, value) in codes.table.enumerated() { table.base[i] = value }
        held.table = table
        held.block = codes.block
        held.groupCount = groups
        held.rounded = codes.rounded.kernelType ?? ARENA_F32
        return held
    }

    private func pack(_ codes: AffineCodes, _ scales: [Float], _ zeros: [Float]) -> Held {
        // Codes in the order of elements first, a panel's rows at a time.
        let fresh = FloatBuffer(count: (padded / 2 + 3) / 4)
        let to = UnsafeMutableRawPointer(fresh.base).assumingMemoryBound(to: UInt8.self)
        _ = codes.codes.withBytes { bytes in
            for n in 0..<outputs {
                let row = order.map { Int($0[n]) } ?? n
                let (panel, lane) = (n / 32, n % 32)
                // SAFETY: panels of `inputs` rows of 16 bytes, one for each 32 outputs.
                let base = to + panel * inputs * 16 + lane % 16
                for k in 0..<inputs {
                    base[k * 16] |= codes.code(row, k, bytes) << (lane < 16 ? 0 : 4)
                }
            }
        }
        var held = Held(format: ARENA_W_AFFINE4, numbers: fresh)
        let groups = codes.groupCount
        held.scales = scalePanels(groups: groups) { scales[$1 * codes.outputs + $0] }
        held.zeros = scalePanels(groups: groups) { zeros[$1 * codes.outputs + $0] }
        held.groupCount = groups
        let list = FloatBuffer(count: inputs)
        let numbers = UnsafeMutableRawPointer(list.base).assumingMemoryBound(to: Int32.self)
        for (k, g) in codes.groups.enumerated() { numbers[k] = g }
        held.groups = list
        return held
    }

    private func pack(_ tensor: StoredTensor, scales: [Float]) -> Held {
        let fresh = FloatBuffer(count: (padded + 3) / 4)
        _ = tensor.withBytes { arena_pack8($0, outputs, inputs, fresh.base, order) }
        var held = Held(format: ARENA_W_INT8, numbers: fresh)
        held.scales = scalePanels(groups: 1) { row, _ in scales[row] }
        held.groupCount = 1
        return held
    }
}
