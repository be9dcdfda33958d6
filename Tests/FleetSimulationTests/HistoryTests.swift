import FleetSimulation
import Testing

@Suite("A simulated fleet")
struct HistoryTests {
    @Test("a few hundred histories keep every property")
    func properties() async {
        let result = await Campaign(first: 1, count: 200).run()
        #expect(result.broken == nil, "\(String(describing: result.broken))")
        #expect(result.histories == 200)
    }
}
