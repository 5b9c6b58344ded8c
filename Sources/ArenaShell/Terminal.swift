// The process's three standard streams: what they are, and how text reaches them.

import ArenaCore
import Glibc

/// What is known about the standard streams when the process starts.
package struct Terminal: Sendable {
    package var inputIsTerminal: Bool
    package var outputIsTerminal: Bool
    /// Whether diagnostics may be coloured.
    package var colour: Bool

    /// Looks at this process's streams and environment.
    package static func current() -> Terminal {
        let plain = environment("NO_COLOR").map { !$0.isEmpty } ?? false
        return Terminal(
            inputIsTerminal: isatty(STDIN_FILENO) == 1,
            outputIsTerminal: isatty(STDOUT_FILENO) == 1,
            colour: isatty(STDERR_FILENO) == 1 && !plain && environment("TERM") != "dumb")
    }

    /// How much standard output shows just now; nil if it is no terminal.
    static func size() -> (rows: Int, columns: Int)? {
        var size = winsize()
        let known = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? (max(5, Int(size.ws_row)), max(20, Int(size.ws_col))) : nil
    }
}

/// A variable of the environment.
package func environment(_ name: String) -> String? {
    guard let value = getenv(name) else { return nil }
    return String(cString: value)
}

/// Makes the process safe to start under any parent: call it first.
///
/// A stream that the parent closed would give its number to the next file that is opened, and
/// printed text would land in that file: such a stream is opened here so that using it fails
/// instead. A reader that leaves must not kill the process: a write then fails like any other.
package func prepareStandardStreams() {
    for (descriptor, mode) in [
        (STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY),
    ]
    where fcntl(descriptor, F_GETFD) == -1 {
        let opened = open("/dev/null", mode)
        if opened >= 0, opened != descriptor {
            dup2(opened, descriptor)
            close(opened)
        }
    }
    signal(SIGPIPE, SIG_IGN)
    // A file over the process's limit is then an ordinary error of the write.
    signal(SIGXFSZ, SIG_IGN)
}

/// Text for a person, on standard error; there is nobody to tell if that fails.
package func say(_ text: String) {
    ProgressLine.makeWay()
    _ = writeAll(STDERR_FILENO, text.utf8.last == UInt8(ascii: "\n") ? text : text + "\n")
}

/// Writes a whole text; the error number if that fails.
func writeAll(_ descriptor: Int32, _ text: String) -> Int32? {
    var text = text
    return text.withUTF8 { writeAll(descriptor, UnsafeRawBufferPointer($0)) }
}

/// Writes all bytes; the error number if that fails.
func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32? {
    var rest = bytes
    while !rest.isEmpty {
        let n = write(descriptor, rest.baseAddress, rest.count)
        if n < 0 {
            if errno == EINTR { continue }
            return errno
        }
        rest = UnsafeRawBufferPointer(rebasing: rest[n...])
    }
    return nil
}
