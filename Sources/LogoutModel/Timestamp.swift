/// An instant in UTC, in microseconds since 1970-01-01T00:00:00Z.
///
/// Whole numbers, so that a value read from Postgres, shown and read back stays the same. Written and read as RFC 3339
/// in UTC, for example `2026-11-21T02:35:00.123456Z`.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 1970, negative before it.
    public let microseconds: Int64

    /// The instant that many microseconds after 1970.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Earlier is less.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Whole seconds since 1970, rounded down: the `NumericDate` of RFC 7519 section 2.
    public var seconds: Int64 {
        microseconds.flooredDivision(by: 1_000_000)
    }

    /// This instant moved by a duration, cut to microseconds.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// RFC 3339 section 5.6 in UTC with six digits of fraction.
    public var text: String {
        let day = microseconds.flooredDivision(by: 86_400_000_000)
        let rest = microseconds - day * 86_400_000_000
        let date = CivilDate(daysSince1970: day)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(27)
        func append(_ value: Int64, digits: Int) {
            var divisor: Int64 = 1
            for _ in 1..<digits { divisor *= 10 }
            while divisor > 0 {
                bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: (value / divisor) % 10))
                divisor /= 10
            }
        }
        append(date.year, digits: 4)
        bytes.append(UInt8(ascii: "-"))
        append(date.month, digits: 2)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, digits: 2)
        bytes.append(UInt8(ascii: "T"))
        append(rest / 3_600_000_000, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 60_000_000 % 60, digits: 2)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 1_000_000 % 60, digits: 2)
        bytes.append(UInt8(ascii: "."))
        append(rest % 1_000_000, digits: 6)
        bytes.append(UInt8(ascii: "Z"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads RFC 3339 section 5.6 in any offset: years 1970 to 9999, a fraction of 1 to 9 digits (cut to microseconds),
    /// no leap second. Anything else is `nil`.
    public init?(text: String) {
        var reader = DigitReader(text: text)
        guard let year = reader.digits(4), year >= 1970, reader.skip("-"),
            let month = reader.digits(2), (1...12).contains(month), reader.skip("-"),
            let day = reader.digits(2), day >= 1, day <= CivilDate.days(inMonth: month, of: year),
            reader.skip("T") || reader.skip("t"),
            let hour = reader.digits(2), hour < 24, reader.skip(":"),
            let minute = reader.digits(2), minute < 60, reader.skip(":"),
            let second = reader.digits(2), second < 60
        else { return nil }
        var fraction: Int64 = 0
        if reader.skip(".") {
            guard let micros = reader.fraction() else { return nil }
            fraction = micros
        }
        guard let offset = reader.offsetMinutes(), reader.isAtEnd else { return nil }
        let days = CivilDate(year: year, month: month, day: day).daysSince1970
        let seconds = days * 86_400 + hour * 3_600 + (minute - offset) * 60 + second
        // An offset can carry the first and the last day out of the years that can be written.
        guard (0..<253_402_300_800).contains(seconds) else { return nil }
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }
}

extension Int64 {
    fileprivate func flooredDivision(by divisor: Int64) -> Int64 {
        self / divisor - (self % divisor < 0 ? 1 : 0)
    }
}
