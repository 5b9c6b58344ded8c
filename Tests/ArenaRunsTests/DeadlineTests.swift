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
            guard case .at(let time) = try #require(DeadlineSetting(text, now: now)) else {
                Issue.record("\(text) is a time")
                continue
            }
            // A day with a change of the clock is an hour longer or shorter.
            #expect(time > now && time <= now + 25 * 3600)
            #expect(localTime(time).contains(" \(text)"))
        }
        guard case .at(let time) = try #require(DeadlineSetting("2030-02-03T04:05")) else {
            Issue.record("a date is a time")
            return
        }
        #expect(localTime(time) == "2030-02-03 04:05:00")
    }

    @Test func theClockRunsOnFromTheFirstStart() {
        let clock = FakeClock()
        func deadline(_ setting: DeadlineSetting, wall: Double) -> Deadline {
            Deadline(
                setting, firstStarted: 1000, reserve: nil, wall: wall, clock: { clock.now })
        }
        #expect(deadline(.after(3600), wall: 1000).remaining == 3600 - 180)
        #expect(deadline(.after(3600), wall: 2000).remaining == 2600 - 180)
        #expect(deadline(.after(3600), wall: 9000).hasPassed)
        #expect(deadline(.after(600), wall: 1000).reserve == 60)
        // A clock set back gives no more than there was.
        #expect(deadline(.after(3600), wall: 500).remaining == 3600 - 180)
        #expect(deadline(.at(4600), wall: 1600).remaining == 3000 - 180)
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
                .after(whole), firstStarted: 0, reserve: nil, wall: 0, clock: { clock.now })
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
