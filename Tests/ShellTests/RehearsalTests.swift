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
