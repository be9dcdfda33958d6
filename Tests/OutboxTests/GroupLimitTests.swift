import LastcallTestKit
import Outbox
import PostgresClient
import Synchronization
import Testing

/// A gate whose commits last until the test ends them.
private final class HeldGate: Sendable {
    private struct State {
        var batches: [[Int]] = []
        var held: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())
    private let gate = Mutex<GroupCommit<Int, Int>?>(nil)

    init(_ limits: GroupLimits) {
        let commits = GroupCommit<Int, Int>(limits: limits) { [self] batch in
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.batches.append(batch)
                    state.held.append(continuation)
                }
            }
            return batch
        }
        gate.withLock { $0 = commits }
    }

    /// Submits requests one behind the other, so that they wait in this order.
    func submit(_ requests: Range<Int>) async throws {
        guard let gate = gate.withLock({ $0 }) else { return }
        for request in requests {
            let count = gate.waiting + batches.joined().count
            Task { try await gate.submit(request) }
            try await eventually("request \(request) at the gate") {
                gate.waiting + batches.joined().count > count
            }
        }
    }

    /// Submits one request, and waits for its answer.
    func answer(_ request: Int, spent: Duration = .zero) async throws -> Int? {
        try await gate.withLock { $0 }?.submit(request, spent: spent)
    }

    /// Ends the oldest commit that is under way.
    func endOldest() { state.withLock { $0.held.isEmpty ? nil : $0.held.removeFirst() }?.resume() }

    /// Ends the commit that began last.
    func endNewest() { state.withLock { $0.held.popLast() }?.resume() }

    var batches: [[Int]] { state.withLock { $0.batches } }
}

@Suite("Group limits")
struct GroupLimitTests {
    private func gate(requests: Int, overlap: Duration) -> HeldGate {
        var limits = GroupLimits(waiting: 100)
        limits.requests = requests
        limits.overlap = overlap
        return HeldGate(limits)
    }

    @Test(
        "nobody waits for longer than told: what was not begun is known, what was is not; later ones are served"
    )
    func answeredInTime() async throws {
        var limits = GroupLimits(waiting: 100)
        limits.commits = 1
        limits.answerWithin = .milliseconds(50)
        let held = HeldGate(limits)
        await #expect(throws: PostgresError.outcomeUnknown("no answer before the deadline")) {
            _ = try await held.answer(1)
        }
        await #expect(throws: PostgresError.poolTimeout) { _ = try await held.answer(2) }
        #expect(held.batches == [[1]])
        held.endOldest()
        // What nobody waits for any more is not committed.
        try await held.submit(3..<4)
        try await eventually("the next commit") { held.batches.count == 2 }
        #expect(held.batches == [[1], [3]])
        held.endOldest()
    }

    @Test("who has waited elsewhere is answered in time, before those that came earlier")
    func timeSpentElsewhere() async throws {
        var limits = GroupLimits(waiting: 100)
        limits.commits = 1
        limits.answerWithin = .seconds(3_600)
        let held = HeldGate(limits)
        try await held.submit(0..<1)
        try await eventually("the first commit") { held.batches.count == 1 }
        try await held.submit(1..<2)
        await #expect(throws: PostgresError.poolTimeout) {
            _ = try await held.answer(2, spent: .milliseconds(3_599_950))
        }
        held.endOldest()
    }

    @Test("one commit is under way at a time while less than a full group waits")
    func oneAtATime() async throws {
        let held = gate(requests: 4, overlap: .seconds(3_600))
        try await held.submit(0..<1)
        try await eventually("the first commit") { held.batches.count == 1 }
        try await held.submit(1..<4)
        #expect(held.batches == [[0]])
        held.endOldest()
        try await eventually("the second commit") { held.batches.count == 2 }
        #expect(held.batches == [[0], [1, 2, 3]])
        held.endOldest()
    }

    @Test("a full group does not wait for the commit before it, and no third one begins")
    func fullGroup() async throws {
        let held = gate(requests: 4, overlap: .seconds(3_600))
        try await held.submit(0..<1)
        try await eventually("the first commit") { held.batches.count == 1 }
        try await held.submit(1..<10)
        try await eventually("the second commit") { held.batches.count == 2 }
        #expect(held.batches == [[0], [1, 2, 3, 4]])
        held.endOldest()
        try await eventually("another full group") { held.batches.count == 3 }
        #expect(held.batches.last == [5, 6, 7, 8])
        for _ in 0..<2 { held.endOldest() }
        try await eventually("the rest") { held.batches.last == [9] }
        held.endOldest()
    }

    @Test("who waits behind a commit that takes long is committed beside it, again and again")
    func lateCommit() async throws {
        let held = gate(requests: 4, overlap: .milliseconds(1))
        try await held.submit(0..<1)
        try await eventually("the first commit") { held.batches.count == 1 }
        for round in 1..<4 {
            try await held.submit(round..<round + 1)
            try await eventually("commit \(round) beside the first") { held.batches.last == [round] }
            held.endNewest()
        }
        held.endOldest()
    }
}
