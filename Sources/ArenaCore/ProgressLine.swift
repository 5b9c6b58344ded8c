// Progress for a person: on a terminal two lines that rewrite themselves, the step and under it its rows; a
// plain line now and then elsewhere. It goes to stderr and never into results.

import Glibc
import Synchronization

/// Shows how far a piece of work has come and the time left.
package final class ProgressLine: Sendable {
    private struct State {
        var lastShown = -1.0
        var lastLogged = -1.0
        /// Whether the two lines stand on the terminal.
        var isOpen = false
    }

    /// Set once, before any work: then no progress is shown at all.
    package static let isSilent = Atomic<Bool>(false)
    /// Whose lines stand on the terminal.
    private static let open = Mutex<ProgressLine?>(nil)

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
    ///   - label: what is being done, such as "step 1 of 2: predict_proba model".
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
    ///   - left: seconds that the rest will take.
    ///   - detail: more about the units, such as "812 tokens/s".
    ///   - outlook: more about the step, such as how the deadline stands.
    package func update(
        done: Int, total: Int, count: Int, of totalCount: Int, left: Double,
        detail: String = "", outlook: String = ""
    ) {
        let now = monotonicSeconds() - start
        log(done: done, total: total, count: count, of: totalCount, now)
        let parts = ["\(count) of \(totalCount) \(unit)", detail, "\(duration(left)) left"]
        show(parts.filter { !$0.isEmpty }.joined(separator: ", "), outlook, now)
    }

    /// Says what is done before there is anything to count, on a terminal at once, elsewhere if it takes
    /// so long that a plain line would be due.
    package func announce(_ text: String, seconds: Double, outlook: String = "") {
        guard isTerminal || seconds >= Self.plainInterval else { return }
        state.withLock { $0.lastShown = -1 }
        show(text, outlook, isTerminal ? Self.terminalInterval : Self.plainInterval)
    }

    private func show(_ text: String, _ outlook: String, _ now: Double) {
        if Self.isSilent.load(ordering: .relaxed) { return }
        let interval = isTerminal ? Self.terminalInterval : Self.plainInterval
        let isDue = state.withLock { s in
            guard now - max(s.lastShown, 0) >= interval else { return false }
            s.lastShown = now
            return true
        }
        guard isDue else { return }
        let step = outlook.isEmpty ? label : "\(label), \(outlook)"
        guard isTerminal else {
            return emit("\(label): \(text)\(outlook.isEmpty ? "" : ", " + outlook)\n")
        }
        let width = terminalWidth() - 1
        let lines = "\r\(step.prefix(width))\u{1B}[K\r\n\(("  " + text).prefix(width))\u{1B}[K"
        Self.open.withLock { $0 = self }
        state.withLock { s in
            emit(s.isOpen ? "\u{1B}[1A" + lines : lines)
            s.isOpen = true
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

    /// Takes a terminal's lines away again.
    package func finish() {
        state.withLock { s in
            if s.isOpen { emit("\r\u{1B}[K\u{1B}[1A\r\u{1B}[K") }
            s.isOpen = false
        }
        Self.open.withLock { if $0 === self { $0 = nil } }
    }

    /// Makes room for a sentence on the terminal: the lines that stand there go, and come again below it.
    package static func makeWay() { open.withLock { $0 }?.finish() }

    private func emit(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(descriptor, $0.baseAddress, $0.count) }
    }

    private func terminalWidth() -> Int {
        var size = winsize()
        let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return isKnown ? max(20, Int(size.ws_col)) : 80
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
