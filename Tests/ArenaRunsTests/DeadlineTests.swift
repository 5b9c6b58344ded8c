// Deadlines on a clock of our own: what is given is read right, nothing is ever late, and the time is used.

import ArenaCore
import Glibc
import Synchronization
import Testing

@testable import ArenaRuns

/// A clock that moves when it is told to.
final class FakeClock: Sendable {
    private let time = Mutex(0.0)
    var now: Double { time.withLock { $0 } }
    func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
}

@Suite struct DeadlineTests {
    @Test(arguments: [
        ("8h40m", 31200.0), ("90m", 5400), ("45s", 45), ("1h", 3600), ("1h1m1s", 3661),
        ("1.5h", 5400),
    ]) func durationsAreRead(_ text: String, _ seconds: Double) {
        #expect(parseDuration(text) == seconds)
        #expect(DeadlineSetting(text) == .after(seconds))
    }

    @Test(arguments: [
        "", "8", "h", "40m8h", "1h1h", "-1h", "0s", "8x", "8h 40m", "25:00", "1:2:3:4",
    ])
    func otherTextIsNone(_ text: String) { #expect(DeadlineSetting(text) == nil) }

    @Test func timesAreLocalAndTheNextOfTheirKind() throws {
        let now = secondsSinceEpoch()
        for text in ["00:00", "12:30", "23:59:59"] {
            let setting = try #require(DeadlineSetting(text, now: now))
            #expect(setting == .next(text))
            let left = Deadline(setting, spent: 0, reserve: 0, wall: now, clock: { 0 }).remaining
            // A day with a change of the clock is an hour longer or shorter.
            #expect(left > 0 && left <= 25 * 3600)
            #expect(localTime(now + left).contains(" \(text)"))
        }
        guard case .at(let time) = try #require(DeadlineSetting("2030-02-03T04:05")) else {
            Issue.record("a date is a time")
            return
        }
        #expect(localTime(time) == "2030-02-03 04:05:00")
    }

    @Test func theClockRunsOnFromTheFirstStart() {
        let clock = FakeClock()
        func deadline(_ setting: DeadlineSetting, spent: Double) -> Deadline {
            Deadline(
                setting, spent: spent, reserve: nil, wall: 1000 + spent, clock: { clock.now })
        }
        #expect(deadline(.after(3600), spent: 0).remaining == 3600 - 180)
        #expect(deadline(.after(3600), spent: 1000).remaining == 2600 - 180)
        #expect(deadline(.after(3600), spent: 8000).hasPassed)
        #expect(deadline(.after(600), spent: 0).reserve == 60)
        #expect(deadline(.at(4600), spent: 600).remaining == 3000 - 180)
    }

    /// Gone on with after its end, a time of the day is over and not another day's.
    @Test func aTimeOfTheDayIsTheNextAfterTheFirstStart() throws {
        let setting = try #require(DeadlineSetting("2030-02-03T18:30"))
        guard case .at(let end) = setting else { return }
        func left(_ wall: Double, spent: Double) -> Double {
            Deadline(.next("18:30"), spent: spent, reserve: 0, wall: wall, clock: { 0 }).remaining
        }
        #expect(left(end - 3600, spent: 0) == 3600)
        #expect(left(end - 600, spent: 3000) == 600)
        #expect(left(end + 60, spent: 3660) == -60)
        #expect(left(end + 60, spent: 0) == 86340)
    }

    /// 200 runs with more work than time, on machines whose speed wanders and stalls: none is late, and
    /// what they use of their time is 95 % on average.
    @Test func noRunIsLateAndTimeIsUsed() {
        var used = 0.0
        for seed in 0..<200 as Range<UInt64> {
            var random = MersenneTwister(seed: UInt32(seed))
            func noise() -> Double { random.double() }
            let whole = 600 + noise() * 30_000
            let clock = FakeClock()
            let deadline = Deadline(
                .after(whole), spent: 0, reserve: nil, wall: 0, clock: { clock.now })
            // Packs of about 20 s, as a large model's; each takes up to twice what the last did.
            var perToken = 0.04
            var pace = 0.0
            while true {
                let tokens = 256 + Int(noise() * 512)
                guard deadline.allows(Double(tokens) * pace) else { break }
                perToken = min(0.06, max(0.02, perToken * (0.7 + 0.6 * noise())))
                let seconds = Double(tokens) * perToken + (noise() < 0.01 ? 5 : 0)
                clock.advance(seconds)
                pace = max(seconds / Double(tokens), pace * 0.9)
            }
            #expect(clock.now < deadline.end, "seed \(seed): late by \(clock.now - deadline.end)")
            used += min(1, clock.now / deadline.stop)
        }
        #expect(used / 200 > 0.95, "\(used / 200)")
    }
}
