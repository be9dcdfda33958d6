import HTTPListener
import Testing

@Suite("Room for connections")
struct ConnectionSlotsTests {
    @Test("beyond the limit a few hundred are told that there is no room, and all others are dropped")
    func places() {
        let slots = ConnectionSlots(limit: 2)
        let refused = ConnectionSlots.refusalLimit
        #expect((1...2).map { _ in slots.take() } == [.taken, .taken])
        #expect((1...refused).allSatisfy { _ in slots.take() == .refused })
        #expect((1...3).map { _ in slots.take() } == [.dropped, .dropped, .dropped])
        #expect(slots.openCount == 2 && slots.refusedCount == refused + 3)
        // Each gives back what it had, and no more.
        slots.giveBack(.dropped)
        #expect(slots.take() == .dropped)
        slots.giveBack(.refused)
        #expect(slots.take() == .refused && slots.take() == .dropped)
        slots.giveBack(.taken)
        #expect(slots.take() == .taken && slots.take() == .dropped)
        #expect(slots.openCount == 2)
    }
}
