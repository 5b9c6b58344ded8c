// The two clocks: one for rates, progress and deadlines that nobody can set, and the one on the wall.
// Results never depend on either.

import Glibc

/// Seconds on the monotonic clock.
package func monotonicSeconds() -> Double { seconds(CLOCK_MONOTONIC) }

/// Seconds since 1970 in UTC, as the machine's clock has it.
package func secondsSinceEpoch() -> Double { seconds(CLOCK_REALTIME) }

private func seconds(_ clock: clockid_t) -> Double {
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
