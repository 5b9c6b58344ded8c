// `time`: clocks that a script asks for by name, durations in words, UTC dates.

import ArenaCore
import ArenaLanguage
import Glibc

private typealias P = BuiltinParameter

let timeModule = Module(
    "time", "Clocks, waiting, durations and dates in UTC.",
    [
        moduleFunction(
            "format", [P("seconds", "number")], "A duration as people write it.",
            examples: [Example("print(time.format(3720))", prints: "1 h 02 min\n")]
        ) { a throws(Raised) in
            let seconds = try a.double(1)
            guard seconds.magnitude < 1e15 else {
                throw Raised(.value, "format(): \(floatText(seconds)) seconds are no duration")
            }
            return .string((seconds < 0 ? "-" : "") + duration(seconds.magnitude))
        },
        moduleFunction(
            "monotonic", [], "Seconds on a clock that never goes back; its zero means nothing.",
            examples: [
                Example("t = time.monotonic()\nprint(time.monotonic() >= t)", prints: "True\n")
            ]
        ) { a throws(Raised) in .float(monotonicSeconds()) },
        moduleFunction(
            "now", [], "Seconds since 1970 in UTC; two runs differ where a result depends on it.",
            examples: [Example("print(time.now() > 1.7e9)", prints: "True\n")]
        ) { a throws(Raised) in .float(secondsSinceEpoch()) },
        moduleFunction(
            "parse_duration", [P("text", "str")],
            "The seconds of a duration such as \"8h40m\", \"90s\", \"1.5 h\" or \"2d\".",
            examples: [Example("print(time.parse_duration(\"8h40m\"))", prints: "31200.0\n")]
        ) { a throws(Raised) in .float(try seconds(inDuration: try a.string(1))) },
        moduleFunction(
            "perf_counter", [], "Seconds on the finest clock, for measuring.",
            examples: [
                Example(
                    "t = time.perf_counter()\nprint(time.perf_counter() >= t)", prints: "True\n")
            ]
        ) { a throws(Raised) in .float(monotonicSeconds()) },
        moduleFunction(
            "sleep", [P("seconds", "number")], "Waits; Ctrl-C ends it.",
            examples: [Example("time.sleep(0.001)", prints: "")]
        ) { a throws(Raised) in
            let wait = try a.double(1)
            guard wait >= 0 else { throw Raised(.value, "sleep() of a negative time") }
            if a.rehearsal != nil { return .none }
            let end = monotonicSeconds() + wait
            while true {
                try a.machine.answerStops()
                let left = end - monotonicSeconds()
                if left <= 0 { return .none }
                usleep(UInt32(min(left, 0.05) * 1e6))
            }
        },
        moduleFunction(
            "strftime", [P("format", "str"), P("seconds", "number")],
            "A time (seconds since 1970) as text in UTC, by the format codes of Python and C.",
            examples: [
                Example("print(time.strftime(\"%Y-%m-%d %H:%M\", 0))", prints: "1970-01-01 00:00\n")
            ]
        ) { a throws(Raised) in
            .string(try dateText(try a.string(1), try a.double(2)))
        },
        moduleFunction(
            "time", [], "Seconds since 1970 in UTC, as Python calls it; the same as now().",
            examples: [Example("print(time.time() > 1.7e9)", prints: "True\n")]
        ) { a throws(Raised) in .float(secondsSinceEpoch()) },
    ])

/// A time in UTC by C's format codes.
func dateText(_ format: String, _ seconds: Double) throws(Raised) -> String {
    guard seconds.magnitude < 1e14, !format.utf8.contains(0) else {
        throw Raised(
            .value,
            format.utf8.contains(0)
                ? "strftime(): the format holds NUL"
                : "strftime(): \(floatText(seconds)) is outside the calendar")
    }
    if format.isEmpty { return "" }
    var when = time_t(seconds.rounded(.down))
    var parts = tm()
    guard gmtime_r(&when, &parts) != nil else {
        throw Raised(.value, "strftime(): \(floatText(seconds)) is outside the calendar")
    }
    var size = 256 + format.utf8.count * 4
    while size <= 1 << 22 {
        // A mark behind tells an empty result from one that does not fit.
        var buffer = [CChar](repeating: 0, count: size)
        let n = strftime(&buffer, size, format + "\u{1}", &parts)
        if n > 0 {
            return String(
                decoding: buffer.prefix(n - 1).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        size *= 4
    }
    throw Raised(.value, "strftime(): the text is too long")
}

/// The seconds of "8h40m" and its like.
func seconds(inDuration text: String) throws(Raised) -> Double {
    let units: [(name: String, seconds: Double)] = [
        ("ms", 0.001), ("min", 60), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1),
    ]
    func refuse() -> Raised {
        Raised(
            .value, "parse_duration(): '\(text.prefix(40))' is no duration",
            help: "write it as 8h40m, 90s, 1.5h or 2d")
    }
    var rest = Array(text.utf8)[...]
    func skip() { while rest.first == 32 { rest.removeFirst() } }
    var total = 0.0
    var last = Double.infinity
    skip()
    if rest.isEmpty { throw refuse() }
    while !rest.isEmpty {
        let digits = rest.prefix { $0 >= 48 && $0 <= 57 || $0 == UInt8(ascii: ".") }
        guard let amount = Double(String(decoding: digits, as: UTF8.self)) else { throw refuse() }
        rest = rest.dropFirst(digits.count)
        skip()
        let letters = rest.prefix { $0 >= 97 && $0 <= 122 }
        rest = rest.dropFirst(letters.count)
        let name = String(decoding: letters, as: UTF8.self)
        // A plain number means seconds, if it is all there is.
        let alone = name.isEmpty && last.isInfinite && rest.isEmpty
        guard let unit = alone ? 1 : units.first(where: { $0.name == name })?.seconds, unit < last
        else { throw refuse() }
        last = unit
        total += amount * unit
        skip()
    }
    return total
}
