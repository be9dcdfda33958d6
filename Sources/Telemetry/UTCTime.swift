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
    /// - Returns: the text, 27 characters of ASCII.
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
        var text: [UInt8] = []
        text.reserveCapacity(27)
        append(date.year, digits: 4, then: "-", to: &text)
        append(date.month, digits: 2, then: "-", to: &text)
        append(date.day, digits: 2, then: "T", to: &text)
        append(second / 3600, digits: 2, then: ":", to: &text)
        append(second / 60 % 60, digits: 2, then: ":", to: &text)
        append(second % 60, digits: 2, then: ".", to: &text)
        append(microseconds, digits: 6, then: "Z", to: &text)
        return String(decoding: text, as: UTF8.self)
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

    private static func append(
        _ number: Int64,
        digits: Int,
        then mark: Unicode.Scalar,
        to text: inout [UInt8]
    ) {
        let start = text.count
        text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
        var rest = number
        for place in (start..<start + digits).reversed() {
            text[place] += UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        text.append(UInt8(ascii: mark))
    }
}
