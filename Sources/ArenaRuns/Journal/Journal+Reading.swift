// What the journal says about its runs.

import ArenaCore

extension Journal {
    static let runColumns =
        "id, script, folder, digest, version, machine, process, started, first_started, continues, finished, status, deadline, steady, boot, spent"

    /// A run without its arguments and settings.
    static func run(_ row: JournalRow) -> RunRecord {
        var run = RunRecord(
            script: row.text(1), folder: row.text(2),
            scriptDigest: Digest(hex: row.text(3)) ?? Digest(of: ""),
            began: Moment(wall: row.real(7), steady: row.real(13), boot: row.text(14)))
        run.id = row.int(0)
        run.version = row.text(4)
        run.machine = row.text(5)
        run.process = ProcessMark(text: row.text(6))
        run.firstStarted = row.real(8)
        run.continues = row.optionalInt(9)
        run.finished = row.optionalReal(10)
        run.status = RunStatus(rawValue: row.text(11)) ?? .lost
        run.deadline = row.optionalReal(12)
        run.spent = row.real(15)
        if run.status == .running, !run.process.isAlive { run.status = .lost }
        return run
    }

    /// All runs, the oldest first.
    package func runs() throws(JournalError) -> [RunRecord] {
        try perform { database throws(JournalError) in
            try database.rows(
                "SELECT \(Self.runColumns) FROM runs ORDER BY id", read: Self.run
            ).map { run throws(JournalError) in try self.withArguments(run, database) }
        }
    }

    /// A run with all that belongs to it.
    /// - Parameter number: nil for the last.
    /// - Throws: `JournalError.noRun`.
    package func details(_ number: Int?) throws(JournalError) -> RunDetails {
        try perform { database throws(JournalError) in
            let last = try database.first("SELECT max(id) FROM runs") { $0.optionalInt(0) } ?? nil
            guard let number = number ?? last,
                let run = try database.first(
                    "SELECT \(Self.runColumns) FROM runs WHERE id=?", .int(number), read: Self.run)
            else { throw JournalError.noRun(number ?? 0, last: last) }
            return RunDetails(
                run: try self.withArguments(run, database),
                steps: try self.steps(of: number, database),
                metrics: try database.rows(
                    "SELECT name, value FROM metrics WHERE run=? ORDER BY number", .int(number)
                ) { MetricRecord($0.text(0), $0.real(1)) },
                seeds: try database.rows(
                    "SELECT name, value FROM seeds WHERE run=? ORDER BY number", .int(number)
                ) { SeedRecord($0.text(0), $0.text(1)) },
                inputs: try database.rows(
                    "SELECT path, size, digest FROM inputs WHERE run=? ORDER BY path",
                    .int(number)
                ) {
                    InputRecord(
                        path: $0.text(0), size: $0.int(1),
                        digest: Digest(hex: $0.text(2)) ?? Digest(of: ""))
                },
                outputs: try database.rows(
                    "SELECT path, size, digest, summary FROM outputs WHERE run=? ORDER BY path",
                    .int(number)
                ) {
                    OutputRecord(
                        path: $0.text(0), size: $0.int(1),
                        digest: Digest(hex: $0.text(2)) ?? Digest(of: ""), summary: $0.text(3))
                })
        }
    }

    /// How many steps the last run of a run's script, that came to its end, had; nil if there is none.
    func stepsOfLastRun(of run: RunRecord) throws(JournalError) -> Int? {
        try perform { database throws(JournalError) in
            let last =
                try database.first(
                    "SELECT max(id) FROM runs WHERE digest=? AND id<? AND status IN (?, ?)",
                    .text("\(run.scriptDigest)"), .int(run.id), .text(RunStatus.finished.rawValue),
                    .text(RunStatus.cut.rawValue)
                ) { $0.optionalInt(0) } ?? nil
            guard let last else { return nil }
            return try database.first("SELECT count(*) FROM steps WHERE run=?", .int(last)) {
                $0.int(0)
            }
        }
    }

    /// The step of earlier runs that is most like these facts; of several, the latest.
    package func nearestStep(to facts: [StepFact]) throws(JournalError) -> StepRecord? {
        try perform { database throws(JournalError) in
            let own = self.run?.id ?? Int.max
            let recent = try database.rows(
                "SELECT id FROM runs WHERE id<? ORDER BY id DESC LIMIT 20", .int(own)
            ) { $0.int(0) }
            var best: (step: StepRecord, distance: Int)?
            for run in recent {
                for step in try self.steps(of: run, database) {
                    let distance = differences(from: step.facts, to: facts).count
                    if distance < best?.distance ?? Int.max { best = (step, distance) }
                }
            }
            return best?.step
        }
    }

    private func steps(
        of run: Int, _ database: JournalDatabase
    ) throws(JournalError) -> [StepRecord] {
        var steps = try database.rows(
            """
            SELECT number, label, computation, rows, found, computed, missing, tokens, seconds,
                peak_bytes
            FROM steps WHERE run=? ORDER BY number
            """, .int(run)
        ) { row in
            StepRecord(
                number: row.int(0), label: row.text(1),
                computation: Digest(hex: row.text(2)) ?? Digest(of: ""), facts: [],
                rows: row.int(3), found: row.int(4), computed: row.int(5), missing: row.int(6),
                tokens: row.int(7), seconds: row.real(8), peakBytes: row.int(9))
        }
        for i in steps.indices {
            steps[i].facts = try database.rows(
                "SELECT kind, name, value FROM facts WHERE run=? AND step=? ORDER BY number",
                .int(run), .int(steps[i].number)
            ) { row in
                StepFact(
                    StepFact.Kind(rawValue: row.text(0)) ?? .parameter, row.text(1), row.text(2))
            }
        }
        return steps
    }

    private func withArguments(
        _ run: RunRecord, _ database: JournalDatabase
    ) throws(JournalError) -> RunRecord {
        var run = run
        run.arguments = try database.rows(
            "SELECT value FROM arguments WHERE run=? ORDER BY number", .int(run.id)
        ) { $0.text(0) }
        let settings = try database.rows(
            "SELECT name, value FROM settings WHERE run=?", .int(run.id)
        ) { ($0.text(0), $0.text(1)) }
        run.settings = Dictionary(settings) { $1 }
        return run
    }

    /// The last output of that path in earlier runs.
    package func lastOutput(_ path: String) throws(JournalError) -> OutputRecord? {
        try perform { database throws(JournalError) in
            try database.first(
                """
                SELECT path, size, digest, summary FROM outputs WHERE path=? AND run<>?
                ORDER BY run DESC LIMIT 1
                """, .text(path), .int(self.run?.id ?? 0)
            ) {
                OutputRecord(
                    path: $0.text(0), size: $0.int(1),
                    digest: Digest(hex: $0.text(2)) ?? Digest(of: ""), summary: $0.text(3))
            }
        }
    }
}
