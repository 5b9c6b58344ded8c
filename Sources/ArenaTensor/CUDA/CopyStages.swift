// How files get onto a card: pages of a mapped file are not what a card reads by itself, and a driver that has to
// copy them first does so on one thread. Here every loading thread copies them, a piece while the card reads the
// piece before.

import CCUDA
import Synchronization

/// The stages of one card, each used by one thread at a time.
final class CopyStages: Sendable {
    private let free = Mutex<[CopyStage]>([])

    /// Copies bytes of the host's memory to a card; they may go once this returns.
    func copy(
        _ bytes: UnsafeRawPointer, count: Int, to address: UInt64, on device: CUDADevice
    ) {
        let known = free.withLock { $0.popLast() }
        guard count >= CopyStage.worthwhile, let stage = known ?? CopyStage(on: device) else {
            if let known { free.withLock { $0.append(known) } }
            device.copyIn(bytes, count: count, to: address)
            // The driver need not have read memory that is not its own when it returns.
            return device.synchronize()
        }
        stage.copy(bytes, count: count, to: address, on: device)
        // After a failure nobody knows what of it the card still reads.
        if device.hasFailed { return stage.end(on: device) }
        free.withLock { $0.append(stage) }
    }

    /// Gives the memory back.
    func clear(_ device: CUDADevice) {
        let gone = free.withLock { stages in
            defer { stages = [] }
            return stages
        }
        for stage in gone { stage.end(on: device) }
    }
}

/// Two pieces of memory that a card reads by itself.
private struct CopyStage: @unchecked Sendable {
    /// Fewer bytes are copied as fast by the driver.
    static let worthwhile = 1 << 20
    private static let size = 8 << 20

    // The memory is one thread's at a time.
    private let pieces: [(memory: UnsafeMutableRawPointer, isRead: cuda_event?)]

    /// nil where the host has no room, or after a failure.
    init?(on device: CUDADevice) {
        guard let memory = device.tryAllocateHost(bytes: 2 * Self.size) else { return nil }
        pieces = [(memory, device.makeEvent()), (memory + Self.size, device.makeEvent())]
        if device.hasFailed {
            end(on: device)
            return nil
        }
    }

    func copy(_ bytes: UnsafeRawPointer, count: Int, to address: UInt64, on device: CUDADevice) {
        for (i, first) in stride(from: 0, to: count, by: Self.size).enumerated() {
            let piece = pieces[i % 2]
            let some = min(Self.size, count - first)
            device.synchronize(piece.isRead)
            guard !device.hasFailed else { return }
            // SAFETY: the piece has room for `size` bytes, and the card has read what was in it.
            piece.memory.copyMemory(from: bytes + first, byteCount: some)
            device.copyIn(piece.memory, count: some, to: address + UInt64(first))
            device.record(piece.isRead)
        }
    }

    func end(on device: CUDADevice) {
        device.finishStream()
        device.releaseHost(pieces[0].memory)
        for piece in pieces { device.endEvent(piece.isRead) }
    }
}
