// What cards have of something that the host or a file holds: weights, tables. Whoever owns the original owns
// the copies, which go with it.

import Synchronization

/// A copy for each card that has asked for one.
final class CardCopies<Copy: Sendable>: Sendable {
    private let copies = Mutex<[ObjectIdentifier: Copy]>([:])

    /// The card's copy; nil if it has none.
    subscript(device: CUDADevice) -> Copy? {
        copies.withLock { $0[ObjectIdentifier(device)] }
    }

    /// Any card's copy that is like this; nil if none has one.
    func first(where isWanted: (Copy) -> Bool) -> Copy? {
        copies.withLock { $0.values.first(where: isWanted) }
    }

    /// The card's copy, made unless it has one.
    func copy(on device: CUDADevice, _ make: () -> Copy) -> Copy {
        if let known = self[device] { return known }
        let fresh = make()
        keep(fresh, on: device)
        return fresh
    }

    /// Keeps a copy, unless the device failed and it was made in vain.
    func keep(_ copy: Copy, on device: CUDADevice) {
        guard !device.hasFailed else { return }
        copies.withLock { $0[ObjectIdentifier(device)] = copy }
    }

    /// Gives one card's memory back.
    func remove(_ device: CUDADevice) {
        // Released outside the lock.
        let gone = copies.withLock { $0.removeValue(forKey: ObjectIdentifier(device)) }
        withExtendedLifetime(gone) {}
    }

    /// Gives all copies' memory back.
    func clear() {
        // Released outside the lock.
        let gone = copies.withLock { copies in
            defer { copies = [:] }
            return copies
        }
        withExtendedLifetime(gone) {}
    }
}
