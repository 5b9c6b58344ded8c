// Scripts on a simulated card, as a user runs them: the same bytes whatever the packs, and what a card that is
// lost, full, old or without its compiler leads to.

import Glibc
import SimulatedCard
import Testing

private let repository = SimulatedCard.root

@Suite struct CardTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(
            "a.as",
            """
            cfg = params(rows=12, budget=4096, where="cards", split="auto", adapter="\(repository)/Resources/demo/adapter")
            demo = "\(repository)/Resources/demo"
            labels = ["winner_model_a", "winner_model_b", "winner_tie"]
            test = read_csv(demo + "/test.csv", key="id").head(cfg.rows)
            m = classifier(demo + "/model", adapter=cfg.adapter, labels=labels, devices=("cpu" if cfg.where == "cpu" else 2), split=cfg.split)
            p = m.predict_proba(test["response_a"], max_length=100, token_budget=cfg.budget)
            write_csv(p, "p.csv")
            """)
    }

    private func run(_ options: String = "", _ environment: String = "") throws -> Outcome {
        let simulated = try #require(SimulatedCard.folder)
        return try shell(
            "export ARENA_CUDA_PATH='\(simulated)' XDG_CACHE_HOME=\"$PWD/cache\" \(environment); "
                + "arenascript run a.as --no-rehearsal \(options)", in: folder)
    }

    private func doctor(_ environment: String) throws -> Outcome {
        let simulated = try #require(SimulatedCard.folder)
        return try shell(
            "export SIMULATED='\(simulated)' ARENA_CUDA_PATH='\(simulated)' \(environment); "
                + "arenascript doctor --cards", in: folder)
    }

    private func numbers(_ csv: String?) throws -> [Double] {
        try #require(csv).split(separator: "\n").dropFirst().flatMap { line in
            line.split(separator: ",").dropFirst().compactMap { Double($0) }
        }
    }

    @Test func theSameBytesInEveryPackAndNearTheProcessors() throws {
        guard SimulatedCard.folder != nil, !SimulatedCard.isReal else { return }
        let first = try run()
        #expect(first.code == 0, "\(first.errors)")
        let bytes = folder.read("p.csv")
        let many = try run(
            "--set budget=150 --state second", "ARENA_SIMULATED_DEVICES=2")
        #expect(many.code == 0, "\(many.errors)")
        #expect(folder.read("p.csv") == bytes)
        // Room for the weights and little else: packs are halved.
        let small = try run("--state third", "ARENA_SIMULATED_MEMORY=5000000")
        #expect(small.code == 0, "\(small.errors)")
        #expect(folder.read("p.csv") == bytes)
        // No room for all weights: they pass through.
        let passing = try run("--state fourth", "ARENA_CUDA_MEMORY=4500000")
        #expect(passing.code == 0, "\(passing.errors)")
        #expect(passing.errors.contains("pass through it"), "\(passing.errors)")
        #expect(folder.read("p.csv") == bytes)
        // A slot is not filled again before it was read: kernels take their time here.
        let late = try run(
            "--state fifth", "ARENA_CUDA_MEMORY=4500000 ARENA_SIMULATED_LATE=kernels")
        #expect(late.code == 0, "\(late.errors)")
        #expect(folder.read("p.csv") == bytes)
        // Two cards that have some of the layers each, or let all weights pass.
        for (split, words) in [("layers", "has layers 1 to"), ("rows", "pass through it")] {
            let two = try run(
                "--set split=\(split) --state \(split)",
                "ARENA_CUDA_MEMORY=4500000 ARENA_SIMULATED_DEVICES=2")
            #expect(two.code == 0, "\(two.errors)")
            #expect(two.errors.contains(words), "\(two.errors)")
            #expect(folder.read("p.csv") == bytes)
        }
        // One card by its number, whose results are those of any.
        let script = try #require(folder.read("a.as"))
        func numbered(_ devices: String) throws -> Outcome {
            try folder.write(
                "a.as", script.split(separator: "else 2)").joined(separator: "else \(devices))"))
            return try run("--state numbered", "ARENA_SIMULATED_DEVICES=2")
        }
        let second = try numbered("[1]")
        #expect(second.code == 0 && second.errors.contains("12 computed"), "\(second.errors)")
        #expect(folder.read("p.csv") == bytes)
        for (numbers, words) in [
            ("[2]", "there is no card 2 to take"), ("[0, 0]", "card 0 is named twice"),
            ("[]", "devices= names no card"), ("['a']", "is whole numbers, not a str"),
        ] {
            let none = try numbered(numbers)
            #expect(none.code != 0 && none.errors.contains(words), "\(none.errors)")
        }
        #expect(try numbered("2").errors.contains("12 found"))
        // The journal keeps a card's results apart from the processor's.
        let processor = try run("--set where=cpu --explain")
        #expect(
            processor.code == 0 && processor.errors.contains("12 computed"), "\(processor.errors)")
        let (ours, theirs) = (try numbers(bytes), try numbers(folder.read("p.csv")))
        #expect(ours.count == 36 && ours.count == theirs.count)
        for (a, b) in zip(ours, theirs) { #expect(abs(a - b) < 1e-3) }
    }

    @Test func aLostCardEndsTheRunAndRowsStay() throws {
        guard SimulatedCard.folder != nil, !SimulatedCard.isReal else { return }
        let lost = try run("--set budget=100", "ARENA_SIMULATED_LOST_AFTER=1200")
        #expect(lost.code == 70, "\(lost.errors)")
        #expect(lost.errors.contains("failed at"), "\(lost.errors)")
        #expect(lost.errors.contains("devices=\"cpu\""), "\(lost.errors)")
        let again = try run("--set budget=100")
        #expect(again.code == 0, "\(again.errors)")
        let kept = folder.read("p.csv")
        #expect(
            again.errors.contains("from before") || again.errors.contains("found"),
            "\(again.errors)")
        _ = try run("--state other")
        #expect(folder.read("p.csv") == kept)
        // One of two cards that have some of the layers each.
        let two = "ARENA_CUDA_MEMORY=4500000 ARENA_SIMULATED_DEVICES=2"
        let half = try run(
            "--set budget=100 --set split=layers --state two",
            two + " ARENA_SIMULATED_LOST_AFTER=1200")
        #expect(half.code == 70 && half.errors.contains("failed at"), "\(half.errors)")
        // Where the host's memory may not be locked for weights that would pass, a worker fails beside another.
        for bytes in stride(from: 0, through: 3_000_000, by: 300_000) {
            let little = try run(
                "--set budget=100 --set split=layers --state two",
                "ARENA_CUDA_MEMORY=3700000 ARENA_SIMULATED_DEVICES=2 ARENA_SIMULATED_PINNED=\(bytes)"
            )
            #expect(little.code == 0 || little.code == 70, "\(bytes): \(little.errors)")
        }
        let whole = try run("--set budget=100 --set split=layers --state two", two)
        #expect(whole.code == 0 && whole.errors.contains("found"), "\(whole.errors)")
        #expect(folder.read("p.csv") == kept)
    }

    @Test func aFullCardIsSaid() throws {
        guard SimulatedCard.folder != nil, !SimulatedCard.isReal else { return }
        let full = try run("", "ARENA_SIMULATED_MEMORY=2500000")
        #expect(full.code == 70 && full.errors.contains("has no room for"), "\(full.errors)")
        // Weights would pass through it, but the host's memory may not be locked for them.
        let locked = try run("", "ARENA_CUDA_MEMORY=4500000 ARENA_SIMULATED_PINNED=2000000")
        #expect(
            locked.code == 70 && locked.errors.contains("of page-locked memory"),
            "\(locked.errors)")
    }

    @Test func reasonsAreSaidByDoctorAndByDevices() throws {
        guard SimulatedCard.folder != nil, !SimulatedCard.isReal else { return }
        let good = try doctor("X=1")
        #expect(
            good.code == 0 && good.output.contains("gives the processor's numbers"),
            "\(good.output)")
        let reasons: [(environment: String, words: String)] = [
            ("ARENA_CUDA_PATH=none", "switched off by ARENA_CUDA_PATH=none"),
            ("ARENA_SIMULATED_DEVICES=0", "the CUDA driver finds no card"),
            ("ARENA_SIMULATED_DRIVER=11000", "the driver is for CUDA 11.0, and 12.0"),
            ("ARENA_SIMULATED_NVRTC=13.0", "is of CUDA 13.0, newer than the driver's 12.4"),
            ("ARENA_SIMULATED_CAPABILITY=61", "has compute capability 6.1, and 7.5 is the oldest"),
            (
                "ARENA_SIMULATED_NO_COMPILE=1 XDG_CACHE_HOME=$PWD/none",
                "do not compile for Simulated card"
            ),
            (
                "ARENA_CUDA_PATH=$PWD/only; mkdir -p only; cp \"$SIMULATED\"/libcuda.so.1 only",
                "no CUDA compiler"
            ),
            (
                "ARENA_CUDA_PATH=$PWD/odd; mkdir -p odd; cp \"$SIMULATED\"/libnvrtc.so.12 odd/libcuda.so.1",
                "has no function cuInit"
            ),
        ]
        for (environment, words) in reasons {
            let outcome = try doctor(environment)
            #expect(outcome.output.contains(words), "\(environment): \(outcome.output)")
        }
        let old = try run("", "ARENA_SIMULATED_DRIVER=11000")
        #expect(
            old.code == 70 && old.errors.contains("the graphics card cannot be used"),
            "\(old.errors)")
        #expect(old.errors.contains("devices=\"cpu\" runs on the processor"), "\(old.errors)")
        #expect(try run("--set where=cpu", "ARENA_SIMULATED_DRIVER=11000").code == 0)
        // No card is an ordinary state.
        #expect(try run("--state none", "ARENA_SIMULATED_DEVICES=0").code == 0)
    }
}
