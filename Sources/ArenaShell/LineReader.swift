// How the REPL gets its lines: from GNU readline where there is a terminal and the library, else
// from the reader here, which asks nothing of its input.

import Glibc

/// What came of asking for a line.
package enum LineInput: Equatable {
    /// A line without its newline. Pasted text may hold newlines inside.
    case line([UInt8])
    /// Ctrl-C: what was typed is dropped. The reader or its terminal has shown `^C`.
    case interrupted
    case end
}

/// A source of lines.
package protocol LineReader {
    /// Shows the prompt and waits for a line.
    mutating func readLine(prompt: String) -> LineInput
    /// Keeps a statement for recall by the arrow keys, if there is such a thing.
    func remember(_ statement: [UInt8])
}

/// Reads lines from a descriptor with nothing but `poll` and `read`.
package struct PlainLineReader: LineReader {
    private let descriptor: Int32
    private let wake: Int32
    private let promptDescriptor: Int32?
    private var buffer: [UInt8] = []
    private var scanned = 0
    private var ended = false

    /// A reader of `descriptor` that returns `.interrupted` when `wake` becomes readable.
    /// Prompts go to their own descriptor, or nowhere.
    package init(_ descriptor: Int32, wake: Int32, promptDescriptor: Int32?) {
        self.descriptor = descriptor
        self.wake = wake
        self.promptDescriptor = promptDescriptor
    }

    package mutating func readLine(prompt: String) -> LineInput {
        if let promptDescriptor { _ = writeAll(promptDescriptor, prompt) }
        while true {
            if let newline = buffer[scanned...].firstIndex(of: UInt8(ascii: "\n")) {
                var line = Array(buffer[..<newline])
                buffer.removeSubrange(...newline)
                scanned = 0
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                return .line(line)
            }
            scanned = buffer.count
            if ended { return lastLine() }
            switch waitForInput(descriptor, wake) {
            case .interrupted:
                buffer = []
                scanned = 0
                return .interrupted
            case .ready: fill()
            case .again: continue
            }
        }
    }

    package func remember(_ statement: [UInt8]) {}

    private mutating func fill() {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let n = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        if n > 0 {
            buffer.append(contentsOf: chunk[0..<n])
        } else if n == 0 || errno != EINTR {
            ended = true
        }
    }

    /// Input may end without a newline; the line counts all the same.
    private mutating func lastLine() -> LineInput {
        guard !buffer.isEmpty else { return .end }
        defer {
            buffer = []
            scanned = 0
        }
        return .line(buffer)
    }
}

enum Readiness { case ready, interrupted, again }

/// Waits until there is something to read or Ctrl-C was pressed, which goes first.
func waitForInput(_ descriptor: Int32, _ wake: Int32) -> Readiness {
    var watched = [
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
    ]
    guard poll(&watched, 2, -1) > 0 else { return .again }
    if watched[1].revents & Int16(POLLIN) != 0 { return .interrupted }
    return watched[0].revents != 0 ? .ready : .again
}
