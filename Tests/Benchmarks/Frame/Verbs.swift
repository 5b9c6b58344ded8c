// Times the verbs over two tables of a million rows, left.csv and right.csv of a folder: grouping,
// counting, sorting, joining. For frame_verbs_peers.py, which makes the tables.

import ArenaCore
import ArenaFrame

/// Times each verb and prints them as JSON, in milliseconds.
func timeVerbs(folder: String, runs: Int) throws {
    let left = try readCSV(path: folder + "/left.csv")
    let right = try readCSV(path: folder + "/right.csv")
    var parts: [String] = []
    func time(_ name: String, _ body: () throws -> Void) throws {
        let (times, _) = try best(of: runs, body)
        parts.append("\"\(name)\": \(times.wall * 1e3)")
    }
    for key in ["few", "many", "text"] {
        try time("group_by \(key)") {
            let groups = try Grouping(left, by: [key])
            _ = try groups.result([
                ("n", try groups.aggregated(try left.series("n"), .sum)),
                ("x", try groups.aggregated(try left.series("x"), .mean)),
            ])
        }
        try time("value_counts \(key)") {
            _ = try left.series(key).valueCounts(normalize: false, sort: true, ascending: false)
        }
    }
    for key in ["few", "many", "id", "text"] {
        try time("sort_values \(key)") { _ = try left.sorted(by: [SortKey(key)]) }
    }
    for key in ["id", "text"] {
        let other = try right.select(key == "id" ? ["id", "v"] : ["text", "v"])
        let unique = key == "id" ? other : other.head(100_000)
        try time("merge \(key)") {
            _ = try left.merged(
                with: unique, leftOn: [key], rightOn: [key], how: .inner, suffixes: ("_x", "_y"),
                validate: nil)
        }
    }
    print("{\(parts.joined(separator: ", "))}")
}
