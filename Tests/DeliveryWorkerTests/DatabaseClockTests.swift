import DeliveryWorker
import LogoutModel
import Testing

@Suite("Database clock")
struct DatabaseClockTests {
    @Test("there is no time before the first reading")
    func unread() {
        #expect(DatabaseClock().now() == nil)
    }

    @Test("it goes on from the last reading with this machine's monotonic clock", arguments: [0, 90, 86_400])
    func goesOn(seconds: Int64) throws {
        let clock = DatabaseClock()
        let reading = Timestamp(microseconds: 1_700_000_000_000_000)
        clock.set(Timestamp(microseconds: 1), at: .now)
        clock.set(reading, at: .now - .seconds(seconds))
        #expect(try #require(clock.now()) >= reading.advanced(by: .seconds(seconds)))
        // Far from the reading before, and from this machine's wall clock.
        #expect(try #require(clock.now()) < reading.advanced(by: .seconds(seconds + 3_600)))
    }
}
