import DeliveryWorker
import Testing

@Suite("Which clients are counted by name")
struct TopClientsTests {
    @Test("the first ones are, up to the limit; all others are one")
    func first() {
        var top = TopClients(limit: 2)
        #expect(
            [1, 2, 3, 1, 4].map { top.count($0) } == [
                .named(instead: nil), .named(instead: nil), .other, .named(instead: nil), .other,
            ]
        )
    }

    @Test("a limit of none counts nobody by name")
    func none() {
        var top = TopClients(limit: 0)
        #expect((1...100).allSatisfy { top.count($0) == .other })
    }

    @Test("a client that becomes clearly busier takes the place of the quietest one, once")
    func busier() {
        var top = TopClients(limit: 2)
        for _ in 0..<10 { _ = top.count(1) }
        _ = top.count(2)
        let places = (0..<200).map { _ in top.count(3) }
        #expect(places.filter { $0 == .named(instead: 2) }.count == 1)
        #expect(places.last == .named(instead: nil))
        #expect(top.count(2) == .other)
        #expect(top.count(1) == .named(instead: nil))
    }

    @Test("clients that are as busy as each other do not take places from one another")
    func equal() {
        var top = TopClients(limit: 5)
        var changes = 0
        for round in 0..<100_000 {
            if case .named(let gone?) = top.count(Int32(round % 20)) {
                changes += 1
                #expect(gone != Int32(round % 20))
            }
        }
        #expect(changes == 0)
    }

    @Test("what was long ago is forgotten: yesterday's busiest makes room for today's")
    func fading() {
        var top = TopClients(limit: 1)
        for _ in 0..<50_000 { _ = top.count(1) }
        let places = (0..<100_000).map { _ in top.count(2) }
        #expect(places.contains(.named(instead: 1)))
        #expect(places.last == .named(instead: nil))
    }

    @Test("a crowd of new names does not make the tally grow, and does not hide who is busy")
    func crowd() {
        var top = TopClients(limit: 1)
        _ = top.count(0)
        var isFound = false
        for name in Int32(10)..<40_000 {
            _ = top.count(name)
            #expect(top.size <= 1 + 8)
            if case .named(instead: 0?) = top.count(7) { isFound = true }
        }
        #expect(isFound)
        #expect(top.count(7) == .named(instead: nil))
    }
}
