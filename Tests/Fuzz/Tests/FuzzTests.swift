// Short runs of the fuzzers with fixed seeds; `fuzz` runs them for long.

import ArenaCore
import FuzzSupport
import Testing

@Suite struct FuzzTests {
    private static let folder =
        String(#filePath.dropLast("Fuzz/Tests/FuzzTests.swift".count)) + "Spec/"

    @Test func damagedSourceIsHandled() throws {
        let corpus = try ["language", "library"].flatMap { name in
            try listDirectory(Self.folder + name).filter { $0.hasSuffix(".as") }.sorted().map {
                try readFile(Self.folder + name + "/" + $0)
            }
        }
        let fuzzer = SourceFuzzer(seed: 11, corpus: corpus)
        for index in 0..<3000 {
            let input = fuzzer.input(index)
            let fault = fuzzer.check(input)
            #expect(fault == nil, "input \(index): \(String(decoding: input, as: UTF8.self))")
        }
    }

    @Test func generatedProgramsRun() {
        let fuzzer = ProgramFuzzer(seed: 11)
        var ended = 0
        for index in 0..<600 {
            switch fuzzer.run(index) {
            case .ended: ended += 1
            case .raised, .stopped: break
            case .rejected(let why):
                // A call that can be seen to be wrong is refused before the program runs.
                if !why.hasPrefix("TypeError") { Issue.record("program \(index): \(why)") }
            case .fault(let what): Issue.record("program \(index): \(what)")
            }
        }
        // Most of what is generated is to run, or little is tested.
        #expect(ended > 100)
    }
}
