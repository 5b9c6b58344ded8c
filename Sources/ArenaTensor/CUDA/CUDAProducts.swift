// Products by NVIDIA's cuBLASLt, which knows each kind of card better than our own kernel does.
//
// Left alone it takes another algorithm for another number of rows, and a row's bits would depend on its pack. So
// it gets no workspace and no reductions over several blocks, and one algorithm for each shape of weights, which
// is tried on the card first: the same rows at other places and in other numbers must get the same bits, near our
// own kernel's. Shapes that no algorithm passes for stay with our own kernel.

import CCUDA
import Synchronization

/// One product y (M, N) = alpha * x . w^T of halves (M, K) and (N, K); strides in numbers.
struct ProductCall {
    var x: UInt64
    var xStride: Int
    var weight: UInt64
    var weightStride: Int
    var y: UInt64
    var yStride: Int
    var rows: Int
    var outputs: Int
    var inputs: Int
    var alpha: Float
}

/// cuBLASLt for one card.
final class CUDAProducts: @unchecked Sendable {
    /// The library's version, such as 120804.
    let version: Int

    private struct Shape: Hashable {
        let outputs: Int
        let inputs: Int
        let strides: [Int]
    }

    // The library's handles never change.
    private let library: cublas_library
    private let handle: cublas_handle?
    private let product: cublas_product?
    /// The algorithm of each shape; nil for those that stay with our own kernel.
    private let known = Mutex<[Shape: cublas_algorithm?]>([:])

    /// What addresses are multiples of.
    static let alignment = 16
    /// Wider results would need too much room to be tried.
    private static let mostOutputs = 1 << 16
    /// Algorithms that are tried for a shape.
    private static let mostTried = 8

    /// In the current context; nil if the library does not run here.
    /// - Throws: `CUDAProblem.call` where it lacks memory, which another time it might not.
    init?(_ libraries: CUDALibraries) throws(CUDAProblem) {
        guard let (library, version) = libraries.products else { return nil }
        (self.library, self.version) = (library, version)
        var (handle, product): (cublas_handle?, cublas_product?)
        var transposed = Int32(CUBLAS_TRANSPOSED)
        let status = library.create(&handle)
        guard Int(status) != CUBLAS_ALLOCATION_FAILED else {
            throw .call("cublasLtCreate", code: Int(status), text: "out of memory")
        }
        guard status == 0 else { return nil }
        guard
            library.product_create(
                &product, Int32(CUBLAS_COMPUTE_FLOAT32), Int32(CUBLAS_FLOAT32)) == 0,
            library.product_set(product, Int32(CUBLAS_PRODUCT_TRANSPOSE_A), &transposed, 4) == 0
        else {
            if let product { _ = library.product_destroy(product) }
            _ = library.destroy(handle)
            return nil
        }
        (self.handle, self.product) = (handle, product)
    }

    /// Gives back what the library holds; in the context that it began in.
    func end() {
        _ = library.product_destroy(product)
        _ = library.destroy(handle)
    }

    /// The algorithm for weights of this shape; nil where our own kernel is to be taken.
    /// - Parameters:
    ///   - status: hears what the library says to a question for algorithms; returns whether the card failed.
    ///   - isGood: tries one; nil if nothing was found out, so that the next product tries again.
    func algorithm(
        _ call: ProductCall, status: (cuda_result) -> Bool, isGood: (cublas_algorithm) -> Bool?
    ) -> cublas_algorithm? {
        let isAligned = [call.x, call.weight, call.y].allSatisfy {
            $0 % UInt64(Self.alignment) == 0
        }
        guard isAligned, call.yStride % 4 == 0, call.outputs <= Self.mostOutputs else { return nil }
        let shape = Shape(
            outputs: call.outputs, inputs: call.inputs,
            strides: [call.xStride, call.weightStride, call.yStride])
        if let found = known.withLock({ $0[shape] }) { return found }
        var found: cublas_algorithm?
        let (candidates, said) = candidates(call)
        if status(said) { return nil }
        for candidate in candidates {
            guard let good = isGood(candidate) else { return nil }
            guard good else { continue }
            found = candidate
            break
        }
        known.withLock { $0[shape] = .some(found) }
        return found
    }

