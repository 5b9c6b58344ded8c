// What each command does once its arguments are known: load, run, report, and say how it ended.

import ArenaBuiltins
import ArenaCore
import ArenaLanguage
import Glibc

/// One use of the binary: its streams and its Ctrl-C.
package struct Session {
    private let terminal: Terminal

    /// A session over this process's standard streams.
    package init(terminal: Terminal = .current()) {
        self.terminal = terminal
    }

    /// Runs a script to its end; `parameters` are what `--set` gave.
    ///
    /// Log lines and errors also go to the file `log`, if one is given.
    /// With `showingValue` the value of a last expression is printed as the REPL would.
    package func run(
        _ source: ScriptSource, parameters: [String: String] = [:], showingValue: Bool = false,
        log: String? = nil
    ) -> ExitStatus {
        let interrupts = Interrupts()
        if let log {
            do throws(FileError) { try Log.shared.open(log) } catch {
                say(renderedError(error, colour: terminal.colour))
                return .output
            }
        }
        let file: SourceFile
        do { file = try source.load() } catch { return refuse(error) }
        let output = OutputSink(STDOUT_FILENO)
        let interpreter = makeInterpreter(parameters: parameters, output: output)
        // SAFETY: only `requestInterrupt` is called from another thread, which is made for that.
        nonisolated(unsafe) let target = interpreter
        output.onFailure = { target.requestInterrupt() }
        var failure: RunFailure?
        interrupts.stopping(patience: 0, { target.requestInterrupt() }) {
            do throws(RunFailure) {
                if let value = try interpreter.run(file, interactive: showingValue) {
                    output.write(value + "\n")
                }
            } catch {
                failure = error
            }
        }
        output.flush()
        if let code = output.failure { return outputFailed(code) }
        return failure.map(report) ?? .ok
    }

    /// Parses and resolves a script without running it.
    package func check(_ source: ScriptSource) -> ExitStatus {
        let file: SourceFile
        do { file = try source.load() } catch { return refuse(error) }
        let found = Interpreter(
            builtins: allBuiltins, values: allModules, parameters: [:], output: { _ in }
        ).check(file)
        if !found.isEmpty { return report(.rejected(found)) }
        return printLine("\(source.name): no errors found")
    }

    /// Prints one line of data.
    package func printLine(_ text: String) -> ExitStatus {
        let output = OutputSink(STDOUT_FILENO)
        output.write(text + "\n")
        output.flush()
        return output.failure.map(outputFailed) ?? .ok
    }

    /// Reads statements from standard input until it ends.
    package func repl() -> ExitStatus {
        var loop = REPL(terminal: terminal, interrupts: Interrupts())
        return loop.run()
    }

    /// What no arguments mean: a person at a terminal gets the REPL, a pipe is a script.
    package func runWithoutArguments() -> ExitStatus {
        terminal.inputIsTerminal ? repl() : run(.standardInput)
    }

    private func refuse(_ error: ScriptError) -> ExitStatus {
        say(renderedError(error, colour: terminal.colour))
        Log.shared.write(.error, renderedError(error, colour: false), onlyToFile: true)
        return error.status
    }

    private func report(_ failure: RunFailure) -> ExitStatus {
        say(rendered(failure, colour: terminal.colour))
        Log.shared.write(.error, rendered(failure, colour: false), onlyToFile: true)
        switch failure {
        case .rejected: return .script
        case .raised: return .failed
        case .interrupted: return .interrupted
        }
    }
}

/// An interpreter that prints to `output` and says its notes to the person.
func makeInterpreter(parameters: [String: String] = [:], output: OutputSink) -> Interpreter {
    let interpreter = Interpreter(
        builtins: allBuiltins, values: allModules, parameters: parameters,
        output: { output.write($0) })
    interpreter.machine.note = { say($0) }
    if let width = Terminal.width() { interpreter.displayWidth = width }
    return interpreter
}

/// Reports that printed text was lost. A reader that has seen enough, such as `head`, needs no
/// telling.
func outputFailed(_ code: Int32) -> ExitStatus {
    if code != EPIPE { say("error: writing to standard output failed: \(errorText(code))") }
    return .output
}

/// A failed run in words.
func rendered(_ failure: RunFailure, colour: Bool) -> String {
    switch failure {
    case .rejected(let found):
        return found.map { $0.rendered(colour: colour) }.joined(separator: "\n")
    case .raised(let diagnostic): return diagnostic.rendered(colour: colour)
    case .interrupted: return "interrupted"
    }
}

/// An error that has no place in a script, in words.
func renderedError(_ error: some ArenaFault, colour: Bool) -> String {
    let report = error.report
    let title = colour ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
    var text = "\(title) \(report.message)"
    if let place = report.place { text += "\n  in \(place)" }
    if let help = report.help { text += "\n  help: \(help)" }
    return text
}
