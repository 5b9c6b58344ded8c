// The interactive loop: read a statement, perhaps over several lines, run it, show its value. An
// error or Ctrl-C ends the statement and never the session. On a pipe it does the same without
// prompts. Lines that begin with %, ! or ? are the prompt's own: ReplCommands.swift.

import ArenaCore
import ArenaLanguage
import Glibc

/// A session of statements that share their names.
final class REPL {
    let terminal: Terminal
    let interrupts: Interrupts
    let interpreter: Interpreter
    let output = OutputSink(STDOUT_FILENO)
    /// The statements that have run without an error, for `%save`.
    var succeeded: [[UInt8]] = []
    private let history: History
    private var statements = 0
    private var remembered: [UInt8] = []
    /// The lines of the statement being typed, in front of the one that is edited.
    private var pending: [UInt8] = []

    init(terminal: Terminal, interrupts: Interrupts) {
        self.terminal = terminal
        self.interrupts = interrupts
        history = History(path: terminal.inputIsTerminal ? History.defaultPath() : nil)
        interpreter = makeInterpreter(output: output)
        Watch.start(interpreter.machine)
    }

    /// Runs until the input ends.
    func run() -> ExitStatus {
        // SAFETY: only `requestInterrupt` is called from another thread, which is made for that.
        nonisolated(unsafe) let target = interpreter
        output.onFailure = { target.requestInterrupt() }
        var reader = makeReader()
        talk("ArenaScript \(arenaVersion). %help lists commands, Ctrl-D leaves.\n")
        while output.failure == nil {
            guard let statement = readStatement(&reader) else { break }
            remember(statement, in: reader)
            if Self.leaves(statement) { break }
            if !runCommand(statement) { execute(statement) }
        }
        output.flush()
        return output.failure.map(outputFailed) ?? .ok
    }

    /// Readline wants a terminal on both sides; anything else gets the plain reader.
    private func makeReader() -> any LineReader {
        if terminal.inputIsTerminal, terminal.outputIsTerminal, environment("TERM") != "dumb",
            let reader = ReadlineReader(
                wake: interrupts.wakeDescriptor, history: history.load(),
                complete: { [unowned self] line in
                    completion(of: line, after: pending, in: interpreter)
                })
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
        pending = []
        defer { pending = [] }
        while true {
            switch reader.readLine(prompt: pending.isEmpty ? ">>> " : "... ") {
            case .interrupted:
                interrupts.drain()
                talk("\n")
                pending = []
            case .end:
                talk("\n")
                if terminal.inputIsTerminal { return nil }
                // A piped block need not be closed by an empty line.
                return pending.isEmpty ? nil : pending
            case .line(var line):
                if pending.isEmpty, isBlank(line) { continue }
                let isBlock = line.contains(UInt8(ascii: "\n"))
                if isBlock { line = pastedText(line) }
                pending += isBlank(line) ? [] : line
                pending.append(UInt8(ascii: "\n"))
                if isComplete(pending, isBlock: isBlock) { return pending }
            }
        }
    }

    /// Whether a statement can run. A block that came as a whole, pasted or recalled, needs no empty
    /// line behind it.
    private func isComplete(_ text: [UInt8], isBlock: Bool) -> Bool {
        var body = text[...]
        for word in ["%time ", "%", "!", "?"] where text.starts(with: word.utf8) {
            if word != "%time " { return true }
            body = body.dropFirst(word.utf8.count)
            break
        }
        if isBlock {
            var end = body
            while let last = end.last, last == 10 || last == 32 { end.removeLast() }
            if end.last != UInt8(ascii: ":") { body.append(10) }
        }
        return !Interpreter.isIncomplete(Array(body))
    }

    /// Runs a piece of script and shows its value; whether it came to its end.
    @discardableResult
    func execute(_ statement: [UInt8], name: String? = nil) -> Bool {
        let output = output
        statements += 1
        let file = SourceFile(name: name ?? "<repl \(statements)>", bytes: statement)
        let size = terminal.outputIsTerminal ? Terminal.size() : nil
        if let size { interpreter.displayWidth = size.columns }
        // SAFETY: as in `run`.
        nonisolated(unsafe) let target = interpreter
        var failure: RunFailure?
        interrupts.stopping(patience: 1, { target.requestInterrupt() }) {
            do throws(RunFailure) {
                if let value = try interpreter.run(file, interactive: true) {
                    let shown =
                        size.map { elided(value, rows: $0.rows - 2, columns: $0.columns) } ?? value
                    output.write(shown + "\n")
                }
            } catch {
                failure = error
            }
        }
        output.flush()
        guard let failure else {
            succeeded.append(statement)
            return true
        }
        if output.failure == nil {
            say(
                (terminal.inputIsTerminal && failure.isInterrupt ? "\n" : "")
                    + rendered(failure, colour: terminal.colour))
        }
        return false
    }

    private func remember(_ statement: [UInt8], in reader: any LineReader) {
        guard terminal.inputIsTerminal, !statement.contains(0) else { return }
        var kept = statement
        while kept.last == UInt8(ascii: "\n") { kept.removeLast() }
        if kept == remembered { return }
        remembered = kept
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

/// Several lines that came at once, without the prompts of a session they were copied from and
/// without the indentation they share.
func pastedText(_ text: [UInt8]) -> [UInt8] {
    var lines = text.split(separator: 10, omittingEmptySubsequences: false)
    for i in lines.indices where lines[i].last == 13 { lines[i].removeLast() }
    func isPrompted(_ line: ArraySlice<UInt8>) -> Bool {
        [">>> ", "... "].contains { line.starts(with: $0.utf8) }
    }
    if let first = lines.first, first.starts(with: ">>> ".utf8) {
        // Lines without a prompt are what the other session printed.
        lines = lines.filter { isPrompted($0) || $0.elementsEqual("...".utf8) }
            .map { $0.dropFirst(4) }
    }
    let filled = lines.filter { !$0.allSatisfy { $0 == 32 } }
    let indents: [Int] = filled.map { line in line.prefix(while: { $0 == 32 }).count }
    let shared = indents.min() ?? 0
    if shared > 0, !Interpreter.hasLongString(text) {
        lines = lines.map { $0.dropFirst(min(shared, $0.count)) }
    }
    return Array(lines.joined(separator: [10]))
}
