// Predictions to a submission file that is checked against the sample before it appears, and their
// log loss against the truth.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaLearn
import ArenaRuns

private typealias P = BuiltinParameter

let submitFunction = Builtin(
    "submit",
    [
        P("frame", "frame of predictions"),
        P("like", "str", .named(""), "the sample submission whose ids and columns are wanted"),
        P("to", "str", .named("\"submission.csv\"")),
        P(
            "order", "\"refuse\" or \"sample\"", .named("\"refuse\""),
            "what to do with rows or columns in another order than the sample's"),
        P(
            "fill", "\"mean\", \"like\" or frame", .named("\"mean\" after the deadline"),
            "what stands in for rows without a prediction: the others' mean, the sample's values, another frame's"
        ),
    ],
    "Checks predictions against the sample and writes them; a wrong submission is never written.",
    examples: [
        Example(
            """
            write_csv(frame({"id": [1], "a": [0.5], "b": [0.5]}, key="id"), ".build/sample.csv")
            p = frame({"id": [1], "a": [0.25], "b": [0.75]}, key="id")
            submit(p, like=".build/sample.csv", to=".build/submission.csv")
            print(read_csv(".build/submission.csv", key="id")["b"][0])
            """, prints: "0.75\n"),
        Example(
            """
            write_csv(frame({"id": [1, 2], "a": [0.5, 0.5], "b": [0.5, 0.5]}, key="id"), ".build/two.csv")
            p = frame({"id": [1, 2], "a": [0.25, None], "b": [0.75, None]}, key="id")
            submit(p, like=".build/two.csv", to=".build/filled.csv", fill="like")
            print(read_csv(".build/filled.csv", key="id")["b"][1])
            """, prints: "0.5\n"),
    ]
) { a throws(Raised) in
    let frame = try a.frame(0)
    let like = try a.string(1)
    let path = a.has(2) ? try a.string(2) : "submission.csv"
    let order: SubmissionOrder
    switch a.has(3) ? try a.string(3) : "refuse" {
    case "refuse": order = .refuse
    case "sample": order = .asSample
    case let other:
        throw Raised(.value, "submit(): order= is \"refuse\" or \"sample\", not '\(other)'")
    }
    guard let key = frame.key else {
        throw Raised(
            .value, "submit() wants a frame with a key",
            help: "read the data with read_csv(..., key=\"id\")")
    }
    let sample = try framing { () throws(FrameError) in try readCSV(path: like) }
    guard let idName = sample.names.first, let ids = sample.columns.first else {
        throw Raised(.value, "the sample has no columns", input: FilePlace(like))
    }
    let wanted = try submissionTable(
        idName, ids, Array(sample.names.dropFirst()), Array(sample.columns.dropFirst()),
        "the sample \(like)")
    let table = try submissionTable(key.name, key.column, frame.names, frame.columns, "the frame")
    let fill = try submissionFill(a, 4)
    // The sample has the rows of the file, not those that are planned for.
    if a.rehearsal?.isEnlarged ?? false { return .none }
    try refuseChangedInputs(a.run)
    let submission = try raising { () throws(SubmissionError) in
        try checkSubmission(table, like: wanted, order: order, fill: fill)
    }
    var remarks = [submission.summary.description]
    if let earlier = try? MappedFile(path, purpose: .fingerprint),
        let changed = submission.changedRows(since: earlier.bytes)
    {
        remarks.append("\(counted(changed, "row")) changed against the file before")
    }
    if submission.filled.count > 0 { remarks.append(submission.filled.sentence) }
    try raising { () throws(SubmissionError) in try submission.write(to: path) }
    if let run = a.run {
        run.countFilled(submission.filled.count)
        let bytes = submission.encoded
        try raising { () throws(JournalError) in
            try run.report(
                OutputRecord(
                    path: path, size: bytes.count, digest: Digest(of: bytes),
                    summary: remarks.joined(separator: "; ")))
        }
    }
    a.machine.note("submit: \(path): " + remarks.joined(separator: "; "))
    return .none
}

/// What `fill=` says; after the deadline rows are filled in any case, so that a file is written.
private func submissionFill(_ a: Arguments, _ i: Int) throws(Raised) -> SubmissionFill? {
    guard a.has(i) else { return (a.run?.rowsCut ?? 0) > 0 ? .mean : nil }
    guard let word = a[i].asString else {
        let frame = try a.frame(i)
        guard let key = frame.key else {
            throw Raised(.value, "submit(): the frame of fill= has no key")
        }
        return .table(
            try submissionTable(
                key.name, key.column, frame.names, frame.columns, "the frame of fill="))
    }
    switch word {
    case "mean": return .mean
    case "like": return .like
    default:
        throw Raised(
            .value, "submit(): fill= is \"mean\", \"like\" or a frame, not '\(word)'")
    }
}

/// A submission of inputs that have changed since they were read would belong to neither state.
private func refuseChangedInputs(_ run: Run?) throws(Raised) {
    guard run != nil, let changed = FileAccount.read.first(where: { !$0.isUnchanged }) else {
        return
    }
    throw Raised(
        .value, "\(changed.path) has changed since this run read it",
        help: "run again: what does not depend on it is found in the journal")
}

