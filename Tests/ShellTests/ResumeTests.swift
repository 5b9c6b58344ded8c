// Runs that are killed, stopped or out of time: what they leave, and what the next run makes of it.

import ArenaCore
import Glibc
import Testing

private let repository = String(
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

@Suite struct ResumeTests {
    let folder: TemporaryFolder

    /// A script over the demo model, with a sample of its rows; `rows` of them are predicted in small
    /// packs, so that there are many moments to be stopped at.
    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "a.as",
            """
            cfg = params(rows=400, max_length=160, adapter=None, fill=None)
            demo = "\(repository)/Resources/demo"
            labels = ["winner_model_a", "winner_model_b", "winner_tie"]
            test = read_csv(demo + "/test.csv", key="id").head(cfg.rows)
            sample = read_csv(demo + "/sample_submission.csv", key="id").head(cfg.rows)
            write_csv(sample, "sample.csv")
            m = classifier(demo + "/model", adapter=cfg.adapter, labels=labels, devices=2)
            p = m.predict_proba(test["response_a"], max_length=cfg.max_length, token_budget=32)
            submit(p, like="sample.csv", to="s.csv", fill=cfg.fill)
            """)
    }

    private func run(_ options: String = "", before: String = "") throws -> Outcome {
        try shell("\(before) arenascript run a.as --no-rehearsal \(options)", in: folder)
    }

    /// What an undisturbed run writes.
    private func expected() throws -> String {
        let whole = try shell(
            "arenascript run a.as --no-rehearsal --state whole && mv s.csv whole.csv", in: folder)
        #expect(whole.code == 0, "\(whole.errors)")
        return try #require(folder.read("whole.csv"))
    }

    @Test func aKilledRunGoesOnAndWritesTheSameBytes() throws {
        let bytes = try expected()
        var found = 0
        for moment in ["0.02", "0.1", "0.2", "0.3", "0.15", "2"] {
            _ = try shell(
                "timeout -s KILL \(moment) '\(binaryPath)' run a.as --no-rehearsal", in: folder)
            if let written = folder.read("s.csv") { #expect(written == bytes) }
        }
        let last = try run("--explain")
        #expect(last.code == 0, "\(last.errors)")
        #expect(folder.read("s.csv") == bytes)
        if let hit = last.errors.split(separator: "hit: ").dropFirst().first {
            let number = hit.drop { !$0.isNumber && $0 != "\n" }
            found = Int(number.prefix { $0.isNumber }) ?? 0
        }
        #expect(found > 0, "\(last.errors)")
    }

    @Test(arguments: [("TERM", Int32(143)), ("INT", Int32(130))])
    func aSignalLeavesWhatWasComputed(_ signal: String, _ code: Int32) throws {
        let stopped = try shell(
            """
            '\(binaryPath)' run a.as & pid=$!
            for i in $(seq 100); do [ -e .arena/journal.db ] && break; sleep 0.01; done
            sleep 0.1; kill -\(signal) $pid; wait $pid
            """, in: folder)
        // A machine may be fast enough to be done before it is asked to stop.
        guard stopped.code != 0 else { return }
        #expect(stopped.code == code, "\(stopped.errors)")
        #expect(folder.read("s.csv") == nil)
        let state = try shell("arenascript runs list", in: folder)
        #expect(state.output.contains(signal == "TERM" ? "terminated" : "interrupted"))
        let next = try run("--explain")
        #expect(next.code == 0 && next.errors.contains("hit: "), "\(next.errors)")
    }

    @Test func explainSaysWhatChanged() throws {
        let rows = "--set rows=8"
        let first = try run("\(rows) --explain")
        #expect(first.errors.contains("miss: 8 rows to compute: this was not computed before"))
        #expect(try run("\(rows) --explain").errors.contains("hit: all 8 rows are in the journal"))
        let more = try run("--set rows=10 --explain")
        #expect(more.errors.contains("hit: 8 of 10 rows; miss: 2 to compute"), "\(more.errors)")
        let adapter = try run(
            "\(rows) --explain --set adapter=\(repository)/Resources/demo/adapter")
        #expect(
            adapter.errors.contains("adapter adapter_model.safetensors is new"), "\(adapter.errors)"
        )
        let length = try run("\(rows) --explain --set max_length=4")
        #expect(length.errors.contains("input max_length was 160, is 4"), "\(length.errors)")
        let fresh = try run("\(rows) --explain --fresh")
        #expect(fresh.errors.contains("--fresh takes nothing from the journal"))
    }

    /// What stands behind the inference may change without it being done again.
    @Test func aStepIsKnownByContentAndNotByPlace() throws {
        _ = try run("--set rows=8")
        let edited = try shell(
            "(echo 'print(1)'; cat a.as; echo; echo 'print(p.columns)') > b.as && arenascript run b.as --set rows=8 --explain",
            in: folder)
        #expect(edited.errors.contains("hit: all 8 rows"), "\(edited.errors)")
    }

    @Test func theDeadlineEndsInAValidFile() throws {
        let sample = try expected().split(separator: "\n").count
        let cut = try shell(
            "arenascript run a.as --no-rehearsal --deadline 1s --reserve 999ms", in: folder)
        #expect(cut.code == 64)
        let late = try run("--deadline 2s --reserve 1.95s")
        #expect(late.code == 75, "\(late.errors)")
        #expect(late.errors.contains("at the deadline"), "\(late.errors)")
        #expect(late.errors.contains("filled"), "\(late.errors)")
        #expect(folder.read("s.csv")?.split(separator: "\n").count == sample)
        // A metric on the way is that of the rows that are there.
        let scored = try shell(
            "sed 's|^submit|print(log_loss(read_csv(\"\(repository)/Resources/demo/labels.csv\", key=\"id\").head(len(p)), p))\\nsubmit|' a.as > b.as"
                + " && arenascript run b.as --no-rehearsal --deadline 2s --reserve 1.95s --fresh",
            in: folder)
        #expect(scored.code == 75, "\(scored.errors)")
        #expect(
            scored.errors.contains("have no prediction because of the deadline"), "\(scored.errors)"
        )
        // The next run has a clock of its own, and what was computed.
        let next = try run("--deadline 1h")
        #expect(next.code == 0, "\(next.errors)")
        #expect(folder.read("s.csv") == folder.read("whole.csv"))
    }

    @Test func theClockOfAKilledRunRunsOn() throws {
        _ = try shell(
            """
            '\(binaryPath)' run a.as --no-rehearsal --deadline 2s & pid=$!
            for i in $(seq 1000); do [ -e .arena/journal.db ] && break; sleep 0.01; done
            for i in $(seq 100); do arenascript runs list | grep -q a.as && break; done
            kill -KILL $pid; sleep 2.1
            """, in: folder)
        let next = try run("--deadline 2s")
        #expect(next.code == 75, "\(next.errors)")
        #expect(next.errors.contains("it has passed"), "\(next.errors)")
        #expect(folder.read("s.csv") != nil)
    }

    @Test func aFolderThatCannotBeWrittenIsSaid() throws {
        try folder.write("state", "a file")
        let named = try run("--set rows=2 --state state")
        #expect(named.code == 70 && named.errors.contains("state"), "\(named.errors)")
        let missing = try run("--set rows=2 --state no/such")
        #expect(missing.errors.contains("the folder of no/such does not exist"))
    }

    @Test func aScriptWithoutModelsLeavesNothingBehind() throws {
        try folder.write("b.as", "print(1)\n")
        #expect(try shell("arenascript run b.as", in: folder).code == 0)
        #expect(!fileExists(joinPath(folder.path, ".arena")))
    }

    @Test func damagedJournalsAreKeptAside() throws {
        _ = try run("--set rows=4")
        _ = try shell("echo nothing > .arena/journal.db; rm -f .arena/journal.db-*", in: folder)
        let next = try run("--set rows=4")
        #expect(next.code == 0, "\(next.errors)")
        #expect(next.errors.contains("is kept as .arena/journal.db.aside-1"), "\(next.errors)")
    }

    // MARK: - What the journal says

    @Test func runsAreListedShownComparedAndExported() throws {
        _ = try run("--set rows=4")
        _ = try run("--set rows=6")
        func runs(_ command: String) throws -> String {
            let outcome = try shell("arenascript runs \(command)", in: folder)
            #expect(outcome.code == 0, "\(outcome.errors)")
            return outcome.output
        }
        #expect(try runs("list").contains("finished"))
        #expect(try runs("list").contains("rows=6"))
        let shown = try runs("show 1")
        #expect(shown.contains("step 1 predict_proba model: 4 rows (4 computed)"), "\(shown)")
        #expect(shown.contains("test.csv") && shown.contains("s.csv"))
        #expect(!shown.contains("input      sample.csv"))
        let difference = try runs("diff 1 2")
        #expect(difference.contains("set rows: 4 -> 6"), "\(difference)")
        #expect(difference.contains("output s.csv: "))
        let json = try JSONDocument(Array(try runs("export").utf8), name: "export")
        #expect(json.root["run"]?.int == 2)
        #expect(json.root["steps"]?.elements?.first?["found"]?.int == 4)
        let none = try shell("arenascript runs show 9", in: folder)
        #expect(none.code == 66 && none.errors.contains("the journal has no run 9"))
        let nowhere = try shell("mkdir x; cd x; arenascript runs", in: folder)
        #expect(nowhere.code == 66 && nowhere.errors.contains("there is no journal in .arena"))
    }

    @Test func verifyComparesBytesAndLeavesTheFilesAlone() throws {
        _ = try run("--set rows=4")
        let before = folder.read("s.csv")
        let same = try shell("arenascript runs verify", in: folder)
        #expect(same.code == 0, "\(same.errors)")
        #expect(same.errors.contains("s.csv: the same bytes"))
        try folder.write("s.csv", "mine")
        #expect(try shell("arenascript runs verify 1", in: folder).code == 0)
        #expect(folder.read("s.csv") == "mine" && before != "mine")
        _ = try shell("sed -i 's/rows=400/rows=3/; s/cfg.rows/3/' a.as", in: folder)
        let other = try shell("arenascript runs verify 1", in: folder)
        #expect(other.code == 70 && other.errors.contains("other bytes"), "\(other.errors)")
    }

    /// On a terminal the step stands above its rows, and both go when it is done.
    @Test func progressHasAStepAndItsRows() throws {
        let process = try TerminalProcess(
            ["run", "a.as", "--set", "max_length=2000", "--deadline", "1h"], in: folder)
        let shown = try process.expect("rows, ")
        #expect(shown.contains("step 1 of 1: predict model, "), "\(shown)")
        #expect(shown.contains(" to spare before the deadline"), "\(shown)")
        #expect(try process.expect(" left").contains(" tokens/s, "))
        // The next time the two lines take the place of the first.
        try process.expect("\u{1B}[1A\rstep 1 of 1: ")
        try process.expect("\u{1B}[K\u{1B}[1A\r\u{1B}[K")
        #expect(try process.finish() == 0)
        // Elsewhere there is a line a minute, so here none.
        let piped = try run("--fresh")
        #expect(!piped.errors.contains("tokens/s, 0 s left"), "\(piped.errors)")
    }

    @Test func eventsAreLinesOfJSON() throws {
        _ = try run("--set rows=4 --log-json events.jsonl")
        let lines = (folder.read("events.jsonl") ?? "").split(separator: "\n")
        let events = try lines.map {
            try #require(try JSONDocument(Array($0.utf8), name: "event").root["event"]?.string)
        }
        #expect(events.first == "start" && events.last == "end")
        #expect(events.contains("step") && events.contains("progress"), "\(events)")
    }

    @Test func metricsAreKept() throws {
        try folder.write("b.as", "metric(\"f1\", 0.5)\nmetric(\"f1\", 0.75)\n")
        #expect(try shell("arenascript run b.as", in: folder).code == 0)
        let shown = try shell("arenascript runs show", in: folder)
        #expect(shown.output.contains("f1 0.75"), "\(shown.errors)")
    }

    /// Whatever draws by lot says from which seed, and the journal keeps it.
    @Test func seedsAreKept() throws {
        let models = "\(repository)/Tests/Fixtures/architectures"
        try folder.write(
            "b.as",
            """
            cfg = params(seed=3)
            import random
            rng = random.Random("a text")
            df = frame({"id": [1, 2, 3, 4], "a": [1, 2, 3, 4]}, key="id")
            train, test = train_test_split(df, test_size=0.5, seed=cfg.seed)
            for i in range(3):
                df.sample(2, seed=i)
            lm = causal_lm("\(models)/qwen2")
            lm.generate(tokens([[3, 4]]), temperature=1.0, max_new_tokens=2, seed=9, ids=True)
            metric("f1", 0.5)
            """)
        let outcome = try shell(
            "arenascript run b.as && arenascript run b.as --set seed=4", in: folder)
        #expect(outcome.code == 0, "\(outcome.errors)")
        let shown = try shell("arenascript runs show 1", in: folder).output
        for line in ["Random 'a text'", "train_test_split 3", "sample 0, 1, 2", "generate 9"] {
            #expect(shown.contains("  seed      \(line)\n"), "\(shown)")
        }
        let difference = try shell("arenascript runs diff 1 2", in: folder).output
        #expect(difference.contains("seed of train_test_split: 3 -> 4"), "\(difference)")
        let json = try shell("arenascript runs export 1", in: folder).output
        #expect(json.contains(#""seeds":[{"name":"Random","value":"'a text'"}"#), "\(json)")
    }

    @Test func resultsThatNobodyNeedsAreDropped() throws {
        for rows in [4, 6] { _ = try run("--set rows=\(rows)") }
        _ = try run("--set rows=4 --set adapter=\(repository)/Resources/demo/adapter")
        let kept = try shell("arenascript runs prune", in: folder)
        #expect(kept.output.contains("nothing to drop"), "\(kept.errors)")
        let pruned = try shell("arenascript runs prune --keep 1", in: folder)
        #expect(pruned.output.contains("6 rows of 1 computation dropped"), "\(pruned.output)")
        #expect(try shell("arenascript runs list", in: folder).output.contains("rows=6"))
        #expect(try run("--set rows=4 --explain").errors.contains("miss: 4 rows"))
    }

    @Test func inputsThatChangeUnderTheRunAreRefused() throws {
        try folder.write("sample.csv", "id,a\n1,0.5\n")
        try folder.write(
            "b.as",
            """
            import os
            p = read_csv("data.csv", key="id")
            for i in range(40000000):
                if exists("go"):
                    break
            submit(p, like="sample.csv", to="s.csv")
            """)
        let outcome = try shell(
            """
            echo 'id,a
            1,0.5' > data.csv
            '\(binaryPath)' run b.as & pid=$!
            sleep 0.3; echo '2,0.5' >> data.csv; touch go; wait $pid
            """, in: folder)
        #expect(outcome.code == 70, "\(outcome.errors)")
        #expect(outcome.errors.contains("data.csv has changed since this run read it"))
        #expect(folder.read("s.csv") == nil)
    }
}
