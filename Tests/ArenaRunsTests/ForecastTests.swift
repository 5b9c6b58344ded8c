// What is still to come: told by a trial, and by the journal to runs that are not tried again.

import ArenaCore
import Testing

@testable import ArenaRuns

@Suite struct ForecastTests {
    let scratch = RunsScratch()

    private func run(_ calls: [CallForecast]?, script: String = "a.as") -> Run {
        var settings = RunSettings()
        settings.state = joinPath(scratch.path, "state")
        settings.callsTried = calls
        return Run(
            RunRecord(script: script, folder: "/work", scriptDigest: Digest(of: "1")), settings)
    }

    @Test func theCallsBehindAStepAreToCome() throws {
        let run = run([
            CallForecast(products: 8e9, loadSeconds: 2),
            CallForecast(products: 4e9, loadSeconds: 0),
            CallForecast(products: 2e9, loadSeconds: 1),
        ])
        #expect(run.work(after: 0) == CallForecast(products: 14e9, loadSeconds: 3))
        #expect(run.work(after: 1) == CallForecast(products: 6e9, loadSeconds: 1))
        #expect(run.work(after: 1).seconds(speed: 2e9) == 4)
        #expect(run.work(after: 3).seconds(speed: 1) == 0)
        // A loop may make more calls than a trial that was cut has seen.
        #expect(run.work(after: 9).products == 0)
    }

    @Test func theJournalTellsARunThatIsNotTriedAgain() throws {
        let calls = [
            CallForecast(products: 0.1, loadSeconds: 1e-300),
            CallForecast(products: 3e17, loadSeconds: 0),
        ]
        let first = run(calls)
        _ = try first.journal()
        try first.finish(.interrupted)
        let second = run(nil)
        _ = try second.journal()
        #expect(second.work(after: 0) == CallForecast(products: 0.1 + 3e17, loadSeconds: 1e-300))
        #expect(second.work(after: 1) == calls[1])
        let other = run(nil, script: "b.as")
        _ = try other.journal()
        #expect(other.work(after: 0).products == 0)
    }
}
