// The memory under text: blocks that are filled once and then shared. Large ones come straight from
// the system in huge pages, and a few that were given back wait for the next to ask: what a fresh page
// costs most is being cleared, and frames come and go in similar sizes.

import Glibc
import Synchronization

/// A block of bytes that one builder fills and everybody else only reads.
package final class ByteChunk: Sendable {
    // SAFETY: written by the one builder that made the chunk, below the views it has handed out
    // never again; immutable once the builder is finished. Freed only in deinit.
    nonisolated(unsafe) let base: UnsafeMutableRawPointer
    let capacity: Int
    private let mapping: Mapping?

    /// From this size on the memory comes straight from the system, in huge pages where it has them.
    private static let mappedSize = 1 << 20

    /// Memory for `capacity` bytes, or nil if the system has none.
    init?(capacity: Int) {
        self.capacity = max(capacity, 1)
        guard self.capacity >= Self.mappedSize else {
            guard let start = malloc(self.capacity) else { return nil }
            base = start
            mapping = nil
            return
        }
        guard let mapping = SpareMappings.take(self.capacity) ?? Mapping(self.capacity) else {
            return nil
        }
        base = mapping.base
        self.mapping = mapping
    }

    /// Gives back the memory from `used` on, which nobody will write.
    func trim(to used: Int) {
        guard mapping != nil else { return }
        let page = 4096
        let from = (used + page - 1) / page * page
        // SAFETY: the range lies in the mapping; no view reaches beyond `used`.
        if from < capacity { madvise(base + from, capacity - from, MADV_DONTNEED) }
    }

    deinit {
        if let mapping { SpareMappings.give(mapping) } else { free(base) }
    }
}

/// Memory straight from the system, at the start of a huge page.
private struct Mapping: Sendable {
    nonisolated(unsafe) let start: UnsafeMutableRawPointer
    let size: Int
    let capacity: Int
    nonisolated(unsafe) let base: UnsafeMutableRawPointer

    private static let hugePage = 2 << 20

    init?(_ bytes: Int) {
        capacity = (bytes + Self.hugePage - 1) / Self.hugePage * Self.hugePage
        size = capacity + Self.hugePage
        guard
            let start = mmap(
                nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0),
            start != MAP_FAILED
        else { return nil }
        self.start = start
        let behind = Int(bitPattern: start) & (Self.hugePage - 1)
        base = start + (behind == 0 ? 0 : Self.hugePage - behind)
        // Advised before first touch: page faults are half of the cost of filling a fresh block.
        madvise(base, capacity, MADV_HUGEPAGE)
    }
}

/// Mappings that nobody uses. The system may take their pages whenever it runs short of memory.
private enum SpareMappings {
    /// What may lie waiting: an eighth of the machine's memory, and never more than this.
    private static let limit = min(
        512 << 20, sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE)) / 8)

    private static let spare = Mutex<[Mapping]>([])

    static func take(_ bytes: Int) -> Mapping? {
        spare.withLock { list in
            let at = list.indices.filter {
                list[$0].capacity >= bytes && list[$0].capacity <= bytes + bytes / 2 + (4 << 20)
            }.min { list[$0].capacity < list[$1].capacity }
            return at.map { list.remove(at: $0) }
        }
    }

    static func give(_ mapping: Mapping) {
        // SAFETY: the chunk that owned the memory is gone, and its views with it.
        madvise(mapping.base, mapping.capacity, MADV_FREE)
        let old = spare.withLock { list in
            list.append(mapping)
            var old: [Mapping] = []
            var total = list.reduce(0) { $0 + $1.capacity }
            while total > limit, !list.isEmpty {
                total -= list[0].capacity
                old.append(list.removeFirst())
            }
            return old
        }
        for mapping in old { munmap(mapping.start, mapping.size) }
    }
}
