// What the process says to whoever started it: one number for each way a command can end.

/// The exit codes of the binary.
package enum ExitStatus: Int32, Sendable {
    case ok = 0
    /// `fmt --check` found scripts that it would change.
    case differs = 1
    /// The command line makes no sense.
    case usage = 64
    /// The script does not parse or resolve, or is not text.
    case script = 65
    /// The script is missing or unreadable.
    case input = 66
    /// The script failed while running.
    case failed = 70
    /// Standard output could not be written.
    case output = 74
    /// The run came to its end at its deadline, or with rows filled.
    case cut = 75
    /// Stopped by Ctrl-C.
    case interrupted = 130
    /// Stopped by SIGTERM.
    case terminated = 143
}
