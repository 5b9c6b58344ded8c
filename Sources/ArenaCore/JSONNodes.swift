// The flat list that a JSON text is parsed into.

import Glibc

/// One value of the flat list: containers are followed by their content.
package struct JSONNode: BitwiseCopyable, Sendable {
    package enum Kind: UInt8, BitwiseCopyable, Sendable {
        case null, `true`, `false`, number, string, escapedString, array, object
    }
    /// Where the value starts; for strings, after the quote.
    package var offset: UInt32
    /// Bytes of a string, number or word; for a container, the index after everything inside it.
    fileprivate(set) package var extent: UInt32
    package var kind: Kind

    @inline(__always)
    var isContainer: Bool { kind.rawValue >= Kind.array.rawValue }

    /// Bytes of a string or number.
    @inline(__always)
    package var length: Int { Int(extent) }

    init(_ kind: Kind, offset: Int, length: Int) {
        self.offset = UInt32(truncatingIfNeeded: offset)
        extent = UInt32(truncatingIfNeeded: length)
        self.kind = kind
    }
}

/// The flat list of a document or of a stretch of it; complete once its parser has returned.
final class JSONNodes: Sendable {
    nonisolated(unsafe) private(set) var base: UnsafeMutablePointer<JSONNode>
    nonisolated(unsafe) var count = 0
    nonisolated(unsafe) private(set) var capacity: Int

    /// Nodes behind the last that may be looked at, for loops that read a pair before they know it is one.
    private static let spare = 2

    init(capacity: Int) {
        self.capacity = max(capacity, 4)
        base = .allocate(capacity: self.capacity + Self.spare)
    }

    deinit { base.deallocate() }

    @inline(__always)
    subscript(index: Int) -> JSONNode { base[index] }

    /// The index after the value at `index` and everything inside it.
    @inline(__always)
    func next(_ index: Int) -> Int {
        let node = base[index]
        return node.isContainer ? Int(node.extent) : index &+ 1
    }

    /// Makes room for more.
    func grow(to wanted: Int) {
        let larger = UnsafeMutablePointer<JSONNode>.allocate(capacity: wanted + Self.spare)
        // SAFETY: both hold `count` nodes and do not overlap; only the parser has pointers to them.
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity = wanted
    }

    /// Says that everything behind a container belongs to it.
    func close(_ container: Int) {
        base[container].extent = UInt32(truncatingIfNeeded: count)
    }

    /// Takes over the nodes of a stretch that stands behind these, and its memory as it goes.
    func take(_ other: JSONNodes) {
        if count + other.count > capacity { grow(to: max(count + other.count, capacity * 2)) }
        let shift = UInt32(truncatingIfNeeded: count)
        let block = 1 << 16
        for start in stride(from: 0, to: other.count, by: block) {
            let end = min(start + block, other.count)
            for index in start..<end {
                var node = other.base[index]
                if node.isContainer { node.extent &+= shift }
                base[count &+ index] = node
            }
            other.release(start..<end)
        }
        count += other.count
        other.count = 0
    }

    /// Gives the memory of nodes back; those that are looked at again are null.
    func release(_ range: Range<Int>) {
        let page = 4096
        let start = Int(bitPattern: base + range.lowerBound)
        let from = (start + page - 1) / page * page
        let to = Int(bitPattern: base + range.upperBound) / page * page
        // SAFETY: whole pages of our own allocation, which read as zeros, the bits of a null, from then on.
        if to > from {
            madvise(UnsafeMutableRawPointer(bitPattern: from), to - from, MADV_DONTNEED)
        }
    }
}
