// Scripts tried before they cost: `check` and `plan`.

import ArenaBuiltins
import ArenaCore
import ArenaLanguage
import ArenaModels
import ArenaRuns
import Glibc
import Synchronization

/// How a script is tried.
package struct TrialSettings: Sendable {
    /// Seconds after which what is left is not tried.
    package var budget = 20.0
    package var arguments: [String] = []
    package var parameters: [String: String] = [:]
    /// Rows to plan for in place of the files' own, and the table that they are like.
    package var asIf: Int?
    package var like: String?

    package init() {}
}

/// How a script that was tried before it runs came out.
enum FirstTrial {
    case refused(ExitStatus)
    /// With the calls of models that it makes; nil if the time was up before its end.
    case passed(calls: [CallForecast]?)
}

extension Session {
    /// Looks for mistakes: names, arguments, files, and, with `trial`, all that trying the statements
    /// brings to light. The worst of what was found.
    package func check(_ sources: [ScriptSource], trial: TrialSettings?) -> ExitStatus {
        let output = OutputSink(STDOUT_FILENO)
        let interrupts = Interrupts(terminating: true)
        var status = ExitStatus.ok
        for source in sources where interrupts.signal == nil {
            let found = check(source, trial, output, interrupts)
            if status == .ok { status = found }
        }
        output.flush()
        return output.failure.map(outputFailed) ?? status
    }

    private func check(
        _ source: ScriptSource, _ trial: TrialSettings?, _ output: OutputSink,
        _ interrupts: Interrupts
    ) -> ExitStatus {
        let file: SourceFile
        do { file = try source.load() } catch { return refuse(error) }
        let faults = makeInterpreter(output: output, manner: manner).check(file)
        guard faults.isEmpty else { return report(.rejected(faults)) }
        var reached = ""
        if let trial {
            guard let (result, _) = rehearse(file, named: source.name, trial, interrupts) else {
                return .output
            }
            if interrupts.signal != nil { return .interrupted }
            guard result.faults.isEmpty else { return report(.rejected(result.faults)) }
            if let line = result.stoppedAt {
                reached = " up to line \(line), where the time to try it was up"
            }
        }
        output.write("\(source.name): no errors found\(reached)\n")
        return .ok
    }

    /// Prints what a script's model calls will take: rows, tokens, memory and time.
    package func plan(_ source: ScriptSource, _ trial: TrialSettings) -> ExitStatus {
        let file: SourceFile
        do { file = try source.load() } catch { return refuse(error) }
        let interrupts = Interrupts(terminating: true)
        guard let (result, rehearsal) = rehearse(file, named: source.name, trial, interrupts) else {
            return .output
        }
        if interrupts.signal != nil { return .interrupted }
        guard result.faults.isEmpty else { return report(.rejected(result.faults)) }
        if let line = result.stoppedAt {
            tellNote(
                "the time to try the script was up at line \(line): what follows is not planned",
                manner)
        }
        let speed = makeTemporaryFolder().flatMap { folder in
            defer { removeFolder(folder) }
            return measuredProductSpeed(in: folder)
        }
        return printText(planText(rehearsal.calls, speed: speed))
    }

    /// Whether a script shall be tried before it runs: it opens models, and the journal knows no run of
    /// the same command, which would have been tried.
    func isWorthTrying(
        _ file: SourceFile, _ arguments: [String], _ parameters: [String: String],
        _ settings: RunSettings
    ) -> Bool {
        let opening = ["causal_lm", "classifier", "embedder", "masked_lm", "span_reader"]
        guard settings.rehearses, !namesUsed(in: file).names.isDisjoint(with: opening) else {
            return false
        }
        let folder = settings.state ?? RunSettings.usualState
        guard !settings.isFresh, Journal.exists(in: folder),
            let journal = try? Journal(folder: folder, tell: { tellNote($0, manner) })
        else { return true }
        defer { try? journal.close() }
        let digest = Digest(of: file.bytes)
        return !((try? journal.runs()) ?? []).contains {
            $0.scriptDigest == digest && $0.arguments == arguments && $0.settings == parameters
        }
    }

    /// The first seconds of a run: what trying it brings to light ends it before it costs.
    func tryFirst(
        _ file: SourceFile, named name: String, _ arguments: [String],
        _ parameters: [String: String], _ interrupts: Interrupts, _ gate: FileAccount.Gate?
    ) -> FirstTrial {
        var trial = TrialSettings()
        trial.budget = 10
        (trial.arguments, trial.parameters) = (arguments, parameters)
        guard let (result, rehearsal) = rehearse(file, named: name, trial, interrupts, gate) else {
            return .refused(.output)
        }
        if let signal = interrupts.signal {
            return .refused(signal == SIGTERM ? .terminated : .interrupted)
        }
        guard !result.faults.isEmpty else {
            return .passed(calls: result.stoppedAt == nil ? rehearsal.calls.map(\.forecast) : nil)
        }
        let status = report(.rejected(result.faults))
        tellNote(
            "nothing has been run: this came out when the script was tried, where models are not run and predictions are made up; --no-rehearsal runs it as it is",
            manner)
        return .refused(status)
    }

