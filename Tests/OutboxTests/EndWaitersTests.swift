import FoundationEssentials
import LogoutModel
import Outbox
import Testing

@Suite("Who waits for which event")
struct EndWaitersTests {
    var waiters = EndWaiters(limit: 10)
    let first = EndWaiters.Look(issuer: 1, event: .numbered(1))
    let second = EndWaiters.Look(issuer: 2, event: .numbered(2))

    /// The ticks at which an event is looked at, where each look finds it open at once.
    mutating func looks(from start: Int64, through end: Int64) -> [Int64] {
        var found: [Int64] = []
        for tick in start...end {
            _ = waiters.advance(to: tick)
            let due = waiters.takeDue(100)
            if !due.isEmpty { found.append(tick) }
            _ = waiters.looked(at: due, found: [])
        }
        return found
    }

    @Test("looks for one event come after 5, 10, 20, 40, 80, 160 and then every 250 ms")
    mutating func pauses() {
        #expect(EndWaiters.pauses.map { $0 * 5 } == [5, 10, 20, 40, 80, 160, 250])
        #expect(waiters.join(1, first, until: 10_000, at: 100) == true)
        #expect(looks(from: 101, through: 300) == [101, 103, 107, 115, 131, 163, 213, 263])
    }

    @Test("whoever joins is looked for at once, however long others have waited")
    mutating func joining() {
        _ = waiters.join(1, first, until: 10_000, at: 0)
        _ = looks(from: 1, through: 70)
        _ = waiters.join(2, first, until: 10_000, at: 70)
        #expect(looks(from: 71, through: 80) == [71, 73, 77])
    }

    @Test("a time is up at its tick and not before, even while a look is under way")
    mutating func deadlines() {
        _ = waiters.join(1, first, until: 20, at: 0)
        _ = waiters.join(2, first, until: 21, at: 0)
        _ = waiters.join(3, second, until: 0, at: 0)
        #expect(waiters.advance(to: 1) == [3])
        #expect(waiters.takeDue(10).isEmpty == false)
        #expect(waiters.advance(to: 19).isEmpty)
        #expect(waiters.advance(to: 20) == [1])
        #expect(waiters.advance(to: 500) == [2])
        #expect(waiters.count == 0 && !waiters.isDue)
    }

    @Test("all who wait for an event end together, and nobody else")
    mutating func ending() {
        _ = waiters.join(1, first, until: 100, at: 0)
        _ = waiters.join(2, first, until: 100, at: 0)
        _ = waiters.join(3, second, until: 100, at: 0)
        #expect(waiters.ended([first.event, .numbered(9)]).sorted() == [1, 2])
        #expect(waiters.ended([first.event]).isEmpty)
        _ = waiters.advance(to: 1)
        #expect(waiters.takeDue(10) == [second])
        #expect(waiters.looked(at: [second], found: [second.event]) == [3])
        #expect(waiters.count == 0)
        #expect(waiters.advance(to: 1_000).isEmpty)
    }

    @Test("the limit holds on both sides, and who leaves makes room")
    mutating func limit() {
        for number in 1...10 { #expect(waiters.join(number, first, until: 100, at: 0) == true) }
        #expect(waiters.join(11, second, until: 100, at: 0) == false)
        #expect(waiters.remove(3) == true)
        #expect(waiters.remove(3) == false)
        #expect(waiters.join(11, second, until: 100, at: 0) == true)
        #expect(waiters.join(12, second, until: 100, at: 0) == false)
        #expect(waiters.removeAll().count == 10)
        #expect(waiters.count == 0)
        var none = EndWaiters(limit: 0)
        #expect(none.join(1, first, until: 100, at: 0) == false)
    }

    @Test("who left during a look and came back is looked for again")
    mutating func returning() {
        _ = waiters.join(1, first, until: 100, at: 0)
        _ = waiters.join(2, second, until: 100, at: 0)
        _ = waiters.advance(to: 1)
        let due = waiters.takeDue(10)
        #expect(Set(due) == [first, second])
        waiters.remove(1)
        _ = waiters.join(3, first, until: 100, at: 1)
        #expect(waiters.looked(at: due, found: []).isEmpty)
        #expect(looks(from: 2, through: 3) == [2, 3])
        #expect(waiters.ended([first.event]) == [3])
    }

    @Test("a look takes so many events at most, and the next takes the rest")
    mutating func batches() {
        for number in 1...5 {
            _ = waiters.join(number, .init(issuer: 1, event: .numbered(number)), until: 100, at: 0)
        }
        _ = waiters.advance(to: 1)
        #expect(waiters.takeDue(3).count == 3)
        #expect(waiters.isDue)
        #expect(waiters.takeDue(3).count == 2)
        #expect(!waiters.isDue)
    }
}

extension LogoutEventID {
    /// An id of a test's own.
    fileprivate static func numbered(_ number: Int) -> LogoutEventID {
        .of(UUID(uuid: (1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, UInt8(number), 0, 0, 0)))
    }
}
