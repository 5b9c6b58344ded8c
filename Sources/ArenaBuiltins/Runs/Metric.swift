// Numbers that a script reports: kept with the run, shown by `arenascript runs`.

import ArenaCore
import ArenaLanguage
import ArenaRuns

private typealias P = BuiltinParameter

let metricFunction = Builtin(
    "metric",
    [
        P("name", "str"),
        P("value", "float"),
    ],
    "Keeps a number under a name with the run; arenascript runs show lists them.",
    examples: [Example("metric(\"accuracy\", 0.5)", prints: "")]
) { a throws(Raised) in
    let (name, value) = (try a.string(0), try a.double(1))
    guard !name.isEmpty else { throw Raised(.value, "metric(): the name is empty") }
    if let run = a.run {
        try raising { () throws(JournalError) in try run.report(MetricRecord(name, value)) }
    }
    a.machine.note("metric: \(name) \(value)")
    return .none
}
