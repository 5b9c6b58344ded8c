// Dictionaries and sets: entries in insertion order and a table of their indexes (open addressing).
// A removed entry leaves a hole (key `.unset`) until the table is rebuilt.

import Glibc

struct TableEntry {
    var key: Value
    var value: Value
    var hash: UInt32
}

struct TableObject {
    var header: ObjectHeader
    /// Live entries.
    var count: Int
    /// Entries with holes.
    var used: Int
    var capacity: Int
    var entries: UnsafeMutablePointer<TableEntry>
    /// Index of an entry, -1 for none, -2 for a removed one.
    var slots: UnsafeMutablePointer<Int32>
    var mask: Int

    /// Changes whenever a key comes or goes, so that a loop can tell.
    var version: Int { used &* 0x1_0000_0000 &+ count }
}

extension Value {
    package static func dict() -> Value { table(.dict) }
    package static func set() -> Value { table(.set) }

    private static func table(_ kind: ObjectKind) -> Value {
        let p = allocate(TableObject.self, kind)
        p.pointee.count = 0
        p.pointee.used = 0
        p.pointee.capacity = 4
        p.pointee.entries = allocateEntries(4)
        p.pointee.mask = 7
        p.pointee.slots = allocateSlots(8)
        return .object(p)
    }

    /// A dict from owned values.
    package static func dict(_ items: some Sequence<(String, Value)>) -> Value {
        let v = dict()
        for (key, value) in items {
            let k = Value.string(key)
            // A string is always hashable.
            _ = try? v.tableSet(k, value)
            k.release()
            value.release()
        }
        return v
    }

    /// The index of a key's entry, or -1.
    func tableFind(_ key: Value) throws(Raised) -> Int {
        findEntry(cast(TableObject.self), key, try hashValue(key))
    }

    /// Sets a key's value; both are retained.
    func tableSet(_ key: Value, _ value: Value) throws(Raised) {
        let hash = try hashValue(key)
        let t = cast(TableObject.self)
        let at = findEntry(t, key, hash)
        if at >= 0 {
            let old = t.pointee.entries[at].value
            t.pointee.entries[at].value = value.retain()
            old.release()
            return
        }
        if t.pointee.used == t.pointee.capacity { rebuild(t) }
        let index = t.pointee.used
        t.pointee.entries[index] = TableEntry(key: key.retain(), value: value.retain(), hash: hash)
        t.pointee.used += 1
        t.pointee.count += 1
        var i = Int(hash) & t.pointee.mask
        while t.pointee.slots[i] >= 0 { i = (i + 1) & t.pointee.mask }
        t.pointee.slots[i] = Int32(truncatingIfNeeded: index)
    }

    /// Removes a key; its value is owned by the caller. Nil if it was not there.
    func tableRemove(_ key: Value) throws(Raised) -> Value? {
        let hash = try hashValue(key)
        let t = cast(TableObject.self)
        let mask = t.pointee.mask
        var i = Int(hash) & mask
        while t.pointee.slots[i] != -1 {
            let x = Int(t.pointee.slots[i])
            if x >= 0, t.pointee.entries[x].hash == hash, keysEqual(t.pointee.entries[x].key, key) {
                t.pointee.slots[i] = -2
                let entry = t.pointee.entries[x]
                t.pointee.entries[x].key = .unset
                t.pointee.entries[x].value = .unset
                t.pointee.count -= 1
                entry.key.release()
                return entry.value
            }
            i = (i + 1) & mask
        }
        return nil
    }

    func tableClear() {
        let t = cast(TableObject.self)
        let entries = t.pointee.entries
        let used = t.pointee.used
        t.pointee.used = 0
        t.pointee.count = 0
        for i in 0...t.pointee.mask { t.pointee.slots[i] = -1 }
        for i in 0..<used where !entries[i].key.isUnset {
            entries[i].key.release()
            entries[i].value.release()
        }
    }
}

private func allocateEntries(_ n: Int) -> UnsafeMutablePointer<TableEntry> {
    obtain(malloc(n * MemoryLayout<TableEntry>.stride)).assumingMemoryBound(
        to: TableEntry.self)
}

private func allocateSlots(_ n: Int) -> UnsafeMutablePointer<Int32> {
    let p = obtain(malloc(n * 4)).assumingMemoryBound(to: Int32.self)
    p.initialize(repeating: -1, count: n)
    return p
}

/// Makes room: drops the holes and doubles the table if it is really full.
@inline(never)
private func rebuild(_ t: UnsafeMutablePointer<TableObject>) {
    let capacity =
        t.pointee.count * 2 > t.pointee.capacity ? t.pointee.capacity * 2 : t.pointee.capacity
    let entries = allocateEntries(capacity)
    var n = 0
    for i in 0..<t.pointee.used where !t.pointee.entries[i].key.isUnset {
        entries[n] = t.pointee.entries[i]
        n += 1
    }
    free(t.pointee.entries)
    free(t.pointee.slots)
    t.pointee.entries = entries
    t.pointee.capacity = capacity
    t.pointee.used = n
    t.pointee.mask = capacity * 2 - 1
    t.pointee.slots = allocateSlots(capacity * 2)
    for j in 0..<n {
        var i = Int(entries[j].hash) & t.pointee.mask
        while t.pointee.slots[i] >= 0 { i = (i + 1) & t.pointee.mask }
        t.pointee.slots[i] = Int32(truncatingIfNeeded: j)
    }
}

