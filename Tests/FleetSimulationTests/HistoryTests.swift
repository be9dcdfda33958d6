import FleetSimulation
import Testing

@Suite("A simulated fleet", .serialized)
struct HistoryTests {
    @Test("keeps every property in each of a thousand histories")
    func properties() async {
        let result = await Campaign(first: 1, count: 1_000).run()
        #expect(result.broken == nil, "scripts/simulate --replay \(result.broken?.seed ?? 0)")
        #expect(result.histories == 1_000)
        // A history in which nothing goes wrong would prove nothing.
        #expect(result.takeovers > 300)
        #expect(result.posts > result.deliveries)
    }

    @Test("has the same history for the same seed", arguments: [1, 7, 23, 99])
    func replays(seed: UInt64) {
        let first = Campaign.history(seed, isTraced: true)
        let second = Campaign.history(seed, isTraced: true)
        #expect(!first.trace.isEmpty)
        #expect(first.trace == second.trace)
        #expect(first.virtualMicroseconds == second.virtualMicroseconds)
    }

    @Test("does not get away with a planted defect", arguments: Defect.allCases)
    func planted(defect: Defect) async {
        let result = await Campaign(first: 1, count: 300, defect: defect).run()
        #expect(result.broken != nil, "not found in \(result.histories) histories")
    }

    @Test("tells the story of a failing seed in a page")
    func trace() async throws {
        let broken = try #require(await Campaign(first: 1, count: 300, defect: .noFence).run().broken)
        let verdict = Campaign.history(broken.seed, defect: .noFence, isTraced: true)
        #expect(verdict.finding == broken.finding)
        #expect((1...80).contains(verdict.trace.count))
    }
}
