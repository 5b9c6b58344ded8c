// What happens in a run as lines of JSON in a file, for programs that watch it. Nothing is written until
// a file is named, and a line that cannot be written is lost: the run does not depend on it.

import Glibc
import Synchronization

/// The process's log of events.
package enum EventLog {
    private static let descriptor = Mutex<Int32>(-1)

    /// Writes events to the end of this file from here on.
    package static func open(_ path: String) throws(FileError) {
        let opened = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw .system(path: path, doing: "opening", code: errno) }
        descriptor.withLock { $0 = opened }
    }

    package static var isOpen: Bool { descriptor.withLock { $0 >= 0 } }

    /// One line: the time in seconds since 1970, the event's name, and what `fill` adds.
    package static func write(_ event: String, _ fill: (inout JSONLine) -> Void) {
        guard isOpen else { return }
        var line = JSONLine()
        line.add("time", secondsSinceEpoch())
        line.add("event", event)
        fill(&line)
        let bytes = Array((line.text + "\n").utf8)
        descriptor.withLock { descriptor in
            // One call a line: lines of several threads do not mix.
            _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        }
    }
}