@inline(__always)
private func findEntry(
    _ t: UnsafeMutablePointer<TableObject>, _ key: Value, _ hash: UInt32
) -> Int {
    let mask = t.pointee.mask
    let slots = t.pointee.slots
    let entries = t.pointee.entries
    var i = Int(hash) & mask
    while true {
        let x = Int(slots[i])
        if x == -1 { return -1 }
        if x >= 0, entries[x].hash == hash, keysEqual(entries[x].key, key) { return x }
        i = (i + 1) & mask
    }
}

// MARK: - Hashing

@inline(__always)
private func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let m = a.multipliedFullWidth(by: b)
    return m.high ^ m.low
}

/// The hash of a key; equal keys (1, 1.0, True) have equal hashes.
@inline(__always)
func hashValue(_ key: Value) throws(Raised) -> UInt32 {
    if key.isKind(.string) { return hashString(key) }
    return try hashOther(key)
}

@inline(__always)
private func hashString(_ v: Value) -> UInt32 {
    if v.header.pointee.hash != 0 { return v.header.pointee.hash }
    let n = v.cast(StringObject.self).pointee.count
    let p = UnsafeRawPointer(stringBytes(v))
    var h: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(n)
    var i = 0
    while i + 8 <= n {
        h = mix(h ^ p.loadUnaligned(fromByteOffset: i, as: UInt64.self), 0xA076_1D64_78BD_642F)
        i += 8
    }
    var tail: UInt64 = 0
    var shift: UInt64 = 0
    while i < n {
        tail |= UInt64(p.load(fromByteOffset: i, as: UInt8.self)) << shift
        shift += 8
        i += 1
    }
    h = mix(h ^ tail, 0xE703_7ED1_A0B4_28DB)
    let hash = UInt32(truncatingIfNeeded: h) | 1
    v.header.pointee.hash = hash
    return hash
}

@inline(never)
private func hashOther(_ key: Value, depth: Int = 0) throws(Raised) -> UInt32 {
    func number(_ i: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: mix(UInt64(bitPattern: Int64(i)) ^ 0x51, 0xA076_1D64_78BD_642F))
            | 1
    }
    switch key.tag {
    case Value.Tag.int, Value.Tag.bool: return number(key.i)
    case Value.Tag.float:
        if let whole = Int(exactly: key.d) { return number(whole) }
        if key.d.isFinite, key.d == key.d.rounded() { return hashInteger(BigInteger(key.d)) }
        return UInt32(truncatingIfNeeded: mix(key.bits ^ 0x77, 0xA076_1D64_78BD_642F)) | 1
    case Value.Tag.none: return 0x1B87_3593
    case Value.Tag.unset: throw Raised(.name, "a name is used before it is assigned")
    default: break
    }
    switch key.header.pointee.kind {
    case .string, .bytes: return hashString(key)
    case .tuple:
        if depth > 100 { throw Raised(.recursion, "a key is nested more than 100 deep") }
        var h: UInt64 = 0x3C6E_F372
        for item in key.items ?? UnsafeBufferPointer(start: nil, count: 0) {
            h = mix(h ^ UInt64(try hashOther(item, depth: depth + 1)), 0xE703_7ED1_A0B4_28DB)
        }
        return UInt32(truncatingIfNeeded: h) | 1
    case .integer: return hashInteger(BigInteger(key))
    case .function, .builtin, .boundMethod, .host, .error, .errorType:
        return UInt32(truncatingIfNeeded: mix(key.bits, 0xA076_1D64_78BD_642F)) | 1
    case .range, .list, .dict, .set, .cell:
        throw Raised(
            .type, "a \(key.typeName) cannot be a key",
            help: key.isKind(.list) ? "use a tuple: tuple(x)" : nil)
    }
}

private func hashInteger(_ n: BigInteger) -> UInt32 {
    var h: UInt64 = n.isNegative ? 0x2545_F491_4F6C_DD1D : 0x9E37_79B9_7F4A_7C15
    for limb in n.magnitude { h = mix(h ^ limb, 0xA076_1D64_78BD_642F) }
    return UInt32(truncatingIfNeeded: h) | 1
}

@inline(__always)
private func keysEqual(_ a: Value, _ b: Value) -> Bool {
    if a.tag == b.tag, a.bits == b.bits { return true }
    if a.isKind(.string), b.isKind(.string) {
        let n = a.cast(StringObject.self).pointee.count
        return n == b.cast(StringObject.self).pointee.count
            && memcmp(stringBytes(a), stringBytes(b), n) == 0
    }
    return (try? valuesEqual(a, b)) ?? false
}
