// Monotonic time for rates and progress. Results never depend on it.

import Glibc

/// Seconds on the monotonic clock.
package func monotonicSeconds() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) * 1e-9
}
