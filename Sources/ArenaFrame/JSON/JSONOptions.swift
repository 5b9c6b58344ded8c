// What can be said about a JSON file beforehand, and what is found out about it.

import ArenaCore

/// How a JSON text holds a table, by pandas' names.
package enum JSONOrient: String, Sendable, CaseIterable {
    /// `[{"a": 1, "b": 2}, ...]`: an object a row.
    case records
    /// `{"a": {"0": 1}, "b": {"0": 2}}` or `{"a": [1], "b": [2]}`: a member a column.
    case columns
    /// `{"0": {"a": 1, "b": 2}}`: a member a row, by its label.
    case index
    /// `{"columns": ["a", "b"], "index": [0], "data": [[1, 2]]}`.
    case split
    /// `[[1, 2], ...]`: an array a row, columns without names.
    case values
}

/// How a JSON file is read.
package struct JSONOptions: Sendable {
    /// Nil: what the text looks like.
    package var orient: JSONOrient?
    /// One value a line; nil: by the file's name (.jsonl, .ndjson).
    package var lines: Bool?
    /// The columns that are wanted; nil is all of them.
    package var columns: [String]?
    /// Types that are not to be inferred.
    package var types: [String: ColumnType] = [:]
    /// The first so many rows; of records and lines, what follows is not looked at.
    package var rowLimit = Int.max
    package var workers = processorCount()
    /// Bytes that one core takes at a time; small ones are for tests.
    package var stretchSize = 1 << 20

    package init() {}

    static func isLines(_ path: String) -> Bool {
        [".jsonl", ".ndjson"].contains { path.hasSuffix($0) || path.contains($0 + ".") }
    }
}

/// A frame that was read, and what did not fit its columns' types.
package struct JSONResult: Sendable {
    package var frame: Frame
    package var notes: [String]
}
