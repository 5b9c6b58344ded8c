// The order of values: a stable merge sort whose comparison is chosen by the keys' types.

import ArenaCore
import Glibc

/// A key and the place of its item.
private struct SortEntry: BitwiseCopyable {
    var key: Value
    var index: Int
}

/// The shared body of `sorted` and `list.sort`.
func sortedList(_ a: Arguments, items index: Int, key: Int, reverse: Int) throws(Raised) -> Value {
    let items = try a.machine.snapshot(a[index])
    defer { for item in items { item.release() } }
    var keys: [Value] = []
    defer { if a.has(key) { for k in keys { k.release() } } }
    if a.has(key) {
        keys.reserveCapacity(items.count)
        for item in items { keys.append(try a.machine.call(a[key], [item])) }
    } else {
        keys = items
    }
    let descending = try a.isTrue(reverse)
    // SAFETY: both hold `items.count` entries, are initialized before they are read, and end here.
    let entries = UnsafeMutablePointer<SortEntry>.allocate(capacity: max(1, items.count))
    let spare = UnsafeMutablePointer<SortEntry>.allocate(capacity: max(1, items.count))
    defer {
        entries.deallocate()
        spare.deallocate()
    }
    for (i, key) in keys.enumerated() {
        (entries + i).initialize(to: SortEntry(key: key, index: i))
    }
    if keys.allSatisfy(\.isInt) {
        if descending {
            mergeSort(entries, spare, items.count) { $0.i > $1.i }
        } else {
            mergeSort(entries, spare, items.count) { $0.i < $1.i }
        }
    } else if keys.allSatisfy({ $0.isKind(.string) }) {
        if descending {
            mergeSort(entries, spare, items.count) { compareText($1, $0) < 0 }
        } else {
            mergeSort(entries, spare, items.count) { compareText($0, $1) < 0 }
        }
    } else if descending {
        try mergeSort(entries, spare, items.count) { x, y throws(Raised) in try precedes(y, x) }
    } else {
        try mergeSort(entries, spare, items.count) { x, y throws(Raised) in try precedes(x, y) }
    }
    let result = Value.list(capacity: items.count)
    for i in 0..<items.count { result.append(items[entries[i].index].retain()) }
    return result
}

/// `x < y`, as a sort asks it.
func precedes(_ x: Value, _ y: Value) throws(Raised) -> Bool {
    if x.isInt, y.isInt { return x.i < y.i }
    if x.isKind(.tuple), y.isKind(.tuple) {
        // Tuples of ints and text, the usual keys, need nothing general.
        let n = min(x.cast(TupleObject.self).pointee.count, y.cast(TupleObject.self).pointee.count)
        let (a, b) = (tupleItems(x), tupleItems(y))
        var i = 0
        while i < n {
            if a[i].isInt, b[i].isInt {
                if a[i].i != b[i].i { return a[i].i < b[i].i }
            } else if a[i].isKind(.string), b[i].isKind(.string) {
                let order = compareText(a[i], b[i])
                if order != 0 { return order < 0 }
            } else {
                break
            }
            i += 1
        }
    }
    if x.isFloat || y.isFloat, let a = x.asDouble, let b = y.asDouble, a.isNaN || b.isNaN {
        return false
    }
    if x.isKind(.set), y.isKind(.set) { return try isSubset(x, y, strict: true) }
    return try compareOrder(x, y, .less) < 0
}

/// Strings or bytes by their bytes, which is also the order of code points.
@inline(__always)
func compareText(_ x: Value, _ y: Value) -> Int {
    let n = x.cast(StringObject.self).pointee.count
    let m = y.cast(StringObject.self).pointee.count
    let order = memcmp(stringBytes(x), stringBytes(y), min(n, m))
    return order != 0 ? Int(order) : n - m
}

/// Sorts `count` entries in place, equal ones as they stand. The order may throw; the entries are then
/// in no order, none lost.
@inline(__always)
private func mergeSort<Failure: Error>(
    _ entries: UnsafeMutablePointer<SortEntry>, _ spare: UnsafeMutablePointer<SortEntry>,
    _ count: Int, _ before: (Value, Value) throws(Failure) -> Bool
) throws(Failure) {
    // Short runs by insertion, then runs in pairs.
    let run = 8
    var start = 0
    while start < count {
        let end = min(start + run, count)
        var i = start + 1
        while i < end {
            let entry = entries[i]
            var j = i
            while j > start, try before(entry.key, entries[j - 1].key) {
                entries[j] = entries[j - 1]
                j -= 1
            }
            entries[j] = entry
            i += 1
        }
        start = end
    }
    var width = run
    while width < count {
        var start = 0
        while start + width < count {
            let middle = start + width
            let end = min(start + 2 * width, count)
            start = end
            let first = middle - width
            // Runs that follow each other already need no merge.
            if try !before(entries[middle].key, entries[middle - 1].key) { continue }
            let left = width
            spare.update(from: entries + first, count: left)
            var i = 0
            var j = middle
            var k = first
            while i < left, j < end {
                if try before(entries[j].key, spare[i].key) {
                    entries[k] = entries[j]
                    j += 1
                } else {
                    entries[k] = spare[i]
                    i += 1
                }
                k += 1
            }
            (entries + k).update(from: spare + i, count: left - i)
        }
        width *= 2
    }
}
