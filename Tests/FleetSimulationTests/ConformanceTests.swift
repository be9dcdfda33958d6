import LastcallTestKit
import PostgresClient
import Testing

@Suite("The simulated outbox", .lastcallDatabase)
struct ConformanceTests {
    private static let steps = 300
    /// Without these a comparison would compare little.
    private static let mustBeSeen: Set = [
        "fresh", "replay", "conflict", "claimed", "taken over", "settled", "fenced", "ended event",
        "cancelled",
        "redelivered", "overdue", "opened", "closed", "roused",
    ]

    @Test(
        "answers as Postgres does, and holds the same rows after each step",
        arguments: 1...6 as ClosedRange<UInt64>
    )
    func conforms(seed: UInt64) async throws {
        var both = try await TwoOutboxes(seed: seed)
        do {
            for _ in 1...Self.steps {
                let step = try await both.step()
                try both.compare(step)
            }
        } catch is TwoOutboxes.Difference {
            // Told where it was seen.
        }
        await both.pool.shutdown()
        #expect(
            both.seen.isSuperset(of: Self.mustBeSeen),
            "\(Self.mustBeSeen.subtracting(both.seen))"
        )
    }
}
