// Which process a run belongs to, so that a later one can tell whether it still lives: process numbers
// alone are given again.

import ArenaCore
import Glibc

/// A process of this or an earlier life of the machine.
package struct ProcessMark: Sendable, Equatable {
    /// "boot/pid/start".
    package let text: String

    package init(text: String) { self.text = text }

    /// This process.
    package static let own = ProcessMark(text: mark(of: getpid()))

    /// Whether the process still runs on this machine.
    package var isAlive: Bool {
        let parts = text.split(separator: "/")
        guard parts.count == 3, let pid = pid_t(parts[1]) else { return false }
        return Self.mark(of: pid) == text
    }

    private static func mark(of pid: pid_t) -> String {
        // The name in parentheses may hold anything; the start time is the 20th field behind it.
        let fields = firstLine(of: "/proc/\(pid)/stat").split(separator: ")").last?
            .split(separator: " ")
        guard let fields, fields.count > 19 else { return "\(currentBoot)/\(pid)/gone" }
        return "\(currentBoot)/\(pid)/\(fields[19])"
    }
}
