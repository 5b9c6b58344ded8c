// What short pieces were spelled as the last time: words repeat, and a look-up is far cheaper than
// merging. One cache a thread. What it holds never changes a result, only the time.

import Glibc

/// Spellings of pieces of 1 to 15 bytes, and of longer ones up to a limit. When full it starts again:
/// the frequent pieces are back at once.
struct PieceCache: ~Copyable {
    /// The bytes of a piece with its length on top, and its tokens; four and more lie in `spill`.
    struct Slot: BitwiseCopyable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var count: UInt32 = 0
        var first: Int32 = 0
        var second: Int32 = 0
        var third: Int32 = 0
    }

    private struct LongSlot: BitwiseCopyable {
        var hash: UInt64 = 0
        var length: UInt32 = 0
        var text: UInt32 = 0
        var count: UInt32 = 0
        var ids: UInt32 = 0
    }

    static let longest = 128
    private static let mostSlots = 1 << 17
    private static let longSlots = 1 << 14

    private var slots: UnsafeMutablePointer<Slot>
    private var mask: Int
    private var used = 0
    private var spill = Scratch<Int32>()
    private var longTable: UnsafeMutablePointer<LongSlot>?
    private var longUsed = 0
    private var longText = Scratch<UInt8>()
    private var longIDs = Scratch<Int32>()

    init() {
        mask = 1 << 12 - 1
        slots = Self.emptySlots(1 << 12)
    }

    deinit {
        free(slots)
        free(longTable)
    }

    private static func emptySlots<T: BitwiseCopyable>(_ count: Int) -> UnsafeMutablePointer<T> {
        // SAFETY: zeroed memory is an empty slot; a failing small allocation ends the program as any would.
        guard let raw = calloc(count, MemoryLayout<T>.stride) else {
            preconditionFailure("out of memory")
        }
        return raw.bindMemory(to: T.self, capacity: count)
    }

    /// The key of a piece of 1 to 15 bytes; 16 bytes from its start may be read.
    @inline(__always)
    static func key(_ p: UnsafePointer<UInt8>, _ n: Int) -> (low: UInt64, high: UInt64) {
        let raw = UnsafeRawPointer(p)
        var low = raw.loadUnaligned(as: UInt64.self)
        var high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        if n < 8 {
            low &= (1 &<< UInt64(truncatingIfNeeded: n &* 8)) &- 1
            high = 0
        } else {
            high &= (1 &<< UInt64(truncatingIfNeeded: (n &- 8) &* 8)) &- 1
        }
        return (low, high | UInt64(truncatingIfNeeded: n) &<< 56)
    }

    /// Copies the tokens of a short piece to `out`, which has room for three more than needed; returns
    /// how many, or -1 if the piece is not there.
    @inline(__always)
    func find(_ low: UInt64, _ high: UInt64, into out: UnsafeMutablePointer<Int32>) -> Int {
        var at = Int(truncatingIfNeeded: mix(low, high)) & mask
        while true {
            let slot = slots + at
            if slot.pointee.low == low, slot.pointee.high == high {
                let count = Int(slot.pointee.count)
                if count <= 3 {
                    out[0] = slot.pointee.first
                    out[1] = slot.pointee.second
                    out[2] = slot.pointee.third
                } else {
                    out.update(from: spill.base + Int(slot.pointee.first), count: count)
                }
                return count
            }
            if slot.pointee.high == 0 { return -1 }
            at = (at &+ 1) & mask
        }
    }

    /// Keeps the spelling of a short piece that was not found.
    mutating func insert(
        _ low: UInt64, _ high: UInt64, _ ids: UnsafeMutablePointer<Int32>, _ count: Int
    ) {
        if used * 4 >= (mask + 1) * 3 { makeRoom() }
        var slot = Slot(low: low, high: high, count: UInt32(count))
        if count <= 3 {
            slot.first = ids[0]
            slot.second = count > 1 ? ids[1] : 0
            slot.third = count > 2 ? ids[2] : 0
        } else {
            slot.first = Int32(truncatingIfNeeded: spill.count)
            spill.append(UnsafeBufferPointer(start: ids, count: count))
        }
        place(slot)
        used += 1
    }

    private func place(_ slot: Slot) {
        var at = Int(truncatingIfNeeded: mix(slot.low, slot.high)) & mask
        while slots[at].high != 0 { at = (at + 1) & mask }
        slots[at] = slot
    }

    private mutating func makeRoom() {
        let old = slots
        let oldCount = mask + 1
        if oldCount < Self.mostSlots {
            slots = Self.emptySlots(oldCount * 4)
            mask = oldCount * 4 - 1
            for i in 0..<oldCount where old[i].high != 0 { place(old[i]) }
        } else {
            slots = Self.emptySlots(oldCount)
            used = 0
            spill.count = 0
        }
        free(old)
    }

    /// The same for a piece of 16 to `longest` bytes.
    func findLong(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ hash: UInt64, into out: UnsafeMutablePointer<Int32>
    ) -> Int {
        guard let longTable else { return -1 }
        var at = Int(truncatingIfNeeded: hash) & (Self.longSlots - 1)
        while longTable[at].length != 0 {
            let slot = longTable[at]
            if slot.hash == hash, Int(slot.length) == n,
                memcmp(longText.base + Int(slot.text), p, n) == 0
            {
                out.update(from: longIDs.base + Int(slot.ids), count: Int(slot.count))
                return Int(slot.count)
            }
            at = (at + 1) & (Self.longSlots - 1)
        }
        return -1
    }

    mutating func insertLong(
        _ p: UnsafePointer<UInt8>, _ n: Int, _ hash: UInt64, _ ids: UnsafeMutablePointer<Int32>,
        _ count: Int
    ) {
        if longUsed * 4 >= Self.longSlots * 3 {
            free(longTable)
            longTable = nil
            longUsed = 0
            longText.count = 0
            longIDs.count = 0
        }
        let table = longTable ?? Self.emptySlots(Self.longSlots)
        longTable = table
        var at = Int(truncatingIfNeeded: hash) & (Self.longSlots - 1)
        while table[at].length != 0 { at = (at + 1) & (Self.longSlots - 1) }
        table[at] = LongSlot(
            hash: hash, length: UInt32(n), text: UInt32(longText.count), count: UInt32(count),
            ids: UInt32(longIDs.count))
        longText.append(Bytes(start: p, count: n))
        longIDs.append(UnsafeBufferPointer(start: ids, count: count))
        longUsed += 1
    }
}
