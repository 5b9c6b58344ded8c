// Functions that reach themselves through a variable they capture, as an inner function that calls
// itself does. No count of references frees such a ring, so it is looked for: cells that close one are
// remembered, and from time to time those that only the ring itself holds are emptied. Only cells and
// functions are followed; a ring through a list or a dict stays until the machine ends.
// After D. F. Bacon and V. T. Rajan, "Concurrent Cycle Collection in Reference Counted Systems" (2001):
// what a set of objects holds of itself is taken off its counts, and what then has no owner is garbage.

struct ClosureCycles {
    /// Cells that closed a ring when they were written, each owned once an entry.
    private var suspects: [Value] = []
    /// The number of suspects that is worth another look; it doubles with those that live on.
    private var nextLook = 8
    /// How far a ring is looked for before it is taken for one.
    private static let reach = 64

    /// To be called after a function was put into a cell.
    mutating func stored(_ function: Value, in cell: Value) {
        if Self.reaches(function, cell) { suspect(cell) }
    }

    /// Remembers a cell that may be part of a ring.
    mutating func suspect(_ cell: Value) {
        suspects.append(cell.retain())
        if suspects.count >= nextLook { collect() }
    }

    private static func reaches(_ function: Value, _ cell: Value) -> Bool {
        var work = [function]
        var steps = 0
        while let f = work.popLast() {
            let object = f.cast(FunctionObject.self)
            for i in 0..<object.pointee.captureCount {
                let capture = object.pointee.captures[i]
                if capture.bits == cell.bits { return true }
                steps += 1
                if steps > reach { return true }
                let inner = capture.cast(CellObject.self).pointee.value
                if inner.isKind(.function), inner.bits != function.bits { work.append(inner) }
            }
        }
        return false
    }

    /// Empties the cells of rings that nothing else holds, and so frees them.
    mutating func collect() {
        // What holds what, among cells and functions; owners from inside and from `suspects`.
        var held: [UInt64: Int] = [:]
        var nodes: [Value] = []
        var roots: [Value] = []
        for cell in suspects {
            if held[cell.bits] == nil {
                nodes.append(cell)
                roots.append(cell)
            }
            held[cell.bits, default: 0] += 1
        }
        var at = 0
        while at < nodes.count {
            Self.follow(nodes[at]) { inner in
                if held[inner.bits] == nil { nodes.append(inner) }
                held[inner.bits, default: 0] += 1
            }
            at += 1
        }
        // What somebody outside holds lives, and so does all that it reaches.
        var work = nodes.filter { $0.header.pointee.owners > held[$0.bits] ?? 0 }
        var living = Set(work.map(\.bits))
        while let v = work.popLast() {
            Self.follow(v) { if living.insert($0.bits).inserted { work.append($0) } }
        }
        // Rings are opened first and freed then: nothing that is looked at goes away meanwhile.
        var contents: [Value] = []
        for v in nodes where v.isKind(.cell) && !living.contains(v.bits) {
            let cell = v.cast(CellObject.self)
            contents.append(cell.pointee.value)
            cell.pointee.value = .unset
        }
        let old = suspects
        suspects = roots.filter { living.contains($0.bits) }
        for cell in suspects { _ = cell.retain() }
        for cell in old { cell.release() }
        nextLook = max(8, 2 * suspects.count)
        for v in contents { v.release() }
    }

    /// Gives the suspects up; rings that still live then stay for ever.
    mutating func end() {
        collect()
        for cell in suspects { cell.release() }
        suspects = []
    }

    /// The cells that a function captures, or the function that a cell holds.
    private static func follow(_ v: Value, _ visit: (Value) -> Void) {
        if v.isKind(.cell) {
            let inner = v.cast(CellObject.self).pointee.value
            if inner.isKind(.function) { visit(inner) }
        } else {
            let f = v.cast(FunctionObject.self)
            for i in 0..<f.pointee.captureCount { visit(f.pointee.captures[i]) }
        }
    }
}
