// The fuzzers for the command line: `fuzz source|program --count N --seed S`. The parent starts one
// process for each core and watches a page they share: which input each is at. When one dies or stands
// still, its input is made again from seed and index, written to a file, and the work goes on behind it.

import ArenaCore
import ArenaLanguage
import FuzzSupport
import Glibc

var arguments = Array(CommandLine.arguments.dropFirst())
let mode = arguments.isEmpty ? "" : arguments.removeFirst()
var options: [String: String] = [:]
while arguments.count >= 2 {
    options[arguments[0]] = arguments[1]
    arguments.removeFirst(2)
}
let given = options
@MainActor func number(_ name: String, _ standard: Int) -> Int {
    given[name].flatMap { Int($0) } ?? standard
}

let seed = UInt64(number("--seed", 1))
let corpusFolder = options["--corpus"] ?? "Tests/Spec"
let job = Job(
    mode: mode, seed: seed, first: number("--first", 0), count: number("--count", 100_000),
    corpus: corpusFolder, output: options["--output"] ?? ".build/fuzz",
    hang: number("--hang", 10), statements: number("--statements", 12))

switch (mode, options["--worker"]) {
case ("source", nil), ("program", nil): exit(supervise(job, workers: number("--workers", 2)))
case ("source", let page?), ("program", let page?):
    work(job, page: page, worker: number("--slot", 0))
case ("show", _):
    let text = job.text(options["--of"] ?? "program", job.first)
    print(String(decoding: text, as: UTF8.self), terminator: "")
case ("file", _):
    let path = options["--of"] ?? ""
    let text = (try? readFile(path)) ?? []
    print(ProgramFuzzer(seed: 1).run(String(decoding: text, as: UTF8.self), mayLeak: false))
    print(SourceFuzzer(seed: 1, corpus: [[10]]).check(text) ?? "read without fault")
case ("python", _): writePython(job, programs: number("--programs", 200))
default:
    print(
        """
        fuzz source  --count N [--seed S] [--first I] [--workers W]   damaged source through the front end
        fuzz program --count N [--seed S] [--statements K]            generated programs, run to their end
        fuzz python  --count N [--programs P] --output FOLDER         programs for CPython and ArenaScript
        fuzz show    --of source|program --first I --seed S           one input as text
        fuzz file    --of FILE                                        one input from a file
        """)
    exit(64)
}
