// What the journal costs: recording 25,000 rows as workers bring them, finding them again, and opening a
// journal of 100 runs. ARENASCRIPT_BENCHMARKS=1 swift run -c release journal-bench [FOLDER]

import ArenaCore
import ArenaRuns
import Glibc

func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

func measured(_ name: String, _ body: () throws -> Void) rethrows {
    let (wall, processor) = (monotonicSeconds(), processorSeconds())
    try body()
    let took = (monotonicSeconds() - wall, processorSeconds() - processor)
    print("\(name): \(Int(took.0 * 1000)) ms, of processor \(Int(took.1 * 1000)) ms")
}

let rows = 25_000
let base = CommandLine.arguments.dropFirst().first ?? "/tmp"
let folder = joinPath(base, "journal-bench-\(getpid())")
let record = RunRecord(script: "bench.as", folder: base, scriptDigest: Digest(of: "bench"))
let facts = [StepFact(.task, "", "logits"), StepFact(.weights, "model.safetensors", "0")]
let digests = (0..<rows).map { Digest(of: "row \($0)") }
let values = (0..<rows).map { [Float($0), 0.25, -1] }

/// Rows of a pack.
let pack = 5
for spread in [0.0, 60.0] {
    try measured("record \(rows) rows in packs of \(pack) over \(Int(spread)) s") {
        var settings = RunSettings()
        settings.state = folder + "-\(Int(spread))"
        let run = Run(record, settings)
        let step = try run.step("bench", facts)
        // Two workers, each with every other pack.
        runWorkers(2) { worker in
            for start in stride(from: worker * pack, to: rows, by: 2 * pack) {
                let part = start..<start + pack
                step.keep(Array(digests[part]), Array(values[part]))
                if spread > 0 { usleep(UInt32(spread * 2e6 * Double(pack) / Double(rows))) }
            }
        }
        try step.finish(RowTally())
        try run.finish(.finished)
    }
}
do {
    var settings = RunSettings()
    settings.state = folder + "-0"
    let run = Run(record, settings)
    let step = try run.step("bench", facts)
    measured("find \(rows) rows") {
        let found = step.values(for: digests)
        print("  found \(found.count { $0 != nil })")
    }
    try run.finish(.finished)
}
for _ in 0..<100 {
    var settings = RunSettings()
    settings.state = folder
    let run = Run(record, settings)
    for _ in 0..<5 { try run.step("bench", facts).finish(RowTally()) }
    try run.finish(.finished)
}
try measured("open a journal of 100 runs and begin one") {
    let journal = try Journal(folder: folder)
    _ = try journal.begin(record)
    try journal.close()
}
