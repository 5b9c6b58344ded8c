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
        let boot = firstLine("/proc/sys/kernel/random/boot_id")
        // The name in parentheses may hold anything; the start time is the 20th field behind it.
        let fields = firstLine("/proc/\(pid)/stat").split(separator: ")").last?
            .split(separator: " ")
        guard let fields, fields.count > 19 else { return "\(boot)/\(pid)/gone" }
        return "\(boot)/\(pid)/\(fields[19])"
    }

    private static func firstLine(_ path: String) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count).prefix { $0 != 10 }, as: UTF8.self)
    }
}
