// The rows around each row as scripts see them: statistics by name, or a function of each window.

import ArenaCore
import ArenaFrame
import ArenaLanguage

private typealias P = BuiltinParameter

/// Windows over a column, over the columns of a frame, or over groups of either.
final class RollingValue: HostObject {
    private let window: RowWindow
    /// Brings what becomes of a column back to where the columns are from.
    private let spread: (_ body: (Series) throws -> Series) throws -> Value

    init(
        _ window: RowWindow, _ spread: @escaping (_ body: (Series) throws -> Series) throws -> Value
    ) {
        self.window = window
        self.spread = spread
    }

    static let hostType = HostType(
        "rolling window", summary: "The rows around each row.", methods: rollingMethods)
    var type: HostType { Self.hostType }
    func forWorker() -> (any HostObject)? { nil }
    var hasTruth: Bool { false }

    var representation: String {
        "<window of \(window.before) rows before and \(window.after) behind each row>"
    }

    func statistic(_ statistic: WindowStatistic) throws -> Value {
        try spread { try $0.rolled(self.window, statistic) }
    }

    func applying(_ f: Value, _ machine: Machine) throws -> Value {
        try spread { series in
            var results: [Value] = []
            defer { for result in results { result.release() } }
            for row in 0..<series.count {
                let rows = Array(self.window.rows(around: row, of: series.count))
                guard rows.count(where: { !series.column.isMissing($0) }) >= self.window.minimum
                else {
                    results.append(.none)
                    continue
                }
                let part = value(try series.take(rows))
                defer { part.release() }
                results.append(try machine.call(f, [part]))
            }
            return series.replacing(try column(ofItems: results, named: series.name))
        }
    }
}

private let sample = "f = frame({\"m\": [\"x\", \"x\", \"y\"], \"n\": [1, 2, 6]})\n"

private let rollingMethods: [Builtin] =
    [
        statistic(.sum, "The sum of each window.", "[None, 3.0, 8.0]"),
        statistic(.mean, "The mean of each window.", "[None, 1.5, 4.0]"),
        statistic(.min, "The smallest value of each window.", "[None, 1.0, 2.0]"),
        statistic(.max, "The greatest value of each window.", "[None, 2.0, 6.0]"),
        statistic(.median, "The middle value of each window.", "[None, 1.5, 4.0]"),
        statistic(.var, "The variance of each window.", "[None, 0.5, 8.0]"),
        statistic(
            .std, "The standard deviation of each window.",
            "[None, 0.7071067811865476, 2.8284271247461903]"),
        statistic(.count, "The number of values in each window.", "[None, 2.0, 2.0]"),
        Builtin(
            "apply", [.receiver("rolling window"), P("f", "function")],
            "What a function gives for each window, which it gets as a column.",
            examples: [
                Example(
                    sample + "print(list(f[\"n\"].rolling(2).apply(lambda c: c[-1] - c[0])))",
                    prints: "[None, 1, 4]\n")
            ]
        ) { a throws(Raised) in
            let rolling = try a.host(0, RollingValue.self, "rolling window")
            return try mixing { try rolling.applying(a[1], a.machine) }
        },
    ]

private func statistic(
    _ statistic: WindowStatistic, _ summary: String, _ output: String
) -> Builtin {
    Builtin(
        statistic.rawValue, [.receiver("rolling window")], summary,
        examples: [
            Example(
                sample + "print(list(f[\"n\"].rolling(2).\(statistic.rawValue)()))",
                prints: output + "\n")
        ]
    ) { a throws(Raised) in
        let rolling = try a.host(0, RollingValue.self, "rolling window")
        return try mixing { try rolling.statistic(statistic) }
    }
}

// MARK: - Where windows come from

private let windowParameters = [
    P("window", "int", .required, "the number of rows"),
    P("min_periods", "int", .named("window"), "the values that a window needs to have a number"),
    P(
        "center", "bool", .named("False"),
        "the row stands in the middle of its window, not at its end"),
]

/// The windows that the arguments from 1 on describe.
private func window(_ a: Arguments) throws(Raised) -> RowWindow {
    let width = try a.int(1)
    guard width > 0 else {
        throw Raised(.value, "rolling(): a window has 1 row at least, not \(width)")
    }
    let least = try a.int(2, or: width)
    guard least >= 0, least <= width else {
        throw Raised(
            .value, "rolling(): min_periods= is 0 to \(width), the window's rows, not \(least)")
    }
    let after = try a.bool(3, or: false) ? (width - 1) / 2 : 0
    return RowWindow(before: width - 1 - after, after: after, minimum: least)
}

private let leastParameter = P(
    "min_periods", "int", .optional("1"), "the values that a row needs to have a number")

private func expandingWindow(_ a: Arguments) throws(Raised) -> RowWindow {
    RowWindow(before: .max, after: 0, minimum: max(0, try a.int(1, or: 1)))
}

private let rollingSummary =
    "The rows up to each row, so many of them, for a statistic: column.rolling(3).mean()."
private let expandingSummary =
    "All rows up to each row, for a statistic: column.expanding().mean()."

let columnWindowMethods: [Builtin] = [
    columnMethod(
        "expanding", [leastParameter], expandingSummary,
        sample + "print(list(f[\"n\"].expanding().mean()))", prints: "[1.0, 1.5, 3.0]"
    ) { series, a in
        .host(RollingValue(try expandingWindow(a)) { value(try $0(series)) })
    },
    columnMethod(
        "rolling", windowParameters, rollingSummary,
        sample + "print(list(f[\"n\"].rolling(2, min_periods=1).sum()))", prints: "[1.0, 3.0, 8.0]"
    ) { series, a in
        .host(RollingValue(try window(a)) { value(try $0(series)) })
    },
]

let frameWindowMethods: [Builtin] = [
    frameMethod(
        "expanding", [leastParameter], expandingSummary,
        sample + "print(list(f[[\"n\"]].expanding().max()[\"n\"]))", prints: "[1.0, 2.0, 6.0]"
    ) { frame, a in
        .host(RollingValue(try expandingWindow(a)) { value(try each(frame, $0)) })
    },
    frameMethod(
        "rolling", windowParameters, rollingSummary,
        sample + "print(list(f[[\"n\"]].rolling(2).mean()[\"n\"]))", prints: "[None, 1.5, 4.0]"
    ) { frame, a in
        .host(RollingValue(try window(a)) { value(try each(frame, $0)) })
    },
]

let groupedRollingMethods: [Builtin] = [
    groupedMethod(
        "expanding", [leastParameter], "All rows of its group up to each row, for a statistic.",
        "print(list(g[\"n\"].expanding().sum()))", "[10.0, 20.0, 40.0]"
    ) { g, a in
        .host(
            RollingValue(try expandingWindow(a)) { body in
                try eachColumn(g) { try within($0, g, body) }
            })
    },
    groupedMethod(
        "rolling", windowParameters,
        "The rows of its group up to each row, so many of them, for a statistic; the results stand where the rows do.",
        "print(list(g[\"n\"].rolling(2).mean()))", "[None, None, 20.0]"
    ) { g, a in
        .host(RollingValue(try window(a)) { body in try eachColumn(g) { try within($0, g, body) } })
    },
]
