// What each command does once its arguments are known: load, run, report, and say how it ended.

import ArenaBuiltins
import ArenaCore
import ArenaLanguage
import ArenaRuns
import Glibc
import Synchronization

/// How the process talks to whoever started it, beside its output.
package struct Manner: Sendable {
    package enum Colour: String, Sendable, CaseIterable { case auto, always, never }
    package var colour = Colour.auto
    /// No notes and no progress.
    package var isQuiet = false
    /// Each diagnostic is one JSON object a line.
    package var isJSON = false
    /// The file that gets what happens as lines of JSON.
    package var eventLog: String?
    /// Bytes a script may use; without it, most of what the machine has.
    package var memoryLimit: Int?
    /// Say at the end where the time went.
    package var isProfiled = false

    package init() {}
}

/// One use of the binary: its streams and its Ctrl-C.
package struct Session {
    let terminal: Terminal
    let manner: Manner

    /// A session over this process's standard streams.
    package init(_ manner: Manner = Manner(), terminal: Terminal = .current()) {
        var terminal = terminal
        switch manner.colour {
        case .auto: break
        case .always: terminal.colour = true
        case .never: terminal.colour = false
        }
        self.terminal = terminal
        self.manner = manner
        if manner.isQuiet || manner.isJSON { ProgressLine.isSilent.store(true, ordering: .relaxed) }
    }

    /// Runs a script to its end; `parameters` are what `--set` gave, `arguments` what follows the
    /// script's name.
    ///
    /// Log lines and errors also go to the file `log`, if one is given.
    /// With `showingValue` the value of a last expression is printed as the REPL would.
    /// - Parameter keeping: how the run is recorded and resumed; nil to leave no trace of it.
    package func run(
        _ source: ScriptSource, arguments: [String] = [], parameters: [String: String] = [:],
        showingValue: Bool = false, log: String? = nil, keeping settings: RunSettings? = nil
    ) -> ExitStatus {
        let interrupts = Interrupts(terminating: true)
        if let log {
            do throws(FileError) { try Log.shared.open(log) } catch {
                say(renderedError(error, colour: terminal.colour))
                return .output
            }
        }
        if let events = manner.eventLog {
            do throws(FileError) { try EventLog.open(events) } catch {
                tell(error)
                return .output
            }
        }
        let file: SourceFile
        do { file = try source.load() } catch { return refuse(error) }
        if let misuse = misuse(of: file, arguments, parameters) { return refuse(misuse) }
        let began = Moment.now()
        let gate: FileAccount.Gate?
        do { gate = try self.gate(file, settings) } catch {
            tell(error)
            return .input
        }
        var settings = settings
        if let keeping = settings, isWorthTrying(file, arguments, parameters, keeping) {
            switch tryFirst(file, named: source.name, arguments, parameters, interrupts, gate) {
            case .refused(let status): return status
            case .passed(let calls): settings?.callsTried = calls
            }
        }
        let output = OutputSink(STDOUT_FILENO)
        let interpreter = makeInterpreter(
            arguments: [source.name] + arguments, parameters: parameters, output: output,
            manner: manner)
        if manner.isProfiled { interpreter.machine.profile = Profile() }
        var run: Run?
        if let settings {
            run = beginRun(file, arguments, parameters, settings, gate, began: began)
            do throws(JournalError) { try run?.prepare() } catch { return refuse(error) }
            interpreter.machine.host = run
        }
        Watch.start(interpreter.machine)
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
        if let profile = interpreter.machine.profile { say(profile.report()) }
        let ending = run.map { end($0, failure, interrupts.signal) }
        if let code = output.failure { return outputFailed(code) }
        if let failure {
            let status = report(failure)
            if case .interrupted = failure, interrupts.signal == SIGTERM { return .terminated }
            return status
        }
        if !parameters.isEmpty, !interpreter.machine.hasReadParameters {
            return refuse(UsageError.settingsUnread(source.name, parameters.keys.sorted()))
        }
        return ending ?? .ok
    }

    /// What the command line gives and the script can be seen not to take.
    private func misuse(
        of file: SourceFile, _ arguments: [String], _ parameters: [String: String]
    ) -> UsageError? {
        guard !arguments.isEmpty || !parameters.isEmpty else { return nil }
        let (names, loads) = namesUsed(in: file)
        if loads { return nil }
        if let extra = arguments.first, !names.contains("argv") {
            return .argumentsUnread(file.name, first: extra)
        }
        if let key = parameters.keys.min(), !names.contains("params") {
            return .settingsUnread(file.name, [key])
        }
        return nil
    }

    /// Prints one line of data.
    package func printLine(_ text: String) -> ExitStatus { printText(text + "\n") }

    /// Prints a text as it is.
    package func printText(_ text: String) -> ExitStatus {
        let output = OutputSink(STDOUT_FILENO)
        output.write(text)
        output.flush()
        return output.failure.map(outputFailed) ?? .ok
    }

    /// Reads statements from standard input until it ends.
    package func repl() -> ExitStatus {
        let loop = REPL(terminal: terminal, interrupts: Interrupts())
        return loop.run()
    }

    /// What no arguments mean: a person at a terminal gets the REPL, a pipe is a script.
    package func runWithoutArguments() -> ExitStatus {
        terminal.inputIsTerminal ? repl() : run(.standardInput)
    }

    // MARK: - Talking

    var colour: Bool { terminal.colour }

    func refuse(_ error: ScriptError) -> ExitStatus {
        tell(error)
        return error.status
    }

    func refuse(_ error: UsageError) -> ExitStatus {
        tell(error)
        return .usage
    }

    func tell(_ error: some ArenaFault) {
        Log.shared.write(.error, renderedError(error, colour: false), onlyToFile: true)
        guard manner.isJSON else { return say(renderedError(error, colour: terminal.colour)) }
        let report = error.report
        var line = JSONLine()
        line.add("kind", report.kind.rawValue)
        line.add("title", report.message)
        if let help = report.help { line.add("help", help) }
        say(line.text)
    }

    func report(_ failure: RunFailure) -> ExitStatus {
        Log.shared.write(.error, rendered(failure, colour: false), onlyToFile: true)
        if manner.isJSON {
            for line in jsonLines(failure) { say(line) }
        } else {
            say(rendered(failure, colour: terminal.colour))
        }
        switch failure {
        case .rejected: return .script
        case .raised: return .failed
        case .interrupted: return .interrupted
        }
    }
}

