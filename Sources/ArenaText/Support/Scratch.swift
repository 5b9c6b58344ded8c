// Working memory of an encoder: grows, is reused from text to text, and is read by vector loads.

import Glibc

/// A run of bytes of a text that somebody else owns.
typealias Bytes = UnsafeBufferPointer<UInt8>

/// Memory that grows and is reused; 64 bytes past its end may be read (not written).
struct Scratch<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var capacity: Int
    var count = 0

    init(capacity: Int = 64) {
        base = Self.allocate(capacity)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
        // SAFETY: sized with 64 bytes to spare, so that 16-byte loads at the last element stay inside.
        UnsafeMutableRawPointer.allocate(
            byteCount: capacity * MemoryLayout<Element>.stride + 64, alignment: 64
        ).assumingMemoryBound(to: Element.self)
    }

    /// Makes room for `more` elements past `count`; what is there stays.
    @inline(__always)
    mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        let wanted = max(count + more, capacity * 2)
        let bigger = Self.allocate(wanted)
        // SAFETY: both hold at least `count` elements and do not overlap.
        bigger.update(from: base, count: count)
        base.deallocate()
        base = bigger
        capacity = wanted
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        reserve(1)
        base[count] = element
        count += 1
    }

    mutating func append(_ elements: UnsafeBufferPointer<Element>) {
        guard let start = elements.baseAddress else { return }
        reserve(elements.count)
        // SAFETY: room for all of them was made; the source is not this buffer.
        (base + count).update(from: start, count: elements.count)
        count += elements.count
    }

    /// Gives memory back that one huge text has left behind.
    mutating func trim(above limit: Int) {
        guard capacity > limit else { return }
        base.deallocate()
        capacity = 64
        count = 0
        base = Self.allocate(capacity)
    }

    /// What is in it; valid until the next change.
    var contents: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: base, count: count) }
}

/// A table that is made once while loading and read by every thread afterwards.
final class Table<Element: BitwiseCopyable>: Sendable {
    nonisolated(unsafe) let base: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int, repeating value: Element) {
        // SAFETY: 64 bytes to spare for wide loads; freed in deinit; never resized.
        let bytes = count * MemoryLayout<Element>.stride + 64
        let page = 1 << 21
        let raw = UnsafeMutableRawPointer.allocate(
            byteCount: bytes, alignment: bytes < page ? 64 : page)
        // Large tables are read at random: fewer, larger pages save a look-up of the page itself.
        if bytes >= page { madvise(raw, bytes, MADV_HUGEPAGE) }
        base = raw.bindMemory(to: Element.self, capacity: count)
        base.initialize(repeating: value, count: count)
        self.count = count
    }

    deinit { base.deallocate() }
}
