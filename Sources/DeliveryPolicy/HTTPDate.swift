/// Reads an HTTP-date in its three forms. Source: RFC 9110 §5.6.7.
///
/// The name of the day must be one; whether it fits the date does not matter.
enum HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDays = [
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
    ]

    /// The fields of a date as they were written.
    private struct Fields {
        var day: Substring
        var month: Substring
        var year: Substring
        var time: Substring
    }

    /// The date in seconds since 1970.
    ///
    /// - Parameters:
    ///   - bytes: the text, without blanks around it.
    ///   - now: the present time, by which a year of two digits finds its century.
    /// - Returns: `nil` where the text is none of the three forms, or no date.
    static func secondsSince1970(_ bytes: ArraySlice<UInt8>, now: Int64) -> Int64? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard bytes.count <= 40, let fields = fixed(text) ?? rfc850(text) ?? asctime(text) else { return nil }
        guard let monthIndex = months.firstIndex(of: String(fields.month)), let day = number(fields.day),
            var year = number(fields.year), let seconds = secondsOfDay(fields.time)
        else { return nil }
        if fields.year.utf8.count == 2 { year = fullYear(year, now: now) }
        guard (1...daysIn(month: monthIndex + 1, of: year)).contains(day) else { return nil }
        return daysSince1970(year: year, month: monthIndex + 1, day: day) * 86_400 + seconds
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    private static func fixed(_ text: String) -> Fields? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].last == ",", days.contains(String(parts[0].dropLast())),
            parts[5] == "GMT",
            parts[1].utf8.count == 2, parts[3].utf8.count == 4
        else { return nil }
        return Fields(day: parts[1], month: parts[2], year: parts[3], time: parts[4])
    }

    /// `Sunday, 06-Nov-94 08:49:37 GMT`
    private static func rfc850(_ text: String) -> Fields? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 4, parts[0].last == ",", longDays.contains(String(parts[0].dropLast())),
            parts[3] == "GMT"
        else { return nil }
        let date = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, date[0].utf8.count == 2, date[2].utf8.count == 2 else { return nil }
        return Fields(day: date[0], month: date[1], year: date[2], time: parts[2])
    }

    /// `Sun Nov  6 08:49:37 1994`, its day in two digits or in a space and one.
    private static func asctime(_ text: String) -> Fields? {
        var parts = text.split(separator: " ", omittingEmptySubsequences: false)
        if parts.count == 6, parts[2].isEmpty, parts[3].utf8.count == 1 {
            parts.remove(at: 2)
        } else {
            guard parts.count == 5, parts[2].utf8.count == 2 else { return nil }
        }
        guard days.contains(String(parts[0])), parts[4].utf8.count == 4 else { return nil }
        return Fields(day: parts[2], month: parts[1], year: parts[4], time: parts[3])
    }

    private static func number(_ digits: Substring) -> Int64? {
        guard digits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains) else { return nil }
        return Int64(digits)
    }

    /// `08:49:37`, up to the leap second `23:59:60`.
    private static func secondsOfDay(_ time: Substring) -> Int64? {
        let parts = time.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ $0.utf8.count == 2 }),
            let hour = number(parts[0]), let minute = number(parts[1]), let second = number(parts[2]),
            hour <= 23, minute <= 59, second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    /// The year of two digits that is at most 50 years ahead: what seems farther is in the past.
    private static func fullYear(_ lastDigits: Int64, now: Int64) -> Int64 {
        // The mean Gregorian year is exact enough: it is off by a day, on a border 50 years away.
        let thisYear = 1970 + now / 31_556_952
        let year = thisYear - thisYear % 100 + lastDigits
        return year > thisYear + 50 ? year - 100 : year
    }

    private static func daysIn(month: Int, of year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return switch month {
        case 2: isLeap ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from 1970-01-01 in the Gregorian calendar, years counted from March so that the leap day is the
    /// last.
    private static func daysSince1970(year: Int64, month: Int, day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let marchMonth = Int64(month > 2 ? month - 3 : month + 9)
        let leapDays = marchYear / 4 - marchYear / 100 + marchYear / 400
        // 719_468 days lie between 0000-03-01 and 1970-01-01; (153 m + 2) / 5 days between March and month m.
        return marchYear * 365 + leapDays + (153 * marchMonth + 2) / 5 + day - 1 - 719_468
    }
}
