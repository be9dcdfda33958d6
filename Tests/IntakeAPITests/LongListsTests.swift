import LastcallTestKit
import Synchronization
import Testing

@testable import IntakeAPI

@Suite("Long lists", .timeLimit(.minutes(30)))
struct LongListsTests {
    @Test(
        "a list is long where more is asked for than without a limit",
        arguments: [
            ("", false), ("limit=100", false), ("limit=101", true), ("limit=1000", true), ("limit=", false),
            ("status=failed&limit=1000", true), ("limit=x", false), ("nolimit=1000", false),
            ("cursor=limit=1000", false),
        ]
    )
    func isAsked(query: String, isLong: Bool) {
        #expect(LongLists.isAsked(for: query) == isLong)
    }

    private final class Gauge: Sendable {
        let running = Atomic(0)
        let most = Atomic(0)
    }

    @Test("no more lists are made at once than may be, each has its turn, and a failure gives it on")
    func turns() async throws {
        let lists = LongLists(atOnce: 2)
        let gauge = Gauge()
        struct Failed: Error {}
        let done = await withTaskGroup(of: Bool.self) { group in
            for number in 1...200 {
                group.addTask {
                    let result: Void? = try? await lists.inTurn {
                        let now = gauge.running.add(1, ordering: .relaxed).newValue
                        _ = gauge.most.max(now, ordering: .relaxed)
                        await Task.yield()
                        gauge.running.subtract(1, ordering: .relaxed)
                        if number % 3 == 0 { throw Failed() }
                    }
                    return result != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(done == 134)
        #expect(gauge.most.load(ordering: .relaxed) <= 2)
    }

    @Test("whoever has gone while waiting gets no list, and the next has the turn")
    func gone() async throws {
        let lists = LongLists(atOnce: 1)
        let (gone, next) = try await lists.inTurn {
            let gone = Task { try await lists.inTurn { true } }
            try await eventually("somebody who waits") { lists.waiting == 1 }
            gone.cancel()
            let next = Task { try await lists.inTurn { true } }
            try await eventually("somebody behind") { lists.waiting == 2 }
            return (gone, next)
        }
        await #expect(throws: CancellationError.self) { try await gone.value }
        #expect(try await next.value)
    }
}
