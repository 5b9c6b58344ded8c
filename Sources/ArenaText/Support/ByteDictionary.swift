// A map from byte strings to numbers, for vocabularies: one blob of bytes, open addressing, no objects.

import CArenaText
import Glibc

/// Byte strings numbered by ids that may have gaps. Built by one thread, then only read.
final class ByteDictionary: Sendable {
    private let blob: Table<UInt8>
    /// How much of the blob is used; only the building thread looks at it.
    nonisolated(unsafe) private var used = 0
    /// Where each id's bytes are: start << 32 | length + 1, or 0 for an id that nothing has.
    private let spans: Table<UInt64>
    /// The hash's upper half and id + 1, or 0: most strangers are told apart by the hash alone.
    private let slots: Table<UInt64>
    private let mask: Int

    /// For ids below `ids` and at most `bytes` bytes altogether, `entries` of which are looked up.
    init(ids: Int, entries: Int, bytes: Int) {
        spans = Table(count: ids, repeating: 0)
        var size = 16
        while size * 2 < entries * 3 { size *= 2 }
        slots = Table(count: size, repeating: 0)
        mask = size - 1
        blob = Table(count: bytes, repeating: 0)
    }

    /// The tables as C reads them; valid as long as the dictionary.
    var tables: arena_dictionary {
        arena_dictionary(
            slots: slots.base, mask: UInt64(mask), spans: spans.base, text: blob.base)
    }

    /// One more than the largest id that it was made for.
    var idEnd: Int { spans.count }

    /// How many bytes all strings have together.
    var byteCount: Int { used }

    /// What an insertion found.
    enum Insertion { case done, sameBytes(Int), sameID }

    /// The key of a string that will be inserted; its slot is asked for from memory.
    @inline(__always)
    func lookAhead(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let key = hash(bytes)
        arena_dictionary_prefetch(slots.base, UInt64(mask), key)
        return key
    }

    /// Adds a string under an id below the size given.
    func insert(_ bytes: UnsafeRawBufferPointer, id: Int) -> Insertion {
        insert(bytes, id: id, key: hash(bytes))
    }

    /// Adds a string whose key is known.
    func insert(_ bytes: UnsafeRawBufferPointer, id: Int, key: UInt64) -> Insertion {
        var at = Int(truncatingIfNeeded: key) & mask
        while slots.base[at] != 0 {
            if let other = match(slots.base[at], key, bytes) { return .sameBytes(other) }
            at = (at + 1) & mask
        }
        if spans.base[id] != 0 { return .sameID }
        precondition(bytes.count <= blob.count - used, "a dictionary made too small")
        spans.base[id] = UInt64(used) << 32 | UInt64(bytes.count + 1)
        if let start = bytes.baseAddress { memcpy(blob.base + used, start, bytes.count) }
        used += bytes.count
        slots.base[at] = key & ~0xFFFF_FFFF | UInt64(id + 1)
        return .done
    }

    /// Adds a string under an id that has none, without finding the id by the string.
    func setBytes(_ bytes: Bytes, id: Int) {
        precondition(bytes.count <= blob.count - used, "a dictionary made too small")
        spans.base[id] = UInt64(used) << 32 | UInt64(bytes.count + 1)
        if let start = bytes.baseAddress { memcpy(blob.base + used, start, bytes.count) }
        used += bytes.count
    }

    /// Adds a string under a new id; if it is there already, both ids have it and look-ups find this one.
    func insertLast(_ bytes: UnsafeRawBufferPointer, id: Int) {
        guard case .sameBytes(let other) = insert(bytes, id: id) else { return }
        spans.base[id] = spans.base[other]
        let key = hash(bytes)
        var at = Int(truncatingIfNeeded: key) & mask
        while match(slots.base[at], key, bytes) == nil { at = (at + 1) & mask }
        slots.base[at] = key & ~0xFFFF_FFFF | UInt64(id + 1)
    }

    /// The id of a string.
    @inline(__always)
    func id(of bytes: UnsafeRawBufferPointer) -> Int? {
        let key = hash(bytes)
        var at = Int(truncatingIfNeeded: key) & mask
        while slots.base[at] != 0 {
            if let id = match(slots.base[at], key, bytes) { return id }
            at = (at + 1) & mask
        }
        return nil
    }

    /// The id of a slot if it holds this string.
    @inline(__always)
    private func match(_ slot: UInt64, _ key: UInt64, _ bytes: UnsafeRawBufferPointer) -> Int? {
        guard slot >> 32 == key >> 32 else { return nil }
        let id = Int(slot & 0xFFFF_FFFF) - 1
        return equal(id, bytes) ? id : nil
    }

    /// The bytes of an id; nil if nothing has it. Valid as long as the dictionary.
    func bytes(of id: Int) -> Bytes? {
        guard id >= 0, id < spans.count, spans.base[id] != 0 else { return nil }
        let span = spans.base[id]
        // SAFETY: the span was made from the blob, which only the building thread changes.
        return Bytes(start: blob.base + Int(span >> 32), count: Int(span & 0xFFFF_FFFF) - 1)
    }

    @inline(__always)
    private func equal(_ id: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let span = spans.base[id]
        guard Int(span & 0xFFFF_FFFF) - 1 == bytes.count else { return false }
        guard let start = bytes.baseAddress else { return true }
        return memcmp(blob.base + Int(span >> 32), start, bytes.count) == 0
    }
}

/// A fast hash of a byte string; the same in every run, of no cryptographic worth.
@inline(__always)
func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    arena_text_hash(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
}
