// `check` and `plan`: scripts that are tried before they cost.

import ArenaCore
import Testing

private let repository = String(
    #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 })

@Suite struct RehearsalTests {
    let folder: TemporaryFolder
    private let head = """
        demo = "\(repository)/Resources/demo"
        labels = ["winner_model_a", "winner_model_b", "winner_tie"]
        test = read_csv(demo + "/test.csv", key="id")

        """

    init() throws { folder = try TemporaryFolder() }

    private func run(_ line: String) throws -> Outcome { try shell(line, in: folder) }

    @Test func aRightScriptLeavesNothingBehind() throws {
        try folder.write(
            "a.as",
            head + """
                print("never seen")
                m = classifier(demo + "/model", adapter=demo + "/adapter", labels=labels)
                p = m.predict_proba(test["response_a"], max_length=64)
                assert p["winner_tie"].isna().sum() == 0
                q = m.predict_proba(test["response_b"], max_length=64)
                mkdir("out/deep")
                write_csv(p, "out/deep/p.csv")
                assert len(read_csv("out/deep/p.csv")) == 400
                submit(blend([p, q]), like=demo + "/sample_submission.csv", to="out/s.csv")
                """)
        let outcome = try run("arenascript check a.as")
        #expect(outcome.output == "a.as: no errors found\n")
        #expect(outcome.errors == "")
        #expect(outcome.code == 0)
        #expect(try run("ls -A | grep -v '^[.]std'").output == "a.as\n")
    }

    @Test func allMistakesAreToldAtOnce() throws {
        try folder.write(
            "a.as",
            head + """
                wrong = test["respons_a"]
                later = wrong.len()
                m = classifier(demo + "/model", labels=["a", "b"])
                p = m.predict_proba(test["response_a"])
                ok = classifier(demo + "/model", labels=labels)
                r = ok.predict_proba(test["response_a"], max_length=32)
                submit(r.drop(["winner_tie"]), like=demo + "/sample_submission.csv")
                write_csv(r, "nowhere/r.csv")
                write_csv(r, "/tmp")
                test["n"] = test["prompt"] + 1
                print(test["n"])
                """)
        let outcome = try run("arenascript check a.as")
        #expect(outcome.output == "")
        #expect(outcome.code == 65)
        let places = outcome.errors.split(separator: "\n").filter { $0.contains("--> a.as:") }
            .compactMap { $0.split(separator: ":").dropFirst().first }
        // What needs a wrong value is no mistake of its own: lines 5, 7 and 14.
        #expect(places == ["4", "6", "10", "11", "12", "13"], "\(outcome.errors)")
        #expect(try run("ls -A | grep -v '^[.]std'").output == "a.as\n")
    }

    @Test func aRunIsTriedBeforeItBegins() throws {
        try folder.write(
            "a.as",
            head + """
                print("seen")
                m = classifier(demo + "/model", labels=labels)
                p = m.predict_proba(test["response_a"].head(3), max_length=32)
                assert p["winner_tie"].max() > 0.34, "made-up numbers are all alike"
                write_csv(p, "p.csv")
                submit(p, like=demo + "/sample_submission.csv")
                """)
        let refused = try run("arenascript run a.as")
        #expect(refused.output == "")
        #expect(refused.errors.contains("--> a.as:9:"), "\(refused.errors)")
        #expect(refused.errors.contains("nothing has been run"))
        #expect(refused.code == 65)
        #expect(try run("ls -A | grep -v '^[.]std'").output == "a.as\n")
        let insisted = try run("arenascript run a.as --no-rehearsal")
        #expect(insisted.output == "seen\n")
        #expect(insisted.code == 70)
        #expect(folder.read("p.csv") != nil)
        // The journal knows the command now: it goes on without another trial.
        #expect(try run("arenascript run a.as").output == "seen\n")
    }

    @Test func onlyTheScriptIsLookedAtIfAsked() throws {
        try folder.write("a.as", "x = read_csv(\"missing.csv\")\n")
        #expect(try run("arenascript check --static a.as").code == 0)
        let tried = try run("arenascript check a.as")
        #expect(tried.errors.contains("there is no file missing.csv"))
        #expect(tried.code == 65)
    }

    @Test func settingsReachTheScript() throws {
        try folder.write("a.as", "cfg = params(n=1)\nassert cfg.n == 2, \"not two\"\n")
        #expect(try run("arenascript check a.as --set n=2").code == 0)
        #expect(try run("arenascript check a.as").errors.contains("not two"))
    }

    @Test func whatIsLongIsNotTriedToItsEnd() throws {
        try folder.write("a.as", "x = 1\nwhile True:\n    x += 1\nprint(y)\n")
        try folder.write("b.as", "x = 1\nwhile x > 0:\n    x += 1\nprint(x)\n")
        #expect(try run("arenascript check a.as").code == 65)
        let outcome = try run("arenascript check b.as --budget 1s")
        #expect(
            outcome.output
                == "b.as: no errors found up to line 2, where the time to try it was up\n")
        #expect(outcome.code == 0)
    }

    @Test func memoryHasItsLimitInATrialToo() throws {
        try folder.write(
            "a.as",
            head + """
                m = classifier(demo + "/model", labels=labels)
                x = []
                while True:
                    x.append("a" * 1000000)
                """)
        let outcome = try run("arenascript run a.as --max-memory 400M")
        #expect(outcome.errors.contains("its limit of 400 MB"), "\(outcome.errors)")
        #expect(outcome.errors.contains("nothing has been run"))
        #expect(outcome.code == 65)
    }

    @Test func filesAreNeitherTakenAwayNorRenamed() throws {
        try folder.write("keep.txt", "kept")
        try folder.write(
            "a.as",
            """
            remove("keep.txt")
            rename("keep.txt", "other.txt")
            write_text("keep.txt", "changed")
            copy("keep.txt", "copy.txt")
            write_sqlite(frame({"a": [1]}), "a.db", "t")
            f = open("new.txt", "w")
            f.write("x")
            f.close()
            """)
        #expect(try run("arenascript check a.as").output == "a.as: no errors found\n")
        #expect(try run("ls -A | grep -v '^[.]std'").output == "a.as\nkeep.txt\n")
        #expect(folder.read("keep.txt") == "kept")
    }

    /// What a script makes of predictions is tried with numbers as different as a model's.
    @Test func madeUpPredictionsAreLikeRealOnes() throws {
        try folder.write(
            "a.as",
            head + """
                m = classifier(demo + "/model", adapter=demo + "/adapter", labels=labels)
                p = m.predict_proba(test["response_a"], max_length=32)
                sure = p[p.max(axis=1) > 0.5]
                folds = stratified_kfold(sure.argmax(axis=1), 3)
                p["winner_tie"].qcut(4)
                best = p[p["winner_model_a"] > 0.45].key[0]
                v = embedder(demo + "/model").embed(test["response_a"].head(9), max_length=16)
                x = 1 / sum([abs(x) for x in v[3]])
                lm = causal_lm(demo + "/model", tokenizer=demo + "/model")
                g = lm.generate(test["response_a"].head(9), max_new_tokens=4)
                words = g.apply(lambda t: t.split()[0])
                l = lm.log_probs(test["response_a"].head(9), max_length=16)
                low = [x[0] for x in l if len(x) > 0]
                """)
        let outcome = try run("arenascript check a.as")
        #expect(outcome.output == "a.as: no errors found\n", "\(outcome.errors)")
        #expect(outcome.errors == "")
    }

    /// An error that comes with some predictions only is told, and the script runs; one that comes with any is one.
    @Test func whatHangsOnPredictionsIsNoMistake() throws {
        let start =
            head + """
                m = classifier(demo + "/model", adapter=demo + "/adapter", labels=labels)
                p = m.predict_proba(test["response_a"], max_length=32)

                """
        let doubtful =
            "for i in range(12):\n    if p[\"winner_tie\"][i] > p[\"winner_tie\"][i + 12]: x = 1 / (i - %)\n"
        // At some of the numbers a trial's first predictions fail.
        var told = 0
        for i in 0..<12 {
            try folder.write(
                "a.as", start + doubtful.split(separator: "%").joined(separator: "\(i)") + "\n")
            let outcome = try run("arenascript check a.as")
            if outcome.errors.contains("fails with some of the predictions") {
                told += 1
                #expect(outcome.output == "a.as: no errors found\n", "\(outcome.errors)")
                #expect(outcome.code == 0)
            }
        }
        #expect(told > 0)
        try folder.write("a.as", start + "x = p[\"tie\"]\n")
        let certain = try run("arenascript run a.as")
        #expect(certain.code == 65 && certain.errors.contains("there is no column 'tie'"))
        #expect(certain.errors.contains("predictions are made up"))
    }

    @Test func whatATrialWritesIsThere() throws {
        try folder.write("old.txt", "old")
        try folder.write(
            "a.as",
            head + """
                mkdir("folds/deep")
                p = test[["response_a"]].head(4)
                for k in range(3): write_csv(p, f"folds/deep/p{k}.csv")
                write_csv(p, "./one.csv")
                paths = glob("folds/**/p*.csv") + glob("o*.csv")
                assert len(paths) == 4 and len([read_csv(f, key="id") for f in paths]) == 4
                assert listdir("folds") == ["deep"] and "one.csv" in listdir(".")
                assert is_dir("folds/deep") and is_file("one.csv") and file_size("one.csv") > 9
                rename("one.csv", "two.csv")
                assert not exists("one.csv") and copy("two.csv", "three.csv") == "three.csv"
                assert read_text("three.csv") == read_text("folds/deep/p0.csv")
                remove("two.csv")
                assert not exists("two.csv")
                write_sqlite(p, "a.db", "t")
                assert read_sqlite("a.db", "t").shape == (4, 2)
                t = train_tokenizer(["the cat sat on the mat"], vocab_size=40)
                t.save("tok")
                assert len(tokenizer("tok").encode("cat")) > 0
                rename("old.txt", "new.txt")
                assert read_text("new.txt") == "old"
                """)
        let outcome = try run("arenascript check a.as")
        #expect(outcome.output == "a.as: no errors found\n", "\(outcome.errors)")
        #expect(try run("ls -A | grep -v '^[.]std'").output == "a.as\nold.txt\n")
        #expect(try run("arenascript run a.as").code == 0)
    }

    @Test func aPlanCountsRowsAndTokens() throws {
        try folder.write(
            "a.as",
            head + """
                m = classifier(demo + "/model", labels=labels)
                p = m.predict_proba(test["response_a"], max_length=32)
                submit(p, like=demo + "/sample_submission.csv")
                """)
        let plan = try run("arenascript plan a.as")
        #expect(plan.code == 0, "\(plan.errors)")
        let row = plan.output.split(separator: "\n").dropFirst().first?.split(separator: " ") ?? []
        #expect(row.prefix(3) == ["predict_proba", "model", "400"])
        let tokens = try #require(Int(row.dropFirst(3).first ?? ""))
        #expect(row.dropFirst(4).first == "32")

        let larger = try run(
            "cp '\(repository)/Resources/demo/test.csv' like.csv; arenascript plan a.as --as-if 1000 --like like.csv"
        )
        #expect(larger.code == 0, "\(larger.errors)")
        let wide =
            larger.output.split(separator: "\n").dropFirst().first?.split(separator: " ") ?? []
        #expect(wide.prefix(3) == ["predict_proba", "model", "1000"])
        let more = try #require(Int(wide.dropFirst(3).first ?? ""))
        #expect(more > 2 * tokens && more < 3 * tokens)
        #expect(try run("ls -A | grep -v '^[.]std'").output == "a.as\nlike.csv\n")
    }
}