private func submissionTable(
    _ idName: String, _ ids: Column, _ names: [String], _ columns: [Column], _ what: String
) throws(Raised) -> SubmissionTable {
    var values: [[Double]] = []
    var present: [[Bool]] = []
    for (name, column) in zip(names, columns) {
        guard let numbers = column.doubles else {
            throw Raised(
                .type, "column '\(name)' of \(what) is \(column.type.rawValue), not numbers",
                help:
                    "submit the predictions alone, p[[\"winner_model_a\", ...]], or convert it: p[\"\(name)\"].astype(\"float64\")"
            )
        }
        values.append(numbers)
        present.append((0..<column.count).map { !column.isMissing($0) })
    }
    return SubmissionTable(
        idName: idName, ids: (0..<ids.count).map { ids.text($0) ?? "" }, columns: names,
        values: values, present: present)
}

let logLossFunction = Builtin(
    "log_loss",
    [P("truth", "frame of ones and zeros"), P("predictions", "frame of probabilities")],
    "The mean logarithmic loss, as scikit-learn's; rows are matched by key, columns by name.",
    examples: [
        Example(
            """
            truth = frame({"id": [1, 2], "a": [1, 0], "b": [0, 1]}, key="id")
            p = frame({"id": [2, 1], "a": [0.25, 0.5], "b": [0.75, 0.5]}, key="id")
            print(f"{log_loss(truth, p):.4f}")
            """, prints: "0.4904\n")
    ]
) { a throws(Raised) in
    var truth = try a.frame(0)
    var predictions = try aligned(try a.frame(1), to: truth)
    // After the deadline a script goes on to its submission.
    if let run = a.run, run.rowsCut > 0, truth.names.allSatisfy(predictions.names.contains) {
        let rows = try framing { () throws(FrameError) in
            let columns = try truth.names.map { name throws(FrameError) in
                try predictions.column(name)
            }
            return (0..<truth.rowCount).filter { r in !columns.contains { $0.isMissing(r) } }
        }
        if rows.count < truth.rowCount {
            a.machine.note(
                "log_loss: of \(rows.count) rows; \(truth.rowCount - rows.count) have no prediction because of the deadline"
            )
            if rows.isEmpty { return .float(.nan) }
            (truth, predictions) = try framing { () throws(FrameError) in
                (try truth.take(rows), try predictions.take(rows))
            }
        }
    }
    let classes = truth.names.count
    for name in predictions.names where !truth.names.contains(name) {
        throw Raised(
            .value, "log_loss(): the predictions have a column '\(name)' that the truth has not",
            help: "take the columns of the truth: p[truth.columns]")
    }
    var right = [Double](repeating: 0, count: truth.rowCount * classes)
    var given = right
    for (c, name) in truth.names.enumerated() {
        let (t, p) = try framing { () throws(FrameError) in
            (try truth.column(name), try predictions.column(name))
        }
        guard let ones = t.doubles, let values = p.doubles else {
            throw Raised(.type, "log_loss(): column '\(name)' holds no numbers")
        }
        guard t.missingCount == 0, p.missingCount == 0 else {
            throw Raised(
                .value,
                "log_loss(): \(t.missingCount + p.missingCount) values of '\(name)' are missing",
                help: "take the rows that have one: p[p[\"\(name)\"].notna()]")
        }
        for r in 0..<truth.rowCount {
            right[r * classes + c] = ones[r]
            given[r * classes + c] = values[r]
        }
    }
    let names = MetricNames(
        row: { [key = truth.key] r in key.map { "\($0.name) \($0.label(r))" } ?? "row \(r)" },
        class: { [names = truth.names] c in "'\(names[c])'" })
    let loss = try raising { () throws(MetricError) in
        let indices = try classIndices(oneHot: right, classes: classes, names: names)
        return try logLoss(
            truth: indices, probabilities: given, classes: classes, type: .float32, names: names)
    }
    if loss.unnormalizedRows > 0 {
        a.machine.note(
            "log_loss: \(loss.unnormalizedRows) rows of the predictions do not add up to 1")
    }
    if let run = a.run {
        try raising { () throws(JournalError) in
            try run.report(MetricRecord("log_loss", loss.value))
        }
    }
    return .float(loss.value)
}

/// The rows of a frame in another's order, by key; both must hold the same keys.
private func aligned(_ frame: Frame, to other: Frame) throws(Raised) -> Frame {
    guard let key = frame.key, let wanted = other.key else {
        guard frame.key == nil, other.key == nil, frame.rowCount == other.rowCount else {
            throw Raised(
                .value, "log_loss() wants both frames with a key", help: "read_csv(..., key=\"id\")"
            )
        }
        return frame
    }
    var rows: [String: Int] = [:]
    for r in 0..<key.count { rows[key.label(r)] = r }
    var order: [Int] = []
    for r in 0..<wanted.count {
        guard let row = rows[wanted.label(r)] else {
            throw Raised(
                .key, "log_loss(): the predictions have no row \(wanted.name) \(wanted.label(r))")
        }
        order.append(row)
    }
    guard order.count == key.count else {
        throw Raised(
            .key, "log_loss(): the predictions have \(key.count) rows, the truth \(wanted.count)",
            help: "take the same rows of both")
    }
    return try framing { () throws(FrameError) in try frame.take(order) }
}