/// What the command line asks of a script that does not know of it.
enum UsageError: ArenaFault, Equatable {
    case argumentsUnread(String, first: String)
    case settingsUnread(String, [String])

    var report: FaultReport {
        switch self {
        case .argumentsUnread(let name, let first):
            return FaultReport(
                .value, "\(name) takes no arguments, so '\(first)' would be lost",
                help: first.contains("=") && !first.hasPrefix("-")
                    ? "each value takes its own --set: --set \(first)"
                    : "a script finds its arguments in the list argv; one script a command")
        case .settingsUnread(let name, let keys):
            let key = keys.first ?? ""
            return FaultReport(
                .value, "\(name) asks for no params(), so --set \(key)=... would be lost",
                help: "in the script: cfg = params(\(key)=...), then cfg.\(key)")
        }
    }
}

/// An interpreter that prints to `output` and says its notes to the person.
func makeInterpreter(
    arguments: [String] = [""], parameters: [String: String] = [:], output: OutputSink,
    manner: Manner = Manner()
) -> Interpreter {
    let interpreter = Interpreter(
        builtins: allBuiltins, values: allModules, parameters: parameters,
        output: { output.write($0) })
    interpreter.loader = loadScript
    interpreter.machine.memoryLimit = manner.memoryLimit ?? Watch.usableMemory()
    interpreter.define("argv", .list(arguments.map { .string($0) }))
    interpreter.machine.note = { tellNote($0, manner) }
    if let width = Terminal.size()?.columns { interpreter.displayWidth = width }
    return interpreter
}

/// Says a sentence that is neither output nor an error.
func tellNote(_ text: String, _ manner: Manner) {
    EventLog.write("note") { $0.add("text", text) }
    if manner.isQuiet { return }
    guard manner.isJSON else { return say(text) }
    var line = JSONLine()
    line.add("kind", "Note")
    line.add("title", text)
    say(line.text)
}

/// Reports that printed text was lost. A reader that has seen enough, such as `head`, needs no
/// telling.
package func outputFailed(_ code: Int32) -> ExitStatus {
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

/// A failed run as JSON objects, one a line.
private func jsonLines(_ failure: RunFailure) -> [String] {
    switch failure {
    case .rejected(let found): return found.map(\.json)
    case .raised(let diagnostic): return [diagnostic.json]
    case .interrupted:
        var line = JSONLine()
        line.add("kind", ErrorKind.interrupted.rawValue)
        line.add("title", "interrupted")
        return [line.text]
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
