// Progress for a person: one line that rewrites itself on a terminal, a plain line now and then
// elsewhere. It goes to stderr and never into results.

import Glibc
import Synchronization

/// Shows how far a piece of work has come, with its rate and the time left.
package final class ProgressLine: Sendable {
    private struct State {
        var lastShown = -1.0
        var lastLogged = -1.0
        var isOpen = false
    }

    /// Set once, before any work: then no progress is shown at all.
    package static let isSilent = Atomic<Bool>(false)

    private let label: String
    private let unit: String
    private let isTerminal: Bool
    private let descriptor: Int32
    private let start = monotonicSeconds()
    private let state = Mutex(State())
    /// Seconds between plain lines; the first comes after this long, so short work says nothing.
    private static let plainInterval = 60.0
    private static let terminalInterval = 0.1
    private static let loggedInterval = 5.0

    /// - Parameters:
    ///   - label: what is being done, such as "predict".
    ///   - unit: what is counted, such as "rows".
    package init(_ label: String, unit: String, descriptor: Int32 = 2) {
        self.label = label
        self.unit = unit
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    /// Reports the state; may be called from any thread, as often as it changes.
    /// - Parameters:
    ///   - done: work done so far, in the measure that predicts time best (tokens).
    ///   - total: all of it.
    ///   - count: how many units are done, for showing.
    ///   - of: how many there are.
    package func update(done: Int, total: Int, count: Int, of totalCount: Int, detail: String = "")
    {
        let now = monotonicSeconds() - start
        log(done: done, total: total, count: count, of: totalCount, now)
        if Self.isSilent.load(ordering: .relaxed) { return }
        state.withLock { s in
            let interval = isTerminal ? Self.terminalInterval : Self.plainInterval
            guard now - max(s.lastShown, 0) >= interval else { return }
            s.lastShown = now
            s.isOpen = isTerminal
            let left = done > 0 ? now * Double(total - done) / Double(done) : 0
            let line =
                "\(label): \(count) of \(totalCount) \(unit), \(rate(count, now)) \(unit)/s\(detail), "
                + "\(duration(left)) left"
            emit(isTerminal ? "\r\(line)\u{1B}[K" : line + "\n")
        }
    }

    private func log(done: Int, total: Int, count: Int, of totalCount: Int, _ now: Double) {
        guard EventLog.isOpen else { return }
        let isDue = state.withLock { s in
            guard now - s.lastLogged >= Self.loggedInterval || done == total else { return false }
            s.lastLogged = now
            return true
        }
        guard isDue else { return }
        EventLog.write("progress") { line in
            line.add("what", label)
            line.add(unit, count)
            line.add("of", totalCount)
            line.add("done", done)
            line.add("total", total)
            line.add("seconds", now)
        }
    }

    /// Takes a terminal's line away again.
    package func finish() {
        state.withLock { s in
            if s.isOpen { emit("\r\u{1B}[K") }
            s.isOpen = false
        }
    }

    private func emit(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
    }

    private func rate(_ count: Int, _ seconds: Double) -> String {
        let r = Double(count) / max(seconds, 1e-9)
        return r >= 10 ? String(Int(r)) : "\(Double(Int(r * 10)) / 10)"
    }
}

/// Seconds as people write them: 42 s, 3 min 20 s, 2 h 05 min.
package func duration(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    if s < 60 { return "\(s) s" }
    if s < 3600 { return "\(s / 60) min \(s % 60) s" }
    let minutes = s / 60 % 60
    return "\(s / 3600) h \(minutes < 10 ? "0" : "")\(minutes) min"
}
