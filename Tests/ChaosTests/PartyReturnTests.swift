import Chaos
import Testing

@Suite("Party return")
struct PartyReturnTests {
    private static let second: UInt64 = 1_000_000_000

    private func post(_ party: Int, at seconds: Double) -> ReceivedPost {
        ReceivedPost(party: party, arrivedAt: UInt64(seconds * 1e9), body: "logout_token=t", answer: 200)
    }

    @Test("each party's window begins with its own first POST, and nobody else's POSTs count")
    func windows() {
        let before = [post(1, at: 1), post(2, at: 4.9)]
        let burst = (0..<30).map { post(1, at: 7 + Double($0) / 100) }
        let trickle = (0..<15).map { post(2, at: 20 + Double($0)) }
        let found = PartyReturn(
            of: [1, 2, 3],
            at: 5 * Self.second,
            in: before + burst + trickle + [post(9, at: 6)]
        )
        #expect(found.first == [1: 7 * Self.second, 2: 20 * Self.second])
        #expect(found.rates.sorted() == [1, 3] && found.rate == 2)
        #expect(found.peaks.sorted() == [1, 30])
    }

    @Test("nobody who returned has no rate")
    func nobody() {
        let found = PartyReturn(of: [1], at: 5, in: [])
        #expect(found.first.isEmpty && found.rate == 0)
    }
}
