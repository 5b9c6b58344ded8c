// Standard output as a script's `print` sees it. A terminal or a pipe gets each text at once, so
// that a notebook shows progress; a file gets large blocks.

import ArenaCore
import Glibc
import Synchronization

/// Collects and writes what a script prints, and remembers the first failure.
package final class OutputSink {
    /// The error number of the first write that failed; nothing is written after it.
    package private(set) var failure: Int32?
    /// Called once, at the first failure.
    package var onFailure: (() -> Void)?

    private let descriptor: Int32
    private let blockSize: Int
    private var pending: [UInt8] = []

    /// A sink for `descriptor`; block-wise only if that is a regular file.
    package init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var info = stat()
        let isFile = fstat(descriptor, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
        blockSize = isFile ? 1 << 16 : 0
        guard isFile, descriptor == STDOUT_FILENO else { return }
        // SAFETY: a script prints and writes files on one thread.
        nonisolated(unsafe) weak let sink = self
        AtomicFile.whatIsPrinted.withLock { $0 = { sink?.flush() } }
    }

    /// Prints a text as it is.
    package func write(_ text: String) {
        guard failure == nil else { return }
        if blockSize == 0 {
            note(writeAll(descriptor, text))
        } else {
            pending.append(contentsOf: text.utf8)
            if pending.count >= blockSize { flush() }
        }
    }

    /// Hands everything printed so far to the system.
    package func flush() {
        guard failure == nil, !pending.isEmpty else { return }
        note(pending.withUnsafeBytes { writeAll(descriptor, $0) })
        pending.removeAll(keepingCapacity: true)
    }

    private func note(_ code: Int32?) {
        guard let code, failure == nil else { return }
        failure = code
        onFailure?()
    }
}
