// How fast this machine multiplies: what the expected time of a plan is reckoned from.

import ArenaCore
import ArenaTensor
import Glibc

/// Multiplications a second of products of rows with a matrix of single precision, on all processors;
/// nil where it cannot be measured. Takes some hundredths of a second.
/// - Parameter folder: for a file of some megabytes, which is gone afterwards.
package func measuredProductSpeed(in folder: String) -> Double? {
    let (rows, width) = (256, 1024)
    let path = joinPath(folder, "speed.bin")
    defer { unlink(path) }
    let numbers = (0..<width * width).map { Float(($0 &* 2_654_435_761) & 0xFF) / 256 - 0.5 }
    do {
        try writeFile(path, numbers.withUnsafeBytes { Array($0) })
        let stored = StoredTensor(
            name: "speed", type: .float32, shape: [width, width],
            file: try MappedFile(path, purpose: .fingerprint),
            range: 0..<numbers.count * MemoryLayout<Float>.stride)
        let workers = processorCount()
        let device = CPUBackend(threads: workers)
        let matrix = WeightMatrix(outputs: width, inputs: width)
        try matrix.load(stored, layout: device.weightLayout)
        let x = Tensor(Array(numbers.prefix(rows * width)), rows: rows, columns: width)
        let y = Tensor([Float](repeating: 0, count: rows * width), rows: rows, columns: width)
        let arena = ActivationArena()
        var best = Double.infinity
        for _ in 0..<4 {
            let start = monotonicSeconds()
            device.product(x, matrix, bias: nil, arena: arena, into: y)
            best = min(best, monotonicSeconds() - start)
        }
        return Double(rows * width * width) / max(best, 1e-9)
    } catch {
        return nil
    }
}
