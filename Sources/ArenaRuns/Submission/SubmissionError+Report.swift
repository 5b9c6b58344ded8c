// The facts of a SubmissionError in words: what, where, and what to do about it.

import ArenaCore

extension SubmissionError {
    /// The error in words.
    package var report: FaultReport {
        switch self {
        case .idColumn(let expected, let found):
            return FaultReport(
                .value, "the rows are keyed by '\(found)', the sample's by '\(expected)'",
                help: "rename({\"\(found)\": \"\(expected)\"}), or read with key=\"\(expected)\"")
        case .columnTwice(let name):
            return FaultReport(
                .value, "the column '\(name)' is there twice", help: "drop or rename one of them")
        case .columns(let missing, let extra, let known):
            return FaultReport(
                .value, columnsMessage(missing, extra), help: columnsHelp(missing, extra, known))
        case .columnOrder(let expected, let found):
            return FaultReport(
                .value,
                "the columns are \(found.joined(separator: ", ")), the sample's "
                    + expected.joined(separator: ", "),
                help: "select([\(expected.map { "\"\($0)\"" }.joined(separator: ", "))])")
        case .idsTwice(let ids, let count, let isSample):
            return FaultReport(
                .value,
                (isSample ? "the sample" : "the submission")
                    + " repeats the id of an earlier row in \(rows(count)) (\(list(ids, of: count)))",
                help: isSample ? "is it the right sample file?" : "a submission has each id once")
        case .ids(let missing, let missingCount, let strange, let strangeCount, let total):
            var parts: [String] = []
            if missingCount > 0 {
                parts.append(
                    "lacks \(missingCount) of the sample's \(rows(total)) (\(list(missing, of: missingCount)))"
                )
            }
            if strangeCount > 0 {
                parts.append(
                    "has \(rows(strangeCount)) that the sample lacks (\(list(strange, of: strangeCount)))"
                )
            }
            return FaultReport(
                .value, "the submission " + parts.joined(separator: " and "),
                help: "predict the rows of the test file that belongs to this sample")
        case .rowOrder(let row, let expected, let found):
            return FaultReport(
                .value,
                "the rows are in another order than the sample's: row \(row) is \(found), not \(expected)",
                help: "order=\"sample\" puts them in its order by id")
        case .missingValues(let first, let count):
            return FaultReport(
                .value, "'\(first.column)' is missing for \(first.id)" + others(count),
                help: "complete or fill the rows: a submission has a number everywhere")
        case .notFinite(let first, let count):
            return FaultReport(
                .value, "'\(first.column)' is \(first.value) for \(first.id)" + others(count),
                help: "did the model overflow in half precision? predict those rows in fp32")
        case .outsideRange(let first, let count):
            return FaultReport(
                .value,
                "'\(first.column)' is \(first.value) for \(first.id)" + others(count)
                    + ": not a probability",
                help: "the sample holds probabilities: submit predict_proba's, not logits")
        case .rowSum(let id, let sum, let count):
            return FaultReport(
                .value,
                "the row \(id) adds up to \(sum), not 1"
                    + (count > 1 ? " (\(count) such rows)" : ""),
                help: "the sample's rows add up to 1: divide each row by its sum")
        case .file(let error): return error.report
        }
    }

    private func columnsMessage(_ missing: [String], _ extra: [String]) -> String {
        var parts: [String] = []
        if !missing.isEmpty { parts.append("lacks \(quoted(missing))") }
        if !extra.isEmpty { parts.append("has \(quoted(extra)) that the sample lacks") }
        return "the submission " + parts.joined(separator: " and ")
    }

    private func columnsHelp(_ missing: [String], _ extra: [String], _ known: [String]) -> String {
        guard let name = missing.first else { return "leave them out with select" }
        if let near = nearestName(to: name, in: extra) {
            return "is '\(near)' meant to be '\(name)'? rename({\"\(near)\": \"\(name)\"})"
        }
        return suggestion(for: name, among: known)
    }

    private func quoted(_ names: [String]) -> String {
        names.prefix(6).map { "'\($0)'" }.joined(separator: ", ")
            + (names.count > 6 ? " and \(names.count - 6) more" : "")
    }

    private func list(_ examples: [String], of count: Int) -> String {
        examples.joined(separator: ", ") + (count > examples.count ? ", ..." : "")
    }

    private func rows(_ count: Int) -> String { "\(count) row\(count == 1 ? "" : "s")" }

    private func others(_ count: Int) -> String {
        count > 1 ? " and \(count - 1) other value\(count == 2 ? "" : "s")" : ""
    }
}
