// Runs and what belongs to them: written as it happens, read by `runs` and `--explain`.

import ArenaCore

extension Journal {
    /// Records that a run begins. If the last run of the same command did not come to its end, and its
    /// process is gone, the new one goes on with its clock.
    /// - Returns: the run with its number.
    package func begin(_ run: RunRecord, fresh: Bool = false) throws(JournalError) -> RunRecord {
        try perform { database throws(JournalError) in
            let begun = try database.transaction { () throws(JournalError) in
                var run = run
                try self.markLost(database)
                if !fresh, let last = try self.last(of: run.command, database),
                    last.status.isUnfinished
                {
                    run.continues = last.id
                    run.firstStarted = min(last.firstStarted, run.started)
                    run.spent = last.elapsed(at: run.began)
                }
                return try self.insert(run, database)
            }
            self.run = begun
            return begun
        }
    }

    /// Runs whose process is gone without a word.
    private func markLost(_ database: JournalDatabase) throws(JournalError) {
        let running = try database.rows(
            "SELECT id, process FROM runs WHERE status=?", .text(RunStatus.running.rawValue)
        ) { ($0.int(0), ProcessMark(text: $0.text(1))) }
        for (id, process) in running where !process.isAlive {
            try database.run(
                "UPDATE runs SET status=? WHERE id=?", .text(RunStatus.lost.rawValue), .int(id))
        }
    }

    private func last(
        of command: Digest, _ database: JournalDatabase
    ) throws(JournalError) -> RunRecord? {
        try database.first(
            "SELECT \(Self.runColumns) FROM runs WHERE command=? ORDER BY id DESC LIMIT 1",
            .blob(command.bytes), read: Self.run)
    }

    func insert(_ run: RunRecord, _ database: JournalDatabase) throws(JournalError) -> RunRecord {
        var run = run
        try database.run(
            """
            INSERT INTO runs(command, script, folder, digest, version, machine, process, started,
                steady, boot, spent, first_started, continues, finished, status, deadline)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .blob(run.command.bytes), .text(run.script), .text(run.folder),
            .text("\(run.scriptDigest)"), .text(run.version), .text(run.machine),
            .text(run.process.text), .real(run.started), .real(run.began.steady),
            .text(run.began.boot), .real(run.spent), .real(run.firstStarted),
            JournalValue(run.continues), JournalValue(run.finished), .text(run.status.rawValue),
            JournalValue(run.deadline))
        run.id = database.lastInsertID
        for (number, argument) in run.arguments.enumerated() {
            try database.run(
                "INSERT INTO arguments VALUES(?, ?, ?)", .int(run.id), .int(number),
                .text(argument))
        }
        for (name, value) in run.settings {
            try database.run(
                "INSERT INTO settings VALUES(?, ?, ?)", .int(run.id), .text(name), .text(value))
        }
        return run
    }

    /// Writes a step as it stands; a second time its numbers are brought up to date.
    package func record(_ step: StepRecord) throws(JournalError) {
        try write { run, database throws(JournalError) in
            try database.run(
                "INSERT OR REPLACE INTO steps VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", .int(run),
                .int(step.number), .text(step.label), .text("\(step.computation)"),
                .int(step.rows), .int(step.found), .int(step.computed), .int(step.missing),
                .int(step.tokens), .real(step.seconds), .int(step.peakBytes))
            for (number, fact) in step.facts.enumerated() {
                try database.run(
                    "INSERT OR REPLACE INTO facts VALUES(?, ?, ?, ?, ?, ?)", .int(run),
                    .int(step.number), .int(number), .text(fact.kind.rawValue), .text(fact.name),
                    .text(fact.value))
            }
        }
    }

    package func record(_ metric: MetricRecord) throws(JournalError) {
        try write { run, database throws(JournalError) in
            try database.run(
                """
                INSERT INTO metrics
                SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3 FROM metrics WHERE run=?1
                """, .int(run), .text(metric.name), .real(metric.value))
        }
    }

    package func record(_ seeds: [SeedRecord]) throws(JournalError) {
        try write { run, database throws(JournalError) in
            for (number, seed) in seeds.enumerated() {
                try database.run(
                    "INSERT OR REPLACE INTO seeds VALUES(?, ?, ?, ?)", .int(run), .int(number),
                    .text(seed.name), .text(seed.value))
            }
        }
    }

    package func record(_ output: OutputRecord) throws(JournalError) {
        try write { run, database throws(JournalError) in
            try database.run(
                "INSERT OR REPLACE INTO outputs VALUES(?, ?, ?, ?, ?)", .int(run),
                .text(output.path), .int(output.size), .text("\(output.digest)"),
                .text(output.summary))
        }
    }

    package func record(_ inputs: [InputRecord]) throws(JournalError) {
        try write { run, database throws(JournalError) in
            for input in inputs {
                try database.run(
                    "INSERT OR REPLACE INTO inputs VALUES(?, ?, ?, ?)", .int(run),
                    .text(input.path), .int(input.size), .text("\(input.digest)"))
            }
        }
    }

    /// Records when the run under way must be over.
    package func recordDeadline(_ time: Double) throws(JournalError) {
        try write { run, database throws(JournalError) in
            try database.run("UPDATE runs SET deadline=? WHERE id=?", .real(time), .int(run))
        }
    }

    /// Records how the run under way ended.
    package func finish(_ status: RunStatus, at time: Double) throws(JournalError) {
        try write { run, database throws(JournalError) in
            try database.run(
                "UPDATE runs SET status=?, finished=? WHERE id=?", .text(status.rawValue),
                .real(time), .int(run))
        }
    }

    private func write(
        _ body: (_ run: Int, JournalDatabase) throws(JournalError) -> Void
    ) throws(JournalError) {
        try perform { database throws(JournalError) in
            try database.transaction { () throws(JournalError) in
                guard let run = self.run else { return }
                try body(run.id, database)
            }
        }
    }
}
