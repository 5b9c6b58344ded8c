// Where models meet the journal and the deadline: a call of a model becomes a step, whose facts are the
// model's files, the task and its parameters.

import ArenaCore
import ArenaLanguage
import ArenaModels
import ArenaRuns

extension Arguments {
    /// The run under way; nil in the shell and for code from the command line.
    var run: Run? { machine.host as? Run }

    /// Tells the run what the builtin's random choices follow from.
    func noteSeed(_ seed: String) { run?.note(SeedRecord(builtin.name, seed)) }
}

extension RecordedStep: RowStore {
    package var hasFailed: Bool { failure != nil }
}

/// A call of a model: what is computed of its rows, beside the rows themselves.
struct ModelTask {
    var core: ModelCore
    /// The rows that it is computed of.
    var batch: TokenBatch
    /// What progress lines call it.
    var verb: String
    /// What is computed; calls that compute the same find each other's rows.
    var name: String
    var parameters: [(name: String, value: String)] = []
    /// Which of the model's adapters computes.
    var adapter = 0

    /// What the results follow from, and what the rows were made with.
    func facts(_ a: Arguments) throws(Raised) -> [StepFact] {
        let model = try raising { () throws(ModelError) in try core.fingerprint(adapter: adapter) }
        var facts = [StepFact(.task, "", name)]
        facts += parameters.map { StepFact(.parameter, $0.name, $0.value) }
        facts += model.weights.map { StepFact(.weights, $0.name, $0.value) }
        facts += model.adapter.map { StepFact(.adapter, $0.name, $0.value) }
        facts.append(StepFact(.parameter, "weights", model.precision))
        facts.append(StepFact(.numerics, "version", model.numerics))
        for i in tokenOptionParameters.indices where a.has(2 + i) {
            facts.append(
                StepFact(
                    .input, tokenOptionParameters[i].name,
                    a.machine.representation(of: a[2 + i])))
        }
        return facts
    }
}

/// Runs a model's task with the options of the call, as a step of the run: rows that the journal has are
/// taken from it, progress is shown, and at the deadline the rest of the rows is left missing.
func runModel<Result>(
    _ a: Arguments, _ task: ModelTask, devices: DeviceChoice,
    _ body: (RunOptions) throws(ModelError) -> Result
) throws(Raised) -> Result {
    let budget = try tokenBudget(a)
    if let rehearsal = a.rehearsal {
        return try rehearseModel(a, rehearsal, task, devices: devices, body)
    }
    var options = try raising { () throws(ModelError) in
        try RunOptions(on: devices, tokenBudget: budget)
    }
    let step = try beginStep(a, task, devices)
    let label = step.map { "\($0.place): \(task.verb)" } ?? task.verb
    let progress = ProgressLine("\(label) \(splitPath(task.core.path).name)", unit: "rows")
    let cancellation = Cancellation()
    let requests = a.machine.requests
    let deadline = a.run?.deadline
    defer { progress.finish() }
    let later = step.flatMap { step in a.run?.work(after: step.number) }
    let productsPerToken = Double(task.core.productsPerToken)
    nonisolated(unsafe) var tally = RowTally()
    options.cancellation = cancellation
    options.progress = { p in
        if requests.isStopRequested { cancellation.cancel() }
        let speed = Double(p.tokens) / max(p.seconds, 1e-9)
        let left = Double(p.totalTokens - p.tokens) / max(speed, 1e-9)
        let whole = left + (later?.seconds(speed: speed * productsPerToken) ?? 0)
        progress.update(
            done: p.tokens, total: p.totalTokens, count: p.rows, of: p.totalRows,
            left: left, detail: "\(Int(speed)) tokens/s", outlook: deadline?.outlook(whole) ?? "")
    }
    options.willLoad = { bytes, seconds in
        progress.announce(
            "loading \(byteSize(bytes)) of weights, about \(duration(seconds))",
            seconds: seconds, outlook: deadline?.outlook(seconds) ?? "")
    }
    options.store = step
    options.memoryLimit = a.machine.memoryLimit
    if let deadline { options.mayBegin = { seconds in deadline.allows(seconds) } }
    options.tally = { tally = $0 }
    let result: Result
    do throws(ModelError) { result = try body(options) } catch {
        guard case .cancelled = error else { throw Raised(error) }
        try raising { () throws(JournalError) in try step?.finish(tally) }
        throw .interruption
    }
    try raising { () throws(JournalError) in try step?.finish(tally) }
    for line in task.core.takeRemarks() + remarks(tally, a.builtin.name) { a.machine.note(line) }
    return result
}

private func beginStep(
    _ a: Arguments, _ task: ModelTask, _ devices: DeviceChoice
) throws(Raised) -> RecordedStep? {
    guard let run = a.run else { return nil }
    var facts = try task.facts(a)
    // The processor's results are the same on every machine, a card's on every card of its kind.
    let kind = try raising { () throws(ModelError) in try devices.kind() }
    if let kind { facts.append(StepFact(.numerics, "device", kind)) }
    let label = "\(a.builtin.name) \(splitPath(task.core.path).name)"
    return try raising { () throws(JournalError) in try run.step(label, facts) }
}

/// What is to be said about rows that came out otherwise than expected.
private func remarks(_ tally: RowTally, _ verb: String) -> [String] {
    var lines: [String] = []
    if tally.cut > 0 {
        lines.append(
            "\(verb): at the deadline \(tally.cut) of \(counted(tally.rows, "row")) have no result")
    }
    if tally.recomputed > 0 {
        lines.append(
            "\(verb): \(counted(tally.recomputed, "row")) overflowed and came out in single precision"
        )
    }
    if tally.nonFinite > 0 {
        lines.append(
            "\(verb): \(tally.nonFinite) of \(counted(tally.rows, "row")) have no finite result and are missing"
        )
    }
    return lines
}
