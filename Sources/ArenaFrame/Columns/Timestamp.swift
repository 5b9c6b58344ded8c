// Points in time as microseconds since 1970-01-01 in UTC, and their text.

/// A time as ISO 8601 has it: date, time, and six digits of a second where it has a fraction.
package func timestampText(_ microseconds: Int64) -> String {
    let day: Int64 = 86_400_000_000
    var days = microseconds / day
    var rest = microseconds % day
    if rest < 0 {
        rest += day
        days -= 1
    }
    let (year, month, dayOfMonth) = civilDate(days)
    let seconds = rest / 1_000_000
    let fraction = rest % 1_000_000
    func two(_ n: Int64) -> String { (n < 10 ? "0" : "") + String(n) }
    var text = "\(padded(year, 4))-\(two(month))-\(two(dayOfMonth))"
    text += " \(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
    if fraction > 0 { text += "." + padded(fraction, 6) }
    return text
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
