// Weights that a card has no room for: they lie in memory of the host's that the card reads by itself, and pass
// through two slots on the card, one of which is read while the other is filled.

import CCUDA
import Synchronization

/// Memory of the host's that cards read by themselves, while other things go on.
final class PinnedMemory: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let bytes: Int
    private let device: CUDADevice

    /// A copy of a block on the card; nil after a failure of the card, also where the host has no room.
    init?(on device: CUDADevice, copyOf block: FloatBuffer) {
        bytes = block.count * MemoryLayout<Float>.size
        guard let memory = device.allocateHost(bytes: bytes) else { return nil }
        (base, self.device) = (memory, device)
        // SAFETY: the memory has room for the block's numbers.
        device.copyOut(
            block.address, count: block.count,
            to: memory.bindMemory(to: Float.self, capacity: block.count))
        if device.hasFailed { return nil }
    }

    deinit { device.releaseHost(base) }
}

/// Two places on a card for weights; used by one thread at a time once they are open.
///
/// A model takes its weights in the same order for every pack, so that what follows a weight is what followed
/// it the last time, and is copied while that weight is multiplied with. What turns out to be wrong is copied
/// when it is asked for.
package final class WeightSlots: @unchecked Sendable {
    private struct Slot {
        var room: FloatBuffer?
        var holds: PinnedMemory?
        /// Passed once what it holds has arrived.
        let arrival: cuda_event?
        /// Passed once all that reads it is done.
        let leave: cuda_event?
    }

    private let device: CUDADevice
    private let copies: cuda_stream?
    private let largest = Atomic<Int>(0)
    private var slots: [Slot]
    private var current = 0
    private var last: PinnedMemory?
    private var following: [ObjectIdentifier: PinnedMemory] = [:]
    /// Whether a slot may be read by more than its event tells of.
    private var mustWait = false

    package init(on device: CUDADevice) {
        self.device = device
        copies = device.makeStream()
        slots = (0..<2).map { _ in Slot(arrival: device.makeEvent(), leave: device.makeEvent()) }
    }

    /// Says that a weight of so many bytes is to pass.
    func expect(bytes: Int) { largest.max(bytes, ordering: .relaxed) }

    /// Makes room for the largest weight that is expected. Where there is none the card has failed.
    package func open() {
        let count = (largest.load(ordering: .relaxed) + 3) / 4
        for i in slots.indices { slots[i].room = FloatBuffer(count: count, on: device) }
    }

    deinit {
        device.endStream(copies)
        for slot in slots { [slot.arrival, slot.leave].forEach(device.endEvent) }
    }

    /// The address of a weight on the card, for what is started from now to `give`; nil after a failure.
    func take(_ memory: PinnedMemory) -> UInt64? {
        if mustWait {
            device.synchronize()
            mustWait = device.hasFailed
        }
        let known = slots.firstIndex { $0.holds === memory }
        if known == nil { fill(1 - current, with: memory) }
        current = known ?? 1 - current
        device.wait(for: slots[current].arrival)
        if let last { following[ObjectIdentifier(last)] = memory }
        last = memory
        guard !device.hasFailed else { return nil }
        return slots[current].room?.address
    }

    /// Says that everything that reads the weight last taken has been started.
    func give() {
        device.record(slots[current].leave)
        mustWait = mustWait || device.hasFailed
        guard let last, let next = following[ObjectIdentifier(last)],
            !slots.contains(where: { $0.holds === next })
        else { return }
        fill(1 - current, with: next)
    }

    private func fill(_ number: Int, with memory: PinnedMemory) {
        let slot = slots[number]
        slots[number].holds = nil
        guard let room = slot.room, memory.bytes <= room.count * MemoryLayout<Float>.size else {
            preconditionFailure("a weight is expected before it passes")
        }
        device.wait(for: slot.leave, on: copies)
        device.copyIn(memory.base, count: memory.bytes, to: room.address, on: copies)
        device.record(slot.arrival, on: copies)
        if !device.hasFailed { slots[number].holds = memory }
    }
}

extension CUDAMatrix {
    /// Its block in the host's memory, if it is there.
    var pinned: PinnedMemory? { if case .host(let memory, _) = place { memory } else { nil } }
}