    /// What the library would take for many rows, best first.
    private func candidates(_ call: ProductCall) -> ([cublas_algorithm], status: cuda_result) {
        var call = call
        call.rows = 4096
        var preference: cublas_preference?
        let made = library.preference_create(&preference)
        guard made == 0 else { return ([], made) }
        defer { _ = library.preference_destroy(preference) }
        var workspace: UInt64 = 0
        var number: UInt32 = 0
        _ = library.preference_set(preference, Int32(CUBLAS_MOST_WORKSPACE), &workspace, 8)
        _ = library.preference_set(preference, Int32(CUBLAS_REDUCTION_SCHEMES), &number, 4)
        number = UInt32(Self.alignment)
        for place in [
            CUBLAS_ALIGNMENT_A, CUBLAS_ALIGNMENT_B, CUBLAS_ALIGNMENT_C, CUBLAS_ALIGNMENT_D,
        ] {
            _ = library.preference_set(preference, Int32(place), &number, 4)
        }
        var choices = [cublas_choice](repeating: cublas_choice(), count: Self.mostTried)
        var count: Int32 = 0
        let status = withLayouts(call) { weight, x, y in
            library.choose(
                handle, product, weight, x, y, y, preference, Int32(choices.count), &choices, &count
            )
        }
        guard status == 0 else { return ([], status) }
        let usable = choices.prefix(Int(max(0, count))).filter {
            $0.status == 0 && $0.workspace == 0
        }
        return (usable.map(\.algorithm), 0)
    }

    /// Starts a product; the library's status.
    func multiply(
        _ call: ProductCall, _ algorithm: cublas_algorithm, on stream: cuda_stream?
    ) -> cuda_result {
        var (alpha, beta, algorithm): (Float, Float, cublas_algorithm) = (call.alpha, 0, algorithm)
        return withLayouts(call) { weight, x, y in
            library.multiply(
                handle, product, &alpha, call.weight, weight, call.x, x, &beta, call.y, y, call.y,
                y,
                &algorithm, 0, 0, stream)
        }
    }

    /// Rows are the library's columns.
    private func withLayouts(
        _ call: ProductCall,
        _ body: (_ weight: cublas_layout?, _ x: cublas_layout?, _ y: cublas_layout?) -> cuda_result
    ) -> cuda_result {
        var layouts: [cublas_layout?] = [nil, nil, nil]
        defer { for layout in layouts where layout != nil { _ = library.layout_destroy(layout) } }
        let shapes = [
            (CUBLAS_FLOAT16, call.inputs, call.outputs, call.weightStride),
            (CUBLAS_FLOAT16, call.inputs, call.rows, call.xStride),
            (CUBLAS_FLOAT32, call.outputs, call.rows, call.yStride),
        ]
        for (i, (type, rows, columns, stride)) in shapes.enumerated() {
            let status = library.layout_create(
                &layouts[i], Int32(type), UInt64(rows), UInt64(columns), Int64(stride))
            guard status == 0 else { return status }
        }
        return body(layouts[0], layouts[1], layouts[2])
    }
}

extension CUDADevice {
    /// y = x . w^T by cuBLASLt; false where our own kernel is to be taken.
    /// - Parameter own: starts the same product by our own kernel, each row times a factor.
    func libraryProduct(
        _ call: ProductCall, _ space: ActivationArena,
        own: (_ call: ProductCall, _ factors: UInt64) -> Void
    ) -> Bool {
        guard let products,
            let algorithm = products.algorithm(
                call, status: { !isRefusal($0) && hasFailed },
                isGood: { isGood($0, products, call, space, own) })
        else { return false }
        if isRefusal(start(call, algorithm, products)) {
            note(.lost(call: "cublasLtMatmul", code: 0, text: "what was tried is refused now"))
        }
        return true
    }

