// Seeded numbers, weights in memory, and the backends under test.

import ArenaCore
import Glibc
import Testing

@testable import ArenaTensor

/// SplitMix64: the same numbers on every machine.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// `count` numbers in -scale..<scale.
    mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in Float.random(in: -scale..<scale, using: &self) }
    }

    /// A tensor whose rows lie further apart than they are long.
    mutating func tensor(_ rows: Int, _ columns: Int, scale: Float = 1, padding: Int = 3) -> Tensor
    {
        let stride = columns + padding
        let buffer = FloatBuffer(count: rows * stride + 1)
        for i in 0..<buffer.count { buffer.base[i] = .nan }
        let x = Tensor(buffer: buffer, offset: 1, rows: rows, columns: columns, stride: stride)
        for r in 0..<rows {
            for c in 0..<columns { x[r, c] = Float.random(in: -scale..<scale, using: &self) }
        }
        return x
    }
}

/// A stored tensor of these numbers, in a file that is gone once it is mapped.
func stored(_ values: [Float], _ shape: [Int], name: String = "w") throws -> StoredTensor {
    try stored(values.withUnsafeBytes { Array($0) }, .float32, shape, name: name)
}

func stored(
    _ bytes: [UInt8], _ type: ElementType, _ shape: [Int], name: String = "w"
) throws -> StoredTensor {
    var template = Array("/tmp/arena-weight-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    close(descriptor)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    // One odd byte first, so that nothing is aligned.
    try writeFile(path, [7] + bytes)
    return StoredTensor(
        name: name, type: type, shape: shape, file: try MappedFile(path), range: 1..<1 + bytes.count
    )
}

func matrix(_ values: [Float], _ n: Int, _ k: Int, for backend: any Backend) throws -> WeightMatrix
{
    let w = WeightMatrix(outputs: n, inputs: k)
    try w.load(try stored(values, [n, k]), layout: backend.weightLayout)
    return w
}

func vector(_ values: [Float]) throws -> WeightVector {
    let w = WeightVector(count: values.count)
    try w.load(try stored(values, [values.count]))
    return w
}

/// Every instruction set this processor can run; those it lacks are named once.
let paths: [CPUBackend] = ["plain", "avx2", "wide", "avx512", "avx512bf16"].compactMap { name in
    guard let backend = CPUBackend(path: name) else {
        print("not run: the \(name) kernels, which this processor lacks")
        return nil
    }
    return backend
}

/// The largest difference, relative to the largest magnitude where that is above 1.
func distance(_ a: [Float], _ b: [Float]) -> Float {
    guard a.count == b.count else { return .infinity }
    var most: Float = 0
    var scale: Float = 1
    for (x, y) in zip(a, b) {
        guard x.isFinite, y.isFinite else { return .infinity }
        most = max(most, abs(x - y))
        scale = max(scale, abs(y))
    }
    return most / scale
}

func bits(_ x: [Float]) -> [UInt32] { x.map(\.bitPattern) }
