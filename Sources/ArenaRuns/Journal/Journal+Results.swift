// Results of rows: written in groups, found by content. Each carries a seal over its identity and its
// bytes, so that what a disk has changed is computed again and never taken.

import ArenaCore

extension Journal {
    /// The results of rows that the journal has, nil for the others.
    package func results(
        of computation: Digest, rows: [Digest]
    ) throws(JournalError) -> [[UInt8]?] {
        try flush()
        return try perform { database throws(JournalError) in
            guard let id = try self.number(of: computation, database) else {
                return [[UInt8]?](repeating: nil, count: rows.count)
            }
            var found: [[UInt8]?] = []
            found.reserveCapacity(rows.count)
            for row in rows {
                let stored = try database.first(
                    "SELECT value, seal FROM results WHERE computation=? AND row=?", .int(id),
                    .blob(Self.key(row))
                ) { ($0.blob(0), $0.int(1)) }
                found.append(
                    stored.flatMap { value, seal in
                        Self.seal(computation, row, value) == seal ? value : nil
                    })
            }
            return found
        }
    }

    /// Leaves results to be committed soon; whoever computes need not wait.
    package func keep(_ results: [RowResult], of computation: Digest) {
        self.results.add(results, to: computation)
    }

    /// Commits all results that wait.
    /// - Throws: `JournalError`, also one that has happened before: then nothing is kept any more.
    package func flush() throws(JournalError) { try flush(.machine) }

    func flush(_ durability: Durability) throws(JournalError) {
        try flushing.holding { () throws(JournalError) in
            let group = try results.take()
            let mustSync = durability == .machine && results.isUnsynced
            guard !group.results.isEmpty || mustSync else { return results.settle(.machine) }
            try commit(group.results, durability)
            results.settle(durability)
        }
    }

    private func commit(
        _ waiting: [(computation: Digest, result: RowResult)], _ durability: Durability
    ) throws(JournalError) {
        do throws(JournalError) {
            try perform { database throws(JournalError) in
                try database.transaction(durability) { () throws(JournalError) in
                    for (computation, result) in waiting {
                        try database.run(
                            "INSERT OR REPLACE INTO results VALUES(?, ?, ?, ?)",
                            .int(try self.makeNumber(of: computation, database)),
                            .blob(Self.key(result.row)), .blob(result.value),
                            .int(Self.seal(computation, result.row, result.value)))
                    }
                    // A page that is written anew, since a commit of nothing waits for nothing.
                    if waiting.isEmpty {
                        try database.run("PRAGMA user_version=\(JournalSchema.version)")
                    }
                }
            }
        } catch {
            // A number given to a computation may have been rolled back.
            lock.holding { computations = [:] }
            results.fail(error)
            throw error
        }
    }

    /// The first thing that went wrong while results were committed.
    package var failure: JournalError? { results.failure }

    private func number(
        of computation: Digest, _ database: JournalDatabase
    ) throws(JournalError) -> Int? {
        if let known = computations[computation] { return known }
        let found = try database.first(
            "SELECT id FROM computations WHERE digest=?", .text("\(computation)")
        ) { $0.int(0) }
        computations[computation] = found
        return found
    }

    private func makeNumber(
        of computation: Digest, _ database: JournalDatabase
    ) throws(JournalError) -> Int {
        if let known = try number(of: computation, database) { return known }
        try database.run("INSERT INTO computations(digest) VALUES(?)", .text("\(computation)"))
        let id = database.lastInsertID
        computations[computation] = id
        return id
    }

    /// Half a digest tells rows apart as surely, in half the room.
    private static func key(_ row: Digest) -> [UInt8] { Array(row.bytes.prefix(16)) }

    private static func seal(_ computation: Digest, _ row: Digest, _ value: [UInt8]) -> Int {
        var hash = SHA256()
        hash.add(computation.bytes)
        hash.add(row.bytes)
        hash.add(value)
        return hash.finish().bytes.prefix(8).reduce(0) { $0 << 8 | Int($1) }
    }
}
