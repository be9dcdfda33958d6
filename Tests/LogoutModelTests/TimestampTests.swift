import LogoutModel
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "an instant is written as RFC 3339 in UTC and read back",
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (1_795_228_500_123_456, "2026-11-21T02:35:00.123456Z"),
            (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func roundTrip(microseconds: Int64, text: String) {
        #expect(Timestamp(microseconds: microseconds).text == text)
        #expect(Timestamp(text: text)?.microseconds == microseconds)
    }

    @Test(
        "offsets and fractions are understood",
        arguments: [
            ("2026-11-21T02:35:00Z", 1_795_228_500_000_000),
            ("2026-11-21T03:35:00+01:00", 1_795_228_500_000_000),
            ("2026-11-21t02:05:00.5-00:30", 1_795_228_500_500_000),
            ("2026-11-21T02:35:00.1234567Z", 1_795_228_500_123_456),
        ] as [(String, Int64)]
    )
    func reads(text: String, microseconds: Int64) {
        #expect(Timestamp(text: text)?.microseconds == microseconds)
    }

    @Test(
        "anything else is no time",
        arguments: [
            "", "2026-11-21", "2026-11-21T02:35Z", "2026-11-21T02:35:00", "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T24:00:00Z", "2026-11-21T02:60:00Z", "2026-11-21T02:35:60Z", "2026-11-21 02:35:00Z",
            "2026-11-21T02:35:00.Z", "2026-11-21T02:35:00+1:00", "1969-12-31T23:59:59Z",
            "2026-11-21T02:35:00Zx",
            "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
        ]
    )
    func refuses(text: String) {
        #expect(Timestamp(text: text) == nil)
    }
}
