// Tensors: matrices of fp32 numbers in memory that an arena or a buffer owns. A tensor is a view; its
// rows may lie further apart than they are long, so that columns of a wider matrix are a tensor too.
//
// Letters: M rows, N outputs, K inputs, T tokens, C channels, H heads, D head size.

import CArenaKernels
import Glibc

/// How numbers are stored in a file; named as safetensors names them.
package enum ElementType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"
    case float16 = "F16"
    // Codes of quantized weights; no weights by themselves.
    case uint8 = "U8"
    case int8 = "I8"
    case int32 = "I32"

    /// Bytes of one number.
    package var size: Int {
        switch self {
        case .float32, .int32: return 4
        case .bfloat16, .float16: return 2
        case .uint8, .int8: return 1
        }
    }

    /// Whether numbers of this type are weights as they stand.
    package var isFloat: Bool { kernelType != nil }

    /// The nearest number of this type, ties to even.
    package func rounded(_ x: Float) -> Float { kernelType.map { arena_round($0, x) } ?? x }

    var kernelType: arena_dtype? {
        switch self {
        case .float32: return ARENA_F32
        case .bfloat16: return ARENA_BF16
        case .float16: return ARENA_F16
        case .uint8, .int8, .int32: return nil
        }
    }
}

/// Memory other than the host's, as a device lends it.
package protocol DeviceMemory: AnyObject, Sendable {
    /// Numbers that arenas take at a time.
    var slab: Int { get }

    /// The address of so many bytes of undefined content; 0 and a failure of the device if there is no room.
    func allocate(bytes: Int) -> UInt64

    /// Gives memory back once everything that was asked of the device is done.
    func release(_ address: UInt64, bytes: Int)

    /// Copies to the host once everything that was asked of the device is done; NaN after a failure.
    func copyOut(_ address: UInt64, count: Int, to host: UnsafeMutablePointer<Float>)
}

/// Memory for fp32 numbers, aligned to cache lines; the host's is zero at first.
///
/// Whoever holds the buffer decides which thread writes where; two writers never share an element.
package final class FloatBuffer: @unchecked Sendable {
    /// On a device, an address for that device alone.
    package let base: UnsafeMutablePointer<Float>
    package let count: Int
    /// Whose memory it is; nil for the host's.
    package let device: (any DeviceMemory)?

    /// Bytes mapped for a large buffer, 0 for a small one.
    private let mapped: Int

    package init(count: Int) {
        self.count = count
        device = nil
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        // Large buffers come from the kernel as zero pages that cost nothing until touched, in huge
        // pages where it has them: products walk through them with far fewer address misses.
        if bytes >= 1 << 21,
            let raw = mmap(
                nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            raw != MAP_FAILED
        {
            madvise(raw, bytes, 14 /* MADV_HUGEPAGE */)
            // SAFETY: the mapping is this object's, of this many bytes, unmapped in deinit.
            base = raw.bindMemory(to: Float.self, capacity: count)
            mapped = bytes
            return
        }
        // SAFETY: owned by this object, freed in deinit; one element at least, so base is never nil.
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
        base.initialize(repeating: 0, count: max(count, 1))
        mapped = 0
    }

    /// Memory of a device, of undefined content. Where there is no room the device has failed, and
    /// nothing that is asked of it is done.
    package init(count: Int, on device: any DeviceMemory) {
        self.count = count
        self.device = device
        mapped = max(count, 1) * MemoryLayout<Float>.stride
        let address = device.allocate(bytes: mapped)
        // SAFETY: never read by the host; a device that failed does not read it either.
        base = UnsafeMutablePointer(bitPattern: UInt(address)) ?? Self.nowhere
    }

    /// Whether a device had no room for it.
    var isMissing: Bool { device != nil && base == Self.nowhere }

    private static var nowhere: UnsafeMutablePointer<Float> {
        // SAFETY: a constant, never read or written.
        UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped
    }

    deinit {
        if let device {
            if !isMissing {
                device.release(UInt64(UInt(bitPattern: base)), bytes: mapped)
            }
        } else if mapped > 0 {
            munmap(base, mapped)
        } else {
            base.deallocate()
        }
    }
}

/// A matrix of fp32 numbers: a view of a buffer.
package struct Tensor: Sendable {
    package let buffer: FloatBuffer
    package let offset: Int
    package let rows: Int
    package let columns: Int
    /// Elements from one row to the next.
    package let stride: Int

    package init(buffer: FloatBuffer, offset: Int = 0, rows: Int, columns: Int, stride: Int) {
        precondition(
            rows >= 0 && columns >= 0 && stride >= columns && offset >= 0
                && (rows == 0 || offset + (rows - 1) * stride + columns <= buffer.count),
            "a tensor lies inside its buffer")
        self.buffer = buffer
        self.offset = offset
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }

    /// A tensor of its own memory holding these numbers.
    package init(_ values: [Float], rows: Int, columns: Int) {
        precondition(values.count == rows * columns, "one number an element")
        self.init(
            buffer: FloatBuffer(count: values.count), rows: rows, columns: columns, stride: columns)
        for (i, value) in values.enumerated() { buffer.base[i] = value }
    }

    /// The first element. Valid while the buffer is alive.
    package var base: UnsafeMutablePointer<Float> { buffer.base + offset }

    /// The numbers row by row, brought to the host from wherever they are.
    package var values: [Float] {
        let x = onHost
        var result: [Float] = []
        result.reserveCapacity(rows * columns)
        for r in 0..<rows {
            result.append(
                contentsOf: UnsafeBufferPointer(start: x.base + r * x.stride, count: columns))
        }
        return result
    }

    /// The numbers of each row.
    package var rowValues: [[Float]] {
        let x = onHost
        return (0..<rows).map {
            Array(UnsafeBufferPointer(start: x.base + $0 * x.stride, count: columns))
        }
    }

    /// The tensor itself, or a copy in the host's memory of one that is a device's.
    package var onHost: Tensor {
        guard let device = buffer.device, rows > 0, columns > 0 else { return self }
        let count = (rows - 1) * stride + columns
        let copy = FloatBuffer(count: count)
        device.copyOut(UInt64(UInt(bitPattern: base)), count: count, to: copy.base)
        return Tensor(buffer: copy, rows: rows, columns: columns, stride: stride)
    }

    package subscript(row: Int, column: Int) -> Float {
        get {
            checkHost(row, column)
            return base[row * stride + column]
        }
        nonmutating set {
            checkHost(row, column)
            base[row * stride + column] = newValue
        }
    }

    private func checkHost(_ row: Int, _ column: Int) {
        precondition(
            buffer.device == nil && row >= 0 && row < rows && column >= 0 && column < columns,
            "an element of a tensor of the host's")
    }

    /// The view of some columns.
    package func columns(_ range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns)
        return Tensor(
            buffer: buffer, offset: offset + range.lowerBound, rows: rows, columns: range.count,
            stride: stride)
    }

    /// The view of some rows.
    package func rows(_ range: Range<Int>) -> Tensor {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows)
        return Tensor(
            buffer: buffer, offset: range.isEmpty ? 0 : offset + range.lowerBound * stride,
            rows: range.count, columns: columns, stride: stride)
    }
}
