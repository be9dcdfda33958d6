import DeliveryPolicy
import Testing

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT.
    static let example: Int64 = 784_111_777

    @Test(
        "seconds are a wait, blanks around them are not part of it",
        arguments: [
            ("0", 0), ("1", 1), ("120", 120), ("0120", 120), (" 120\t", 120), ("315360000", 315_360_000),
            ("315360001", 315_360_000),
            ("99999999999999999999999", 315_360_000), ("-1", nil), ("+1", nil), ("1.5", nil), ("1s", nil),
            ("1 2", nil), ("120, 60", nil), ("", nil),
            (" ", nil), ("soon", nil), ("\u{661}", nil), ("0x10", nil), ("1e3", nil),
        ] as [(String, Int?)]
    )
    func seconds(value: String, expected: Int?) {
        #expect(RetryAfter.parse(value, secondsSince1970: Self.example) == expected.map { .seconds($0) })
    }

    @Test(
        "the three forms of a date are one time",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ],
        [0, 1, 90_000, -5] as [Int64]
    )
    func dates(value: String, ahead: Int64) {
        let expected = Duration.seconds(max(0, ahead))
        #expect(RetryAfter.parse(value, secondsSince1970: Self.example - ahead) == expected)
        #expect(RetryAfter.parse(" \(value) ", secondsSince1970: Self.example - ahead) == expected)
    }

    @Test(
        "dates count days, months and leap years as the calendar does",
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Thu, 01 Jan 1970 23:59:60 GMT", 86_400),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800), ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Fri, 31 Dec 2027 23:59:59 GMT", 1_830_297_599),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 10 Oct 2025 10:10:10 GMT", 1_760_091_010), ("Tue Feb 29 00:00:00 2000", 951_782_400),
        ] as [(String, Int64)]
    )
    func calendar(value: String, seconds: Int64) {
        #expect(RetryAfter.parse(value, secondsSince1970: seconds - 7) == .seconds(7))
        #expect(RetryAfter.parse(value, secondsSince1970: seconds) == .zero)
    }

    @Test("a year of two digits is at most 50 years ahead")
    func centuries() {
        let now: Int64 = 1_760_091_010  // 2025-10-10
        #expect(
            RetryAfter.parse("Wednesday, 01-Jan-75 00:00:00 GMT", secondsSince1970: now)
                == .seconds(315_360_000)
        )
        #expect(RetryAfter.parse("Thursday, 01-Jan-76 00:00:00 GMT", secondsSince1970: now) == .zero)
        #expect(
            RetryAfter.parse("Saturday, 11-Oct-25 10:10:10 GMT", secondsSince1970: now) == .seconds(86_400)
        )
    }

    @Test(
        "what is no date is ignored",
        arguments: [
            "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000",
            "sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT",
            "Xyz, 06 Nov 1994 08:49:37 GMT",
            "Sun,  06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT", "Wed, 29 Feb 2023 00:00:00 GMT", "Mon, 29 Feb 2100 00:00:00 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 6-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994", "Sun Nov  06 08:49:37 1994", "Sun Nov 06 08:49:37 94",
            "Sun Nov  6 08:49:37 1994 GMT",
            "1994-11-06T08:49:37Z", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT",
            "Sun, 06 Nov 1994 -8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT, 120",
        ]
    )
    func garbage(value: String) {
        #expect(RetryAfter.parse(value, secondsSince1970: Self.example) == nil)
    }

    @Test("a present time at either end of what there is does not trap", arguments: [Int64.min, .max])
    func extremes(now: Int64) {
        for value in [
            "1", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            _ = RetryAfter.parse(value, secondsSince1970: now)
        }
        #expect(RetryAfter.parse("1", secondsSince1970: now) == .seconds(1))
    }
}
