// Points in time as microseconds since 1970-01-01 in UTC, and their text.

/// A time as ISO 8601 has it: date, time, and six digits of a second where it has a fraction.
package func timestampText(_ microseconds: Int64) -> String {
    let (days, rest) = dayAndTime(microseconds)
    let (year, month, dayOfMonth) = civilDate(days)
    let seconds = rest / 1_000_000
    let fraction = rest % 1_000_000
    func two(_ n: Int64) -> String { (n < 10 ? "0" : "") + String(n) }
    var text = "\(padded(year, 4))-\(two(month))-\(two(dayOfMonth))"
    text += " \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    if fraction > 0 { text += "." + padded(fraction, 6) }
    return text
}

/// A part of a point in time, by pandas' names.
package enum TimePart: String, Sendable, CaseIterable {
    case year, quarter, month, day, hour, minute, second, microsecond
    /// Monday is 0.
    case dayOfWeek = "day_of_week"
    /// January 1 is 1.
    case dayOfYear = "day_of_year"

    func value(of microseconds: Int64) -> Int64 {
        let (days, time) = dayAndTime(microseconds)
        let (year, month, day) = civilDate(days)
        return switch self {
        case .year: year
        case .quarter: (month + 2) / 3
        case .month: month
        case .day: day
        case .hour: time / 3_600_000_000
        case .minute: time / 60_000_000 % 60
        case .second: time / 1_000_000 % 60
        case .microsecond: time % 1_000_000
        // 1970-01-01 was a Thursday.
        case .dayOfWeek: ((days + 3) % 7 + 7) % 7
        case .dayOfYear: days - daysFromCivil(year, 1, 1) + 1
        }
    }
}

extension Series {
    /// A part of each time; missing rows stay missing.
    /// - Throws: `FrameError.columnType` where the rows are no points in time.
    package func timePart(_ part: TimePart) throws(FrameError) -> Series {
        Series(
            trusting: name,
            Column(
                .int64(try times(for: part.rawValue).map { part.value(of: $0) }),
                validity: column.validity), key)
    }

    /// Midnight of each time's day.
    /// - Throws: `FrameError.columnType`.
    package func startOfDay() throws(FrameError) -> Series {
        Series(
            trusting: name,
            Column(
                .timestamp(try times(for: "normalize").map { $0 - dayAndTime($0).time }),
                validity: column.validity), key)
    }

    private func times(for verb: String) throws(FrameError) -> [Int64] {
        guard case .timestamp(let times) = column.storage else {
            throw .columnType(
                verb: "dt." + verb, column: name,
                needed: "a column of times, as astype(\"timestamp\") makes of text",
                found: column.type)
        }
        return times
    }
}

/// Whole days since 1970-01-01, and microseconds since midnight.
private func dayAndTime(_ microseconds: Int64) -> (days: Int64, time: Int64) {
    let day: Int64 = 86_400_000_000
    let (days, time) = microseconds.quotientAndRemainder(dividingBy: day)
    return time < 0 ? (days - 1, time + day) : (days, time)
}

/// The time that `2024-05-01`, `2024-05-01 10:20:30.5` or the same with a `T` and a `Z` stands for;
/// nil for any other text.
package func timestamp(from text: UnsafeRawBufferPointer) -> Int64? {
    var at = 0
    func digits(_ count: Int) -> Int64? {
        guard at + count <= text.count else { return nil }
        var n: Int64 = 0
        for _ in 0..<count {
            let digit = Int64(text[at]) - 48
            guard (0...9).contains(digit) else { return nil }
            n = n * 10 + digit
            at += 1
        }
        return n
    }
    func skip(_ mark: Character) -> Bool {
        guard at < text.count, text[at] == mark.asciiValue else { return false }
        at += 1
        return true
    }
    guard let year = digits(4), skip("-"), let month = digits(2), skip("-"), let day = digits(2),
        (1...12).contains(month), (1...daysInMonth(year, month)).contains(day)
    else { return nil }
    var microseconds = daysFromCivil(year, month, day) * 86_400_000_000
    if at == text.count { return microseconds }
    guard skip("T") || skip(" "), let hour = digits(2), skip(":"), let minute = digits(2),
        hour < 24, minute < 60
    else { return nil }
    var second: Int64 = 0
    var fraction: Int64 = 0
    if skip(":") {
        guard let s = digits(2), s < 60 else { return nil }
        second = s
        if skip(".") {
            var unit: Int64 = 100_000
            let start = at
            while at < text.count, (48...57).contains(text[at]), at - start < 9 {
                fraction += (Int64(text[at]) - 48) * unit
                unit /= 10
                at += 1
            }
            if at == start { return nil }
        }
    }
    _ = skip("Z")
    guard at == text.count else { return nil }
    microseconds += ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    return microseconds
}

private func padded(_ n: Int64, _ width: Int) -> String {
    let digits = String(n)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func daysInMonth(_ year: Int64, _ month: Int64) -> Int64 {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}

/// Days since 1970-01-01 of a date in the Gregorian calendar (Hinnant's algorithm: years begin in
/// March, so that the leap day is the last).
private func daysFromCivil(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
}

private func civilDate(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let m = (5 * dayOfYear + 2) / 153
    let month = m < 10 ? m + 3 : m - 9
    return (
        yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * m + 2) / 5 + 1
    )
}
