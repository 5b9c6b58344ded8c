// OpenBLAS opened at run time, for the reference backend: not needed to build, to test or to run.
// The forward path never uses it, since its results depend on the number of rows.

import Glibc

/// The C interface of an OpenBLAS found on this machine.
struct OpenBLAS: Sendable {
    private typealias Multiply =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32,
            UnsafePointer<Float>, Int32, Float, UnsafeMutablePointer<Float>, Int32
        ) -> Void
    private typealias SetThreads = @convention(c) (Int32) -> Void

    private let multiply: Multiply

    /// The library, or nil where there is none.
    static let shared = OpenBLAS()

    private init?() {
        guard let library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(library, "cblas_sgemm")
        else { return nil }
        // SAFETY: cblas_sgemm has this signature where integers are 32 bits wide, which is how every
        // distribution builds the library of this name.
        multiply = unsafeBitCast(symbol, to: Multiply.self)
        if let threads = dlsym(library, "openblas_set_num_threads") {
            // SAFETY: void openblas_set_num_threads(int).
            unsafeBitCast(threads, to: SetThreads.self)(1)
        }
    }

    /// y (rows, columns) = scale * x (rows, inner) . w (columns, inner)^T + keep * y, rows `...Stride`
    /// apart.
    func multiplyTransposed(
        rows: Int, columns: Int, inner: Int, scale: Float, _ x: UnsafePointer<Float>,
        _ xStride: Int,
        _ w: UnsafePointer<Float>, _ wStride: Int, keep: Float, _ y: UnsafeMutablePointer<Float>,
        _ yStride: Int
    ) {
        let (rowMajor, plain, transposed): (Int32, Int32, Int32) = (101, 111, 112)
        multiply(
            rowMajor, plain, transposed, Int32(rows), Int32(columns), Int32(inner), scale, x,
            Int32(xStride), w, Int32(wStride), keep, y, Int32(yStride))
    }
}
