// `column.dt`, as pandas users write it: the parts of points in time.

import ArenaCore
import ArenaFrame
import ArenaLanguage

/// The parts of a column of times in a script.
final class TimeAccess: HostObject {
    let series: Series

    init(_ series: Series) { self.series = series }

    static let hostType = HostType(
        "column.dt",
        summary:
            "The parts of a column of times, as numbers: \(TimePart.allCases.map { "`\($0)`" }.joined(separator: ", ")).",
        methods: timeMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { TimeAccess(series) }
    var attributeNames: [String] { (TimePart.allCases.map(\.rawValue) + olderNames.keys).sorted() }

    func attribute(_ name: String) throws(Raised) -> Value? {
        guard let part = TimePart(rawValue: name) ?? olderNames[name] else { return nil }
        return try framing { () throws(FrameError) in value(try series.timePart(part)) }
    }

    var representation: String { "<column.dt of '\(series.name)'>" }
}

private let olderNames: [String: TimePart] = [
    "dayofweek": .dayOfWeek, "weekday": .dayOfWeek, "dayofyear": .dayOfYear,
]

private let timeMethods = [
    Builtin(
        "normalize", [.receiver("column.dt")], "Midnight of each time's day.",
        examples: [
            Example(
                """
                t = frame({"at": ["2024-05-01 10:20:30", None]})["at"].astype("timestamp")
                print(list(t.dt.normalize()), list(t.dt.hour), list(t.dt.dayofweek))
                """, prints: "['2024-05-01 00:00:00', None] [10, None] [2, None]\n")
        ]
    ) { a throws(Raised) in
        let series = try a.host(0, TimeAccess.self, "column.dt").series
        return try framing { () throws(FrameError) in value(try series.startOfDay()) }
    }
]
