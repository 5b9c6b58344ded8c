// A deadline: when a run must be over, and what may still begin before it. Model calls return a reserve
// before the end, so that what follows them (blending, checking, writing) has time.

import ArenaCore
import Glibc

/// What `--deadline` says.
package enum DeadlineSetting: Sendable, Equatable {
    /// Seconds from the first start of the command.
    case after(Double)
    /// Seconds since 1970.
    case at(Double)
    /// The next such time of the day after the first start, as it was written: a run that goes on at
    /// 18:31 is too late for 18:30 and has not another day.
    case next(String)

    /// `8h40m`, `90m`, `45s`; or `18:30`, `2026-03-01T18:30`, in local time.
    /// - Returns: nil for other text.
    package init?(_ text: String, now: Double = secondsSinceEpoch()) {
        if let seconds = parseDuration(text) {
            self = .after(seconds)
        } else if let time = parseLocalTime(text, now: now) {
            self = text.contains("-") ? .at(time) : .next(text)
        } else {
            return nil
        }
    }
}

/// `8h40m`, `90m`, `1h`, `45s` or any of them after each other, in seconds; nil for other text.
package func parseDuration(_ text: String) -> Double? {
    var total = 0.0
    var digits = ""
    var units = "hms"[...]
    for c in text {
        if c.isASCII, c.isNumber || c == "." {
            digits.append(c)
        } else {
            guard let unit = units.firstIndex(of: c), let n = Double(digits) else { return nil }
            total += n * (c == "h" ? 3600 : c == "m" ? 60 : 1)
            units = units[units.index(after: unit)...]
            digits = ""
        }
    }
    guard digits.isEmpty, total > 0, total < 1e9 else { return nil }
    return total
}

/// A time of the clock (the next such) or a date and time, in seconds since 1970.
private func parseLocalTime(_ text: String, now: Double) -> Double? {
    var clock = text[...]
    var time = time_t(now)
    var parts = tm()
    guard localtime_r(&time, &parts) != nil else { return nil }
    func numbers(_ text: Substring, _ separator: Character, _ count: ClosedRange<Int>) -> [Int32]? {
        let found = text.split(separator: separator, omittingEmptySubsequences: false)
            .map { Int32($0) ?? -1 }
        return count.contains(found.count) && found.allSatisfy { $0 >= 0 } ? found : nil
    }
    var hasDate = false
    if let mark = text.firstIndex(where: { $0 == "T" || $0 == " " }) {
        guard let date = numbers(text[..<mark], "-", 3...3), (1970...9999).contains(date[0]),
            (1...12).contains(date[1]), (1...31).contains(date[2])
        else { return nil }
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (date[0] - 1900, date[1] - 1, date[2])
        clock = text[text.index(after: mark)...]
        hasDate = true
    }
    guard let hour = numbers(clock, ":", 2...3), hour[0] < 24, hour[1] < 60 else { return nil }
    (parts.tm_hour, parts.tm_min) = (hour[0], hour[1])
    parts.tm_sec = hour.count > 2 ? min(hour[2], 59) : 0
    parts.tm_isdst = -1
    var result = Double(mktime(&parts))
    if !hasDate, result <= now {
        parts.tm_mday += 1
        parts.tm_isdst = -1
        result = Double(mktime(&parts))
    }
    return result
}

/// When a run must be over. Times are of a clock that nobody can set.
package struct Deadline: Sendable {
    /// When the process is to have ended.
    package let end: Double
    /// Seconds before the end at which model calls return.
    package let reserve: Double
    private let clock: @Sendable () -> Double

    /// - Parameter clock: seconds that only grow; `end` is a time of it.
    package init(
        end: Double, reserve: Double, clock: @escaping @Sendable () -> Double = monotonicSeconds
    ) {
        self.end = end
        self.reserve = max(0, reserve)
        self.clock = clock
    }

    /// The deadline of a run.
    /// - Parameters:
    ///   - spent: seconds since its first start.
    ///   - reserve: nil for three minutes, or a tenth of the time if that is less.
    ///   - wall: what the clock on the wall shows; once only, so that it may be set afterwards.
    package init(
        _ setting: DeadlineSetting, spent: Double, reserve: Double?, wall: Double,
        clock: @escaping @Sendable () -> Double
    ) {
        let whole: Double
        switch setting {
        case .after(let seconds): whole = seconds
        case .at(let time): whole = time - wall + spent
        case .next(let text):
            let first = wall - spent
            whole = (parseLocalTime(text, now: first) ?? first) - first
        }
        self.init(
            end: clock() + whole - spent, reserve: reserve ?? min(180, max(0, whole) / 10),
            clock: clock)
    }

    /// When model calls return.
    package var stop: Double { end - reserve }

    /// Seconds until model calls return; negative afterwards.
    package var remaining: Double { stop - clock() }

    package var hasPassed: Bool { remaining <= 0 }

    /// Whether work of about so many seconds may begin: not after model calls are to return, and not if
    /// it would eat into the second half of the reserve.
    package func allows(_ seconds: Double) -> Bool {
        let now = clock()
        return now < stop && now + seconds <= stop + reserve / 2
    }

    /// What `seconds` more of work mean, in words: "done 12 min before the deadline".
    package func outlook(_ seconds: Double) -> String {
        let margin = remaining - seconds
        return margin >= 0
            ? "\(duration(margin)) to spare before the deadline"
            : "the deadline comes \(duration(-margin)) too early"
    }
}
