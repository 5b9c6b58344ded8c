// Results kept from one run to the next. A row is known by its content: its tokens, their segments and
// the places that are looked at; what is computed of it, and with which weights, is the store's to know.

import ArenaCore
import Synchronization

/// Keeps the results of rows; used from several threads.
package protocol RowStore: Sendable {
    /// The results that are known, nil for the others.
    func values(for rows: [Digest]) -> [[Float]?]
    /// Keeps results; waits at most until those that the same thread has left before are safe.
    func keep(_ rows: [Digest], _ values: [[Float]])
    /// Whether results can no longer be kept: then the run ends.
    var hasFailed: Bool { get }
}

extension Pack.Row {
    /// What the row is known by.
    var digest: Digest {
        var hash = SHA256()
        hash.add(tokens.count)
        tokens.withUnsafeBytes { hash.add($0) }
        // Segments that are all 0 may be given or left out.
        if types.contains(where: { $0 != 0 }) { types.withUnsafeBytes { hash.add($0) } }
        hash.add(wanted.map { $0.count } ?? -1)
        for place in wanted ?? [] { hash.add(place) }
        return hash.finish()
    }
}

/// What each row is known by, computed on several cores.
func rowDigests(_ rows: [PackPlan.Row], workers: Int) -> [Digest] {
    let parts = max(1, min(workers, rows.count / 256))
    let results = Mutex([[Digest]](repeating: [], count: parts))
    parallelRanges(rows.count, workers: parts) { part, range in
        let own = rows[range].map(\.row.digest)
        results.withLock { $0[part] = own }
    }
    return results.withLock { $0.flatMap { $0 } }
}
