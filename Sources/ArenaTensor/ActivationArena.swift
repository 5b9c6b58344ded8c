// The activations of one worker: memory handed out in order and taken back all at once between packs,
// so that a run allocates only until it has seen its largest pack.

/// Memory for the intermediate tensors of one worker, used by one thread at a time.
package final class ActivationArena: @unchecked Sendable {
    private var chunks: [FloatBuffer] = []
    private var chunk = 0
    private var used = 0
    private static let smallest = 1 << 16
    /// Whose memory it hands out; nil for the host's.
    package let device: (any DeviceMemory)?

    package init(on device: (any DeviceMemory)? = nil) { self.device = device }

    /// Rows are padded so that they start on vectors, and so that rows a power of two long do not
    /// all fall into the same sets of the cache.
    private static func stride(_ columns: Int) -> Int {
        let stride = (columns + 15) / 16 * 16
        return stride % 256 == 0 ? stride + 16 : stride
    }

    /// A tensor of undefined content, valid until `reset`.
    package func tensor(_ rows: Int, _ columns: Int) -> Tensor {
        let stride = Self.stride(columns)
        let (buffer, offset) = take(rows * stride)
        return Tensor(buffer: buffer, offset: offset, rows: rows, columns: columns, stride: stride)
    }

    /// A tensor with memory of its own, as long as it is kept.
    package static func own(
        _ rows: Int, _ columns: Int, on device: (any DeviceMemory)?
    ) -> Tensor {
        let stride = stride(columns)
        let count = max(1, rows * stride)
        let buffer =
            if let device { FloatBuffer(count: count, on: device) } else {
                FloatBuffer(count: count)
            }
        return Tensor(buffer: buffer, rows: rows, columns: columns, stride: stride)
    }

    /// Scratch memory of undefined content, valid until `reset`.
    func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
        let (buffer, offset) = take(count)
        return buffer.base + offset
    }

    /// What is handed out after `mark` may be taken back by `release(to:)`.
    package struct Mark {
        fileprivate var chunk: Int
        fileprivate var used: Int
    }

    package var mark: Mark { Mark(chunk: chunk, used: used) }

    /// Takes back what was handed out since the mark.
    package func release(to mark: Mark) {
        chunk = mark.chunk
        used = mark.used
    }

    /// Takes everything back; the memory stays for the next pack.
    package func reset() {
        chunk = 0
        used = 0
    }

    /// Gives the memory back; nothing handed out may be used any more.
    package func clear() {
        reset()
        chunks = []
    }

    /// Floats of memory held.
    package var capacity: Int { chunks.reduce(0) { $0 + $1.count } }

    private func take(_ count: Int) -> (FloatBuffer, Int) {
        let size = (max(count, 1) + 15) / 16 * 16
        while chunk < chunks.count {
            if used + size <= chunks[chunk].count {
                defer { used += size }
                return (chunks[chunk], used)
            }
            chunk += 1
            used = 0
        }
        let fresh =
            if let device {
                // In slabs: packs of different sizes would leave gaps between chunks made to measure.
                FloatBuffer(count: (size + device.slab - 1) / device.slab * device.slab, on: device)
            } else {
                FloatBuffer(count: max(size, Self.smallest, capacity / 2))
            }
        // What a device had no room for is not handed out again.
        guard !fresh.isMissing else { return (fresh, 0) }
        chunks.append(fresh)
        chunk = chunks.count - 1
        used = size
        return (fresh, 0)
    }
}
