// A submission that has passed its check: it can be summed up and written.

import ArenaCore
import Glibc

/// A table of predictions that fits its sample; made by `checkSubmission` alone.
package struct Submission: Sendable, Equatable {
    /// The rows and columns in the sample's order.
    package let table: SubmissionTable
    /// Whether the rows are probabilities of classes, as far as the sample shows.
    package let holdsProbabilities: Bool
    /// Rows that had no prediction.
    package let filled: FilledRows

    init(checked table: SubmissionTable, holdsProbabilities: Bool, filled: FilledRows) {
        self.table = table
        self.holdsProbabilities = holdsProbabilities
        self.filled = filled
    }

    /// Writes the submission as CSV: there whole or not at all.
    /// - Throws: `SubmissionError.file`; what was there before stays then.
    package func write(to path: String) throws(SubmissionError) {
        do throws(FileError) {
            let file = try AtomicFile(path)
            var from = 0
            try file.write(header)
            while from < table.ids.count {
                let to = min(from + 1024, table.ids.count)
                try file.write(rows(from..<to))
                from = to
            }
            try file.commit()
        } catch { throw .file(error) }
    }

    /// Rows that an earlier submission, as a file's bytes, has not or has with other values; nil if its
    /// columns are others.
    package func changedRows(since earlier: some Collection<UInt8>) -> Int? {
        let lines = earlier.split(separator: 10, omittingEmptySubsequences: true)
        guard let first = lines.first, Array(first) == Array(header.dropLast()) else { return nil }
        let known = Set(lines.dropFirst().map { Array($0) })
        return table.ids.indices.count { !known.contains(Array(rows($0..<$0 + 1).dropLast())) }
    }

    /// The whole file's bytes.
    package var encoded: [UInt8] { header + rows(table.ids.indices) }

    private var header: [UInt8] {
        var bytes: [UInt8] = []
        appendCSVCell(table.idName, to: &bytes)
        for name in table.columns {
            bytes.append(UInt8(ascii: ","))
            appendCSVCell(name, to: &bytes)
        }
        bytes.append(10)
        return bytes
    }

    private func rows(_ rows: Range<Int>) -> [UInt8] {
        var bytes: [UInt8] = []
        for row in rows {
            appendCSVCell(table.ids[row], to: &bytes)
            for column in table.columns.indices {
                bytes.append(UInt8(ascii: ","))
                // The shortest text that reads back as the same double.
                bytes += table.values[column][row].description.utf8
            }
            bytes.append(10)
        }
        return bytes
    }

    /// What the submission says on average.
    /// - Complexity: O(rows x columns)
    package var summary: SubmissionSummary {
        let count = Double(table.ids.count)
        let means = table.values.map { $0.reduce(0, +) / count }
        guard holdsProbabilities else {
            return SubmissionSummary(
                rows: table.ids.count, columns: table.columns, means: means, entropy: nil)
        }
        var entropy = 0.0
        for row in table.ids.indices {
            for values in table.values where values[row] > 0 {
                entropy -= values[row] * log(values[row])
            }
        }
        return SubmissionSummary(
            rows: table.ids.count, columns: table.columns, means: means, entropy: entropy / count)
    }
}

/// A submission in a few numbers.
package struct SubmissionSummary: Sendable, Equatable, CustomStringConvertible {
    /// The number of rows.
    package let rows: Int
    /// The names of the columns.
    package let columns: [String]
    /// The mean of each column.
    package let means: [Double]
    /// The mean entropy of the rows in nats: 0 is certain, log(classes) knows nothing. Nil if the
    /// rows are no probabilities.
    package let entropy: Double?

    /// One line: rows, means, entropy.
    package var description: String {
        var text = "\(rows) row\(rows == 1 ? "" : "s")"
        if rows == 0 { return text }
        let parts = zip(columns, means).map { "\($0) \(rounded($1))" }
        text += ", mean " + parts.joined(separator: ", ")
        if let entropy { text += ", entropy \(rounded(entropy))" }
        return text
    }

    private func rounded(_ value: Double) -> String {
        guard value.magnitude < 1e11 else { return value.description }
        return ((value * 1e4).rounded() / 1e4).description
    }
}
