// The clocks: one for rates and progress that nobody can set, one for deadlines that counts the machine's
// sleep too, and the one on the wall. Results never depend on any of them.

import Glibc

/// Seconds on the monotonic clock.
package func monotonicSeconds() -> Double { read(CLOCK_MONOTONIC) }

/// Seconds that the calling thread has had a processor.
package func threadSeconds() -> Double { read(CLOCK_THREAD_CPUTIME_ID) }

/// Seconds since 1970 in UTC, as the machine's clock has it.
package func secondsSinceEpoch() -> Double { read(CLOCK_REALTIME) }

/// A moment on the clock on the wall, which people set, and on one that they cannot.
package struct Moment: Sendable, Equatable {
    /// Seconds since 1970 in UTC.
    package var wall: Double
    /// Seconds since the machine was started, its sleep included.
    package var steady: Double
    /// Which start of the machine `steady` counts from.
    package var boot: String

    package init(wall: Double, steady: Double, boot: String) {
        self.wall = wall
        self.steady = steady
        self.boot = boot
    }

    package static func now() -> Moment {
        Moment(
            wall: secondsSinceEpoch(), steady: read(CLOCK_BOOTTIME), boot: currentBoot)
    }

    /// Seconds from this moment to a later one: by the steady clock, or, where the machine was started
    /// in between, by the one on the wall, and then not below 0.
    package func seconds(to later: Moment) -> Double {
        boot == later.boot ? later.steady - steady : max(0, later.wall - wall)
    }
}

/// This life of the machine; empty where the system does not tell.
package let currentBoot = firstLine(of: "/proc/sys/kernel/random/boot_id")

/// The first line of one of the system's small files; empty if there is none.
package func firstLine(of path: String) -> String {
    guard let file = fopen(path, "re") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes.prefix(count).prefix { $0 != 10 }, as: UTF8.self)
}

private func read(_ clock: clockid_t) -> Double {
    var t = timespec()
    clock_gettime(clock, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}

/// Local time as people write it: 2026-03-01 18:05:09.
package func localTime(_ seconds: Double) -> String {
    guard seconds.magnitude < 1e14 else { return "?" }
    var time = time_t(seconds.rounded(.down))
    var parts = tm()
    guard localtime_r(&time, &parts) != nil else { return "?" }
    func two(_ n: Int32) -> String { n < 10 ? "0\(n)" : "\(n)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
        + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
}
