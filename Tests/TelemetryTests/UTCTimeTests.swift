import Logging
import Telemetry
import Testing

@Suite("The time of a log line", .timeLimit(.minutes(30)))
struct UTCTimeTests {
    @Test(
        "is RFC 3339 in UTC with microseconds, on both sides of leap days, new years and 1970",
        arguments: [
            (Duration.zero, "1970-01-01T00:00:00.000000Z"),
            (.microseconds(-1), "1969-12-31T23:59:59.999999Z"),
            (.seconds(951_868_799) + .nanoseconds(999_999_999), "2000-02-29T23:59:59.999999Z"),
            (.seconds(951_868_800), "2000-03-01T00:00:00.000000Z"),
            (.seconds(1_735_689_599), "2024-12-31T23:59:59.000000Z"),
            (.seconds(1_735_689_600), "2025-01-01T00:00:00.000000Z"),
            (.seconds(4_107_542_399), "2100-02-28T23:59:59.000000Z"),
            (.seconds(4_107_542_400), "2100-03-01T00:00:00.000000Z"),
            (.seconds(253_402_300_799), "9999-12-31T23:59:59.000000Z"),
            (instant, "2026-11-21T03:24:59.000001Z"),
        ]
    )
    func text(time: Duration, expected: String) throws {
        let line = try JSON(line(at: time) { $0.info("x") })
        #expect(line["time"] == .string(expected))
    }
}
