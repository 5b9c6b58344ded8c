// A recorded run in words, in JSON, and against another.

import ArenaCore

extension RunDetails {
    /// Some lines for a person.
    package var text: String {
        var lines = ["run \(run.id) \(run.status.words)"]
        func add(_ name: String, _ value: String) {
            lines.append(
                "  " + name + String(repeating: " ", count: max(1, 10 - name.count)) + value)
        }
        add("script", "\(joinPath(run.folder, run.script)) \(short(run.scriptDigest))")
        if !run.arguments.isEmpty { add("arguments", run.arguments.joined(separator: " ")) }
        for (name, value) in run.settings.sorted(by: { $0.key < $1.key }) {
            add("set", "\(name)=\(value)")
        }
        add("started", localTime(run.started))
        if let continues = run.continues {
            add("goes on", "with run \(continues), first started \(localTime(run.firstStarted))")
        }
        if let finished = run.finished {
            add("took", duration(max(0, finished - run.started)))
        }
        if let deadline = run.deadline { add("deadline", localTime(deadline)) }
        add("version", "\(run.version) on \(run.machine)")
        lines += steps.map(\.sentence)
        for metric in metrics { add("metric", "\(metric.name) \(metric.value)") }
        for (name, values) in seedsByName { add("seed", "\(name) \(values)") }
        for input in inputs {
            add("input", "\(input.path), \(input.size) bytes, \(short(input.digest))")
        }
        for output in outputs {
            add(
                "output",
                "\(output.path), \(output.size) bytes, \(short(output.digest))"
                    + (output.summary.isEmpty ? "" : ": \(output.summary)"))
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// What has drawn, and from which seeds.
    private var seedsByName: [(name: String, values: String)] {
        let groups = Dictionary(grouping: seeds, by: \.name)
        return groups.keys.sorted().map { name in
            (name, (groups[name] ?? []).map(\.value).joined(separator: ", "))
        }
    }

    private func short(_ digest: Digest) -> String { String("\(digest)".prefix(12)) }

    /// One JSON object.
    package var json: String {
        var object = JSONLine()
        object.add("run", run.id)
        object.add("status", run.status.rawValue)
        object.add("script", run.script)
        object.add("folder", run.folder)
        object.add("script_sha256", "\(run.scriptDigest)")
        object.add("arguments", strings: run.arguments)
        var settings = JSONLine()
        for (name, value) in run.settings.sorted(by: { $0.key < $1.key }) {
            settings.add(name, value)
        }
        object.add("settings", settings)
        object.add("version", run.version)
        object.add("machine", run.machine)
        object.add("started", run.started)
        object.add("first_started", run.firstStarted)
        if let continues = run.continues { object.add("continues", continues) }
        if let finished = run.finished { object.add("finished", finished) }
        if let deadline = run.deadline { object.add("deadline", deadline) }
        object.add("steps", lines: steps.map(\.json))
        object.add(
            "metrics",
            lines: metrics.map { metric in
                var line = JSONLine()
                line.add("name", metric.name)
                line.add("value", metric.value)
                return line
            })
        object.add(
            "seeds",
            lines: seeds.map { seed in
                var line = JSONLine()
                line.add("name", seed.name)
                line.add("value", seed.value)
                return line
            })
        object.add("inputs", lines: inputs.map { fileJSON($0.path, $0.size, $0.digest) })
        object.add(
            "outputs",
            lines: outputs.map { output in
                var line = fileJSON(output.path, output.size, output.digest)
                line.add("summary", output.summary)
                return line
            })
        return object.text
    }

    /// What is different in this run, a line for each.
    package func differences(from other: RunDetails) -> [String] {
        var lines: [String] = []
        func compare(_ name: String, _ old: String, _ new: String) {
            if old != new { lines.append("\(name): \(old) -> \(new)") }
        }
        func compareAll<T>(
            _ name: String, _ old: [T], _ new: [T], key: (T) -> String, value: (T) -> String
        ) {
            let (before, after) = (
                Dictionary(old.map { (key($0), value($0)) }) { $1 },
                Dictionary(new.map { (key($0), value($0)) }) { $1 }
            )
            for key in Set(before.keys).union(after.keys).sorted() {
                compare("\(name) \(key)", before[key] ?? "none", after[key] ?? "none")
            }
        }
        compare("script", run(other.run), run(run))
        compare("status", other.run.status.rawValue, run.status.rawValue)
        compare("arguments", "\(other.run.arguments)", "\(run.arguments)")
        compareAll(
            "set", Array(other.run.settings), Array(run.settings), key: { $0.key },
            value: { $0.value })
        compare("version", other.run.version, run.version)
        compare("machine", other.run.machine, run.machine)
        compareAll(
            "input", other.inputs, inputs, key: \.path, value: { short($0.digest) })
        for (old, new) in zip(other.steps, steps) {
            lines += ArenaRuns.differences(from: old.facts, to: new.facts).map {
                "step \(new.number) \(new.label): \($0)"
            }
        }
        compare("steps", "\(other.steps.count)", "\(steps.count)")
        compareAll(
            "metric", other.metrics, metrics, key: \.name, value: { "\($0.value)" })
        compareAll(
            "seed of", other.seedsByName, seedsByName, key: \.name, value: \.values)
        compareAll(
            "output", other.outputs, outputs, key: \.path, value: { short($0.digest) })
        return lines
    }

    private func run(_ run: RunRecord) -> String { "\(run.script) \(short(run.scriptDigest))" }
}

private func fileJSON(_ path: String, _ size: Int, _ digest: Digest) -> JSONLine {
    var line = JSONLine()
    line.add("path", path)
    line.add("bytes", size)
    line.add("digest", "\(digest)")
    return line
}

extension StepRecord {
    var json: JSONLine {
        var line = JSONLine()
        line.add("number", number)
        line.add("label", label)
        line.add("computation", "\(computation)")
        line.add("rows", rows)
        line.add("found", found)
        line.add("computed", computed)
        line.add("missing", missing)
        line.add("tokens", tokens)
        line.add("seconds", seconds)
        line.add("peak_bytes", peakBytes)
        line.add(
            "facts",
            lines: facts.map { fact in
                var line = JSONLine()
                line.add("kind", fact.kind.rawValue)
                line.add("name", fact.name)
                line.add("value", fact.value)
                return line
            })
        return line
    }
}
