// Weight matrices on a card: as halves, or as the codes they are stored in, which become halves a product at a
// time. Those that the card has no room for stay in the host's memory and pass through.

import CArenaKernels
import CCUDA

/// A weight matrix (N, K) for products on a card: one block of memory with its arrays one behind another.
package struct CUDAMatrix: Sendable {
    /// What the block holds; the first array lies at its start, places are in bytes from there.
    enum Form: Sendable {
        /// Halves (N, pieces, padded).
        case halves
        case table4(Table4)
        case affine4(Affine4)
        case rows8(Rows8)
        /// Codes of 8 bits (N, padded) that meet rows' codes.
        case coded8(Coded8)
    }

    /// Codes of 4 bits in the order of the stored elements.
    struct Table4: Sendable {
        let scales: Int
        let table: Int
        /// nil for rows in the stored order.
        let order: Int?
        let block: Int
        let rounded: ElementType
    }

    /// Words of eight inputs' codes (N, padded / 8).
    struct Affine4: Sendable {
        let scales: Int  // (N, G)
        let zeros: Int  // (N, G), bytes
        let groups: Int  // (K)
        let groupCount: Int
    }

    /// Codes of 8 bits (N, K).
    struct Rows8: Sendable {
        let scales: Int  // (N)
    }

    /// Codes whose rows are codes too; what the codes leave follows them.
    struct Coded8: Sendable {
        let fine: Int  // (N, padded)
        let scales: Int  // (N)
        /// What inputs are multiplied by (K); nil for ones.
        let factors: Int?

        /// Inputs with the zeros behind them.
        static func padded(_ inputs: Int) -> Int { (inputs + 63) / 64 * 64 }
    }

    /// Its codes, if rows become codes to meet them.
    var coded: Coded8? { if case .coded8(let coded) = form { coded } else { nil } }

    /// Where the block is.
    enum Place: Sendable {
        case card(FloatBuffer)
        case host(PinnedMemory, through: WeightSlots)
    }

    let form: Form
    var place: Place
    let outputs: Int
    let inputs: Int
    /// Halves to a number: two for those that are stored in fp32.
    let pieces: Int
    /// What each number is multiplied by to become a half: a power of two.
    let factor: Float

    /// Inputs with the zeros behind them.
    var padded: Int { Self.padded(inputs) }
    static func padded(_ inputs: Int) -> Int { (inputs + 31) / 32 * 32 }

    /// Floats of room for all halves, with so many more for each output.
    func halfRoom(more: Int) -> Int { (outputs * (padded * pieces + more) + 1) / 2 }

    /// Bytes that a matrix takes on a card, about.
    package static func bytes(_ source: WeightSource, outputs: Int, inputs: Int) -> Int {
        let count = outputs * padded(inputs)
        switch source {
        case .plain(let tensor): return count * (tensor.type == .float32 ? 4 : 2)
        case .dynamic8(_, byRow: true):
            return 2 * outputs * Coded8.padded(inputs) + 4 * (outputs + inputs)
        case .dynamic8: return count * 2
        case .table4(let codes): return count / 2 + count / codes.block * 4
        case .affine4(let codes): return count / 2 + outputs * codes.groupCount * 5
        case .rows8: return count + outputs * 4
        // Codes of 4 bits, or a sum of what is stored in 16.
        case .made(let made): return made.bytes < count ? count / 2 + count / 16 : count * 2
        }
    }
}

extension CUDADevice {
    /// Gives the address of a matrix' block on the card to `body`, which starts what reads it.
    func withBlock(of matrix: CUDAMatrix, _ body: (_ block: UInt64) -> Void) {
        switch matrix.place {
        case .card(let block): body(block.address)
        case .host(let memory, let slots):
            guard let address = slots.take(memory) else { return }
            body(address)
            slots.give()
        }
    }

    /// Gives the address of a matrix' halves, made in `space` of what is held as codes, to `body`, which starts
    /// what reads them.
    /// - Parameter more: halves that are left free behind each output's, for which what lies ready is copied.
    func withHalves(
        of matrix: CUDAMatrix, more: Int = 0, _ space: ActivationArena,
        _ body: (_ halves: UInt64) -> Void
    ) {
        switch matrix.place {
        case .card(let block):
            body(halves(matrix, at: block.address, more: more, space))
        case .host(let memory, let slots):
            guard let address = slots.take(memory) else { return }
            let halves = halves(matrix, at: address, more: more, space)
            // Codes have been read once their halves are made.
            let isRead = halves != address
            if isRead { slots.give() }
            body(halves)
            if !isRead { slots.give() }
        }
    }

    private func halves(
        _ matrix: CUDAMatrix, at block: UInt64, more: Int, _ space: ActivationArena
    ) -> UInt64 {
        if case .halves = matrix.form, more == 0 { return block }
        func place(_ offset: Int) -> UInt64 { block + UInt64(offset) }
        let room = space.scratch(matrix.halfRoom(more: more)).address
        let (rows, columns) = (matrix.outputs, matrix.padded / 8)
        let stride = Int64(matrix.padded * matrix.pieces + more)
        switch matrix.form {
        case .halves:
            numbers(
                .copyHalves, rows: rows, columns: columns * matrix.pieces, [block, room, stride])
        case .table4(let t):
            numbers(
                .expandTable4, rows: rows, columns: columns,
                [
                    block, place(t.scales), place(t.table), Int32(t.block), t.rounded.kernelNumber,
                    t.order.map(place) ?? 0, matrix.factor, room, stride,
                    Int32(matrix.inputs), Int32(matrix.pieces),
                ])
        case .affine4(let a):
            numbers(
                .expandAffine4, rows: rows, columns: columns,
                [
                    block, place(a.scales), place(a.zeros), place(a.groups), Int32(a.groupCount),
                    matrix.factor, room, stride, Int32(matrix.inputs),
                ])
        case .coded8: preconditionFailure("codes are multiplied with codes")
        case .rows8(let r):
            numbers(
                .expandRows8, rows: rows, columns: columns,
                [block, place(r.scales), matrix.factor, room, stride, Int32(matrix.inputs)])
        }
        return room
    }
}

extension FloatBuffer {
    /// Where it is on its device.
    var address: UInt64 { base.address }
}

extension UnsafeMutablePointer<Float> {
    var address: UInt64 { UInt64(UInt(bitPattern: self)) }
}

extension ElementType {
    /// As the kernels number the types.
    var kernelNumber: Int32 { Int32(bitPattern: (kernelType ?? ARENA_F32).rawValue) }
}
