import Glibc

/// The wall clock and its text, for log lines.
enum UTCTime {
    /// The time since 1970-01-01T00:00:00Z.
    static func now() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// Writes a time as RFC 3339 §5.6 has it, in UTC, with microseconds: `2026-11-21T03:24:59.000001Z`.
    ///
    /// - Parameter time: since 1970-01-01T00:00:00Z, within the years 0000 to 9999.
    /// - Returns: the text, 27 characters.
    static func text(_ time: Duration) -> String {
        let parts = time.components
        var seconds = parts.seconds
        var microseconds = parts.attoseconds / 1_000_000_000_000
        if microseconds < 0 {
            microseconds += 1_000_000
            seconds -= 1
        }
        let second = ((seconds % 86_400) + 86_400) % 86_400
        let date = civil(day: (seconds - second) / 86_400)
        let day = "\(padded(date.year, to: 4))-\(padded(date.month, to: 2))-\(padded(date.day, to: 2))"
        let hour = "\(padded(second / 3600, to: 2)):\(padded(second / 60 % 60, to: 2))"
        return "\(day)T\(hour):\(padded(second % 60, to: 2)).\(padded(microseconds, to: 6))Z"
    }

    /// The Gregorian date of a day counted from 1970-01-01.
    ///
    /// Years are taken from March to February, so that a leap day is the last day of its year.
    private static func civil(day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468  // days since 0000-03-01
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153  // 0 is March
        let year = yearOfEra + era * 400 + (month < 10 ? 0 : 1)
        return (year, month < 10 ? month + 3 : month - 9, dayOfYear - (153 * month + 2) / 5 + 1)
    }

    private static func padded(_ number: Int64, to width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
