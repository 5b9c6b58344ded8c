// Clocks that are set while a run is under way, or between a run that was killed and the one that goes on
// with it: the time that is left is not changed by it.

import ArenaCore
import Synchronization
import Testing

@testable import ArenaRuns

/// Clocks that are moved and set by hand.
private final class SetClocks: Sendable {
    private let state = Mutex(Moment(wall: 1_700_000_000, steady: 500, boot: "a"))

    var now: Moment { state.withLock { $0 } }

    /// Time passes.
    func advance(_ seconds: Double) {
        state.withLock { ($0.wall, $0.steady) = ($0.wall + seconds, $0.steady + seconds) }
    }

    /// Somebody sets the clock on the wall.
    func set(by seconds: Double) { state.withLock { $0.wall += seconds } }

    /// The machine is started again.
    func restart() { state.withLock { ($0.steady, $0.boot) = (3, $0.boot + "a") } }
}

@Suite struct ClockTests {
    let scratch = RunsScratch()
    private let clocks = SetClocks()

    /// A run with an hour's time whose process then dies.
    private func start(_ setting: DeadlineSetting = .after(3600)) throws -> Run {
        var settings = RunSettings()
        settings.state = joinPath(scratch.path, "state")
        settings.deadline = setting
        settings.reserve = 0
        var record = RunRecord(
            script: "a.as", folder: "/work", scriptDigest: Digest(of: "print(1)"),
            began: clocks.now)
        record.process = ProcessMark(text: "boot/1/gone")
        let run = Run(record, settings, now: { [clocks] in clocks.now })
        try run.prepare()
        return run
    }

    private func left(_ run: Run) throws -> Double { try #require(run.deadline).remaining }

    @Test(arguments: [-1e7, -3600, 3600, 1e9]) func aClockThatIsSetDoesNotMoveTheDeadline(
        _ jump: Double
    ) throws {
        let run = try start()
        clocks.advance(600)
        clocks.set(by: jump)
        clocks.advance(600)
        #expect(try left(run) == 2400)
        // Nor does it between the processes of one command.
        let second = try start()
        #expect(try left(second) == 2400)
        clocks.set(by: -jump)
        clocks.advance(400)
        #expect(try left(try start()) == 2000)
    }

    /// Over a restart of the machine only the clock on the wall goes on; set back, it gives no more than
    /// the last run had when it began.
    @Test func aRestartIsCountedByTheWall() throws {
        _ = try start()
        clocks.advance(600)
        clocks.restart()
        #expect(try left(try start()) == 3000)
        clocks.advance(1000)
        clocks.restart()
        clocks.set(by: -1e6)
        #expect(try left(try start()) == 3000)
    }

    @Test func aTimeOfTheDayIsKeptOverAResume() throws {
        let setting = DeadlineSetting.next("18:30")
        let first = try left(try start(setting))
        clocks.advance(first - 60)
        #expect(try abs(left(try start(setting)) - 60) < 1)
        clocks.advance(120)
        #expect(try abs(left(try start(setting)) + 60) < 1)
    }

    @Test func aRunTakesAsLongAsItTook() throws {
        let run = try start()
        clocks.advance(90)
        clocks.set(by: -1e5)
        try run.finish(.finished)
        let details = try Journal(folder: joinPath(scratch.path, "state")).details(nil)
        #expect(details.run.finished == details.run.started + 90)
    }
}
