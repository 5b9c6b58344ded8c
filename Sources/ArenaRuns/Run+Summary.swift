// A run in a few lines for the person: its steps with their rows, speed and memory, its metrics, its end.

import ArenaCore

extension Run {
    /// The lines to show at the end; nil for a run without steps and metrics.
    package func summary(_ status: RunStatus) -> String? {
        let (record, steps, metrics, isKept) = state.withLock {
            ($0.record, $0.steps, $0.metrics, $0.journal != nil)
        }
        guard !steps.isEmpty || !metrics.isEmpty else { return nil }
        var lines = [
            (isKept ? "run \(record.id)" : "run") + " \(status.words): \(duration(seconds)), peak "
                + sizeText(peakMemory())
        ]
        lines += steps.map(\.sentence)
        return lines.joined(separator: "\n")
    }
}

extension RunStatus {
    /// How it is said.
    package var words: String {
        switch self {
        case .running: "is running"
        case .finished: "finished"
        case .cut: "finished without all rows"
        case .failed: "failed"
        case .interrupted: "was interrupted"
        case .terminated: "was terminated"
        case .lost: "was killed"
        }
    }
}

extension StepRecord {
    /// "  step 1 predict_proba model: 400 rows (12 computed, 388 found), 3 s, 812 tokens/s, peak 1.2 GB"
    package var sentence: String {
        var parts: [String] = []
        if computed > 0 { parts.append("\(computed) computed") }
        if found > 0 { parts.append("\(found) found") }
        if missing > 0 { parts.append("\(missing) missing") }
        var text = "  step \(number) \(label): \(counted(rows, "row"))"
        if !parts.isEmpty { text += " (\(parts.joined(separator: ", ")))" }
        if tokens > 0, seconds > 0 {
            text += ", \(duration(seconds)), \(Int(Double(tokens) / seconds)) tokens/s"
        }
        return text + ", peak \(sizeText(peakBytes))"
    }
}

/// Bytes as people write them: 812 MB, 1.4 GB.
package func sizeText(_ bytes: Int) -> String {
    let mega = Double(bytes) / 1e6
    if mega < 1000 { return "\(Int(mega.rounded())) MB" }
    return "\((mega / 100).rounded() / 10) GB"
}
