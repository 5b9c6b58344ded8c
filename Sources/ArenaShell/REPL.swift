// The interactive loop: read a statement, perhaps over several lines, run it, show its value. An
// error or Ctrl-C ends the statement and never the session. On a pipe it does the same without
// prompts.

import ArenaLanguage
import Glibc

/// A session of statements that share their names.
struct REPL {
    private let terminal: Terminal
    private let interrupts: Interrupts
    private let history: History
    private let output = OutputSink(STDOUT_FILENO)
    private var statements = 0

    init(terminal: Terminal, interrupts: Interrupts) {
        self.terminal = terminal
        self.interrupts = interrupts
        history = History(path: terminal.inputIsTerminal ? History.defaultPath() : nil)
    }

    /// Runs until the input ends.
    mutating func run() -> ExitStatus {
        let interpreter = makeInterpreter(output: output)
        // SAFETY: only `requestInterrupt` is called from another thread, which is made for that.
        nonisolated(unsafe) let target = interpreter
        output.onFailure = { target.requestInterrupt() }
        var reader = makeReader()
        talk("ArenaScript \(arenaVersion). Ctrl-D leaves.\n")
        while output.failure == nil {
            guard let statement = readStatement(&reader) else { break }
            remember(statement, in: reader)
            if Self.leaves(statement) { break }
            execute(statement, interpreter)
        }
        output.flush()
        return output.failure.map(outputFailed) ?? .ok
    }

    /// Readline wants a terminal on both sides; anything else gets the plain reader.
    private func makeReader() -> any LineReader {
        if terminal.inputIsTerminal, terminal.outputIsTerminal, environment("TERM") != "dumb",
            let reader = ReadlineReader(wake: interrupts.wakeDescriptor, history: history.load())
        {
            return reader
        }
        return PlainLineReader(
            STDIN_FILENO, wake: interrupts.wakeDescriptor, promptDescriptor: talkDescriptor)
    }

    /// Where prompts and the like go: nowhere without a person, and never among redirected values.
    private var talkDescriptor: Int32? {
        guard terminal.inputIsTerminal else { return nil }
        return terminal.outputIsTerminal ? STDOUT_FILENO : STDERR_FILENO
    }

    private func talk(_ text: String) {
        if let talkDescriptor { _ = writeAll(talkDescriptor, text) }
    }

    // MARK: - One statement

    /// The next whole statement; nil when the input has ended.
    private func readStatement(_ reader: inout any LineReader) -> [UInt8]? {
        var text: [UInt8] = []
        while true {
            switch reader.readLine(prompt: text.isEmpty ? ">>> " : "... ") {
            case .interrupted:
                interrupts.drain()
                talk("^C\n")
                text = []
            case .end:
                talk("\n")
                if terminal.inputIsTerminal { return nil }
                // A piped block need not be closed by an empty line.
                return text.isEmpty ? nil : text
            case .line(let line):
                if text.isEmpty, isBlank(line) { continue }
                text += line
                text.append(UInt8(ascii: "\n"))
                if !Interpreter.isIncomplete(text) { return text }
            }
        }
    }

    private mutating func execute(_ statement: [UInt8], _ interpreter: Interpreter) {
        let output = output
        statements += 1
        let name = "<repl \(statements)>"
        if let width = Terminal.size()?.columns { interpreter.displayWidth = width }
        // SAFETY: as in `run`.
        nonisolated(unsafe) let target = interpreter
        var failure: RunFailure?
        interrupts.stopping(patience: 1, { target.requestInterrupt() }) {
            do throws(RunFailure) {
                let file = SourceFile(name: name, bytes: statement)
                if let value = try interpreter.run(file, interactive: true) {
                    output.write(value + "\n")
                }
            } catch {
                failure = error
            }
        }
        output.flush()
        if let failure, output.failure == nil {
            say(
                (terminal.inputIsTerminal && failure.isInterrupt ? "\n" : "")
                    + rendered(failure, colour: terminal.colour))
        }
    }

    private func remember(_ statement: [UInt8], in reader: any LineReader) {
        guard terminal.inputIsTerminal, !statement.contains(0) else { return }
        var kept = statement
        while kept.last == UInt8(ascii: "\n") { kept.removeLast() }
        reader.remember(kept)
        history.append(kept)
    }

    private func isBlank(_ line: [UInt8]) -> Bool {
        line.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    /// What people type to leave who do not think of Ctrl-D.
    private static func leaves(_ statement: [UInt8]) -> Bool {
        ["exit\n", "exit()\n", "quit\n", "quit()\n"].contains { statement.elementsEqual($0.utf8) }
    }
}

extension RunFailure {
    fileprivate var isInterrupt: Bool {
        if case .interrupted = self { return true }
        return false
    }
}
