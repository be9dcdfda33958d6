package import LogoutModel
import Synchronization

/// The database clock, carried on by this machine's monotonic clock between readings.
///
/// Tokens are stamped with it, so a step of this machine's wall clock never reaches a token. Where the two clocks
/// disagree by more than a limit, one of them is wrong and nothing is signed until they agree again.
package final class DatabaseClock: Sendable {
    private struct Reading {
        let database: Timestamp
        let at: ContinuousClock.Instant
    }

    private let reading = Mutex<Reading?>(nil)

    /// A clock that has not been read yet.
    package init() {}

    /// A reading, taken at about that instant.
    package func set(_ database: Timestamp, at instant: ContinuousClock.Instant) {
        reading.withLock { $0 = Reading(database: database, at: instant) }
    }

    /// The time; `nil` before the first reading.
    package func now() -> Timestamp? { now(at: .now) }

    /// The time at an instant; `nil` before the first reading.
    package func now(at instant: ContinuousClock.Instant) -> Timestamp? {
        reading.withLock { reading in
            reading.map { $0.database.advanced(by: instant - $0.at) }
        }
    }

    /// Whether a machine's wall clock is near enough to the database's for it to sign.
    package static func agrees(_ database: Timestamp, with wall: Timestamp, within limit: Duration) -> Bool {
        Duration.microseconds(database.microseconds - wall.microseconds).magnitude <= limit
    }
}