    /// Tries a script; nil if no temporary folder can be made, which is said. What goes wrong after a prediction is
    /// an error if it does so with other made-up predictions too.
    private func rehearse(
        _ file: SourceFile, named name: String, _ trial: TrialSettings, _ interrupts: Interrupts,
        _ gate: FileAccount.Gate? = nil
    ) -> (RehearsalResult, Rehearsal)? {
        guard
            let (first, rehearsal) = rehearse(
                file, named: name, trial, draw: 0, interrupts, gate)
        else { return nil }
        var result = first
        guard !result.doubts.isEmpty, interrupts.signal == nil else { return (result, rehearsal) }
        guard let (again, _) = rehearse(file, named: name, trial, draw: 1, interrupts, gate) else {
            return nil
        }
        let others = again.faults + again.doubts
        for doubt in result.doubts {
            if others.contains(where: doubt.isAlike) {
                result.faults.append(doubt)
            } else {
                tellNote(
                    "line \(doubt.line ?? 0) fails with some of the predictions that a trial makes up, and not with others: \(doubt.title)",
                    manner)
            }
        }
        return (result, rehearsal)
    }

    private func rehearse(
        _ file: SourceFile, named name: String, _ trial: TrialSettings, draw: UInt64,
        _ interrupts: Interrupts, _ gate: FileAccount.Gate?
    ) -> (RehearsalResult, Rehearsal)? {
        guard let scratch = makeTemporaryFolder() else {
            say("error: no temporary folder can be made")
            return nil
        }
        defer { removeFolder(scratch) }
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(nowhere) }
        let interpreter = makeInterpreter(
            arguments: [name] + trial.arguments, parameters: trial.parameters,
            output: OutputSink(nowhere), manner: manner)
        interpreter.machine.note = { _ in }
        let rehearsal = Rehearsal(asIf: trial.asIf, like: trial.like, draw: draw)
        interpreter.machine.host = rehearsal
        FileAccount.begin(gate: gate)
        FileAccount.redirect(to: scratch)
        defer { FileAccount.endRedirection() }
        // SAFETY: only `requestInterrupt` is called from other threads, which is made for that.
        nonisolated(unsafe) let target = interpreter
        let clock = Clock(seconds: trial.budget, machine: interpreter.machine)
        defer { clock.stop() }
        let result = interrupts.stopping(patience: 0, { target.requestInterrupt() }) {
            interpreter.rehearse(
                file, wasLeftOut: { rehearsal.hasLeftOut() },
                verdict: {
                    rehearsal.calls.isEmpty ? .certain : $0 == .assertion ? .nothing : .doubtful
                })
        }
        return (result, rehearsal)
    }
}

/// Stops a machine when its time is up, and refuses it more memory than its limit, until it is stopped
/// itself; then it lets go of the machine, unlike `Watch`.
private final class Clock: Sendable {
    private let isStopped = Atomic<Bool>(false)

    init(seconds: Double, machine: Machine) {
        let end = monotonicSeconds() + seconds
        // SAFETY: the thread keeps the machine, and only makes requests, which is safe from any thread.
        nonisolated(unsafe) let machine = machine
        let limit = machine.memoryLimit
        startThread { [self] in
            while !isStopped.load(ordering: .relaxed) {
                if monotonicSeconds() >= end { return machine.requests.stop() }
                if let limit, memoryInUse() > limit { machine.requests.refuseMemory() }
                usleep(10_000)
            }
        }
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }
}

/// The calls of a plan as a table, and what they come to together.
private func planText(_ calls: [PlannedCall], speed: Double?) -> String {
    guard !calls.isEmpty else { return "no calls of models\n" }
    func time(_ calls: [PlannedCall]) -> String {
        // What is known is the processor's speed.
        let speed = calls.contains { $0.devices.cards > 0 } ? nil : speed
        return speed.map { speed in
            "about " + duration(calls.reduce(0) { $0 + $1.products / speed + $1.loadSeconds })
        } ?? "not measured"
    }
    var rows = [["step", "rows", "tokens", "longest", "products", "weights", "time"]]
    for call in calls {
        rows.append([
            call.label, "\(call.rows)", "\(call.tokens)", "\(call.longestRow)",
            scientific(call.products), byteSize(call.weightBytes), time([call]),
        ])
    }
    var text = table(rows)
    text += "together \(time(calls))"
    if let speed {
        text +=
            ": \(counted(processorCount(), "processor")), \(scientific(speed)) products a second"
    }
    return text + "; the largest weights take \(byteSize(calls.map(\.weightBytes).max() ?? 0))\n"
}

private func scientific(_ x: Double) -> String {
    guard x > 0 else { return "0" }
    let exponent = Int(log10(x).rounded(.down))
    let tenths = Int((x / pow(10, Double(exponent)) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)e\(exponent)"
}