    /// Whether a status says that this product cannot be computed so, as it always will; of what else is wrong
    /// the card has failed.
    private func isRefusal(_ status: cuda_result) -> Bool {
        switch Int(status) {
        case 0: return false
        case CUBLAS_INVALID_VALUE, CUBLAS_ARCHITECTURE_MISMATCH, CUBLAS_NOT_SUPPORTED: return true
        case CUBLAS_ALLOCATION_FAILED: note(.outOfMemory(bytes: 0))
        default: note(.lost(call: "cublasLtMatmul", code: Int(status), text: "a product failed"))
        }
        return false
    }

    private func start(
        _ call: ProductCall, _ algorithm: cublas_algorithm, _ products: CUDAProducts
    ) -> cuda_result {
        var status: cuda_result = 0
        measured("cublasLtMatmul") {
            withStream { status = products.multiply(call, algorithm, on: $0) }
        }
        return status
    }

    /// Whether an algorithm gives rows the same bits at any place and in any number, and about our own kernel's
    /// numbers; nil if the card failed, and for weights of zeros, which tell nothing.
    private func isGood(
        _ algorithm: cublas_algorithm, _ products: CUDAProducts, _ call: ProductCall,
        _ space: ActivationArena, _ own: (ProductCall, UInt64) -> Void
    ) -> Bool? {
        let mark = space.mark
        defer { space.release(to: mark) }
        let rows = 1024
        var whole = call
        let noise = bring(Self.noise(rows * call.xStride / 2))
        whole.x = noise.address
        whole.y = space.scratch(rows * call.yStride).address
        whole.rows = rows
        let results = FloatBuffer(count: 6, on: self)
        clear(results.address, bytes: 24)
        clear(whole.y, bytes: rows * call.yStride * 4)
        let other = space.scratch(rows * call.yStride).address
        if isRefusal(start(whole, algorithm, products)) { return false }
        func compare(_ y: UInt64, rows: Int, to result: UInt64) {
            launch(
                .compareNumbers, grid: (min(1024, (rows * call.yStride + 255) / 256), 1),
                threads: 256, [y, other, Int64(rows * call.yStride), result])
        }
        for part in [0..<1, 5..<6, 300..<301, 0..<77, 63..<320, 129..<1024, 1000..<1024] {
            var some = whole
            some.x += UInt64(part.lowerBound * call.xStride * 2)
            some.y = other
            some.rows = part.count
            clear(other, bytes: part.count * call.yStride * 4)
            if isRefusal(start(some, algorithm, products)) { return false }
            let place = whole.y + UInt64(part.lowerBound * call.yStride * 4)
            compare(place, rows: part.count, to: results.address)
        }
        var again = whole
        again.y = other
        clear(other, bytes: rows * call.yStride * 4)
        let ones = bring([Float](repeating: 1, count: rows))
        own(again, ones.address)
        compare(whole.y, rows: rows, to: results.address + 12)
        var numbers = [Float](repeating: 0, count: 6)
        copyOut(results.address, count: 6, to: &numbers)
        withExtendedLifetime((noise, ones)) {}
        guard !hasFailed else { return nil }
        let (isSame, most, away) = (numbers[2].bitPattern == 0, numbers[3], numbers[4])
        guard most != 0 else { return nil }
        return isSame && most.isFinite && away <= 1e-3 * max(most, .leastNormalMagnitude)
    }

    /// Pairs of halves between -1 and 1, the same everywhere.
    private static func noise(_ count: Int) -> [UInt32] {
        var state: UInt32 = 1
        return (0..<count).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            // Signs and fractions at random, exponents of 1/2 and less.
            let (low, high) = (state >> 16, state >> 3 & 0xffff)
            func half(_ bits: UInt32) -> UInt32 { bits & 0x83ff | (11 + bits >> 10 & 3) << 10 }
            return half(low) | half(high) << 16
        }
    }
}
