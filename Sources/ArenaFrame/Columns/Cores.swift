// Many rows on all cores: how many workers they are worth, memory for what lies between two passes,
// and values taken in another order. No result depends on how many workers there are.

import ArenaCore
import Synchronization

/// How many workers the verbs of frames use.
package enum Cores {
    fileprivate static let forced = Atomic<Int>(0)

    /// Below this many rows a thread costs more than it brings.
    private static let fewRows = 1 << 15

    /// Makes every verb use so many workers, whatever the number of rows; nil leaves it to the rows.
    /// For tests.
    package static func force(_ workers: Int?) { forced.store(workers ?? 0, ordering: .relaxed) }

    /// The number of workers for so many rows, 1 at least.
    static func workers(for rows: Int) -> Int {
        let forced = forced.load(ordering: .relaxed)
        if forced > 0 { return max(1, min(forced, rows)) }
        return rows < fewRows ? 1 : processorCount()
    }
}

/// Runs `body` over consecutive ranges of rows at once, one for each worker. What keeps something for each
/// worker asks for their number once, and gives it to `parallelRanges`: it may be another the next time.
func overRows(
    _ count: Int, _ body: @escaping @Sendable (_ worker: Int, _ rows: Range<Int>) -> Void
) {
    parallelRanges(count, workers: Cores.workers(for: count), body)
}

/// Plain values that several workers fill, each its own places.
final class Scratch<T: BitwiseCopyable>: @unchecked Sendable {
    // SAFETY: whoever shares it sees to it that no two workers write one place, and that what is read
    // was written before, or all have ended in between. Freed with the object.
    let base: UnsafeMutablePointer<T>
    let count: Int
    private let chunk: ByteChunk?

    init(_ count: Int) {
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<T>.stride
        chunk = ByteChunk(capacity: bytes)
        base =
            chunk?.base.bindMemory(to: T.self, capacity: max(count, 1))
            ?? .allocate(capacity: max(count, 1))
    }

    convenience init(repeating value: T, count: Int) {
        self.init(count)
        base.update(repeating: value, count: count)
    }

    deinit { if chunk == nil { base.deallocate() } }

    @inline(__always)
    subscript(_ at: Int) -> T {
        get { base[at] }
        set { base[at] = newValue }
    }
}

/// A place that several workers write to, each its own part.
struct Target<T>: @unchecked Sendable {
    // SAFETY: as for `Scratch`; whoever makes it keeps the memory until all workers have ended.
    let base: UnsafeMutablePointer<T>

    init(_ base: UnsafeMutablePointer<T>) { self.base = base }

    @inline(__always)
    subscript(_ at: Int) -> T {
        get { base[at] }
        nonmutating set { base[at] = newValue }
    }
}

/// A place that several workers read.
struct Source<T>: @unchecked Sendable {
    // SAFETY: nobody writes there while it is read; whoever makes it keeps the memory for as long.
    let base: UnsafePointer<T>
    let count: Int

    @inline(__always)
    subscript(_ at: Int) -> T { base[at] }
}

/// Lends an array's values to workers.
func lending<T, R>(_ values: [T], _ body: (Source<T>) -> R) -> R {
    values.withUnsafeBufferPointer { buffer in
        // An empty array may have no address; then nothing is read.
        let none = UnsafeMutablePointer<T>.allocate(capacity: 1)
        defer { none.deallocate() }
        return body(Source(base: buffer.baseAddress ?? UnsafePointer(none), count: buffer.count))
    }
}

/// An array whose places workers fill, rows in consecutive ranges.
func filled<T: BitwiseCopyable>(
    _ count: Int, _ body: @escaping @Sendable (Target<T>, Range<Int>) -> Void
) -> [T] {
    [T](unsafeUninitializedCapacity: count) { buffer, used in
        used = count
        guard let base = buffer.baseAddress else { return }
        let target = Target(base)
        overRows(count) { _, rows in body(target, rows) }
    }
}

/// Values in the order of rows.
/// - Precondition: every row is in range.
func gathered<T: BitwiseCopyable>(_ values: [T], _ rows: [Int]) -> [T] {
    lending(values) { source in
        lending(rows) { order in
            filled(order.count) { target, range in
                for place in range {
                    let row = order[place]
                    precondition(UInt(bitPattern: row) < UInt(bitPattern: source.count))
                    target[place] = source[row]
                }
            }
        }
    }
}

/// `body` of each row, in order.
func mappedRows<T: BitwiseCopyable>(
    _ count: Int, _ body: @escaping @Sendable (Int) -> T
) -> [T] {
    filled(count) { target, range in for row in range { target[row] = body(row) } }
}

/// Moves items to where their digit says, those of one digit as they were.
/// - Returns: where each digit's items begin, and the end.
@discardableResult
@inline(__always)
func distribute<T: BitwiseCopyable>(
    _ items: Scratch<T>, to target: Scratch<T>, digits: Int,
    _ digit: @escaping @Sendable (T) -> Int
) -> [Int] {
    let count = items.count
    let workers = max(1, min(Cores.workers(for: count), count))
    let places = Scratch<Int>(repeating: 0, count: digits * workers)
    parallelRanges(count, workers: workers) { worker, range in
        let own = places.base + worker * digits
        for at in range { own[digit(items.base[at])] += 1 }
    }
    var starts: [Int] = []
    starts.reserveCapacity(digits + 1)
    var sum = 0
    for digit in 0..<digits {
        starts.append(sum)
        for worker in 0..<workers {
            (places[worker * digits + digit], sum) = (sum, sum + places[worker * digits + digit])
        }
    }
    starts.append(sum)
    parallelRanges(count, workers: workers) { worker, range in
        let own = places.base + worker * digits
        for at in range {
            let item = items.base[at]
            let digit = digit(item)
            target.base[own[digit]] = item
            own[digit] += 1
        }
    }
    return starts
}

extension Cores {
    /// The number of workers for texts, of which few are worth a thread.
    static var workersForTexts: Int {
        let forced = forced.load(ordering: .relaxed)
        return forced > 0 ? forced : processorCount()
    }
}
