import DeliveryWorker
import FoundationEssentials
import LogoutModel
import Outbox
import Testing

@Suite("Bulk lanes")
struct BulkLaneTests {
    let start = ContinuousClock.now
    let due = Timestamp(microseconds: 1_000_000_000)

    /// Takes the next claims and gives each lane all that it asked for.
    private func fill(
        _ schedule: inout LaneSchedule,
        _ heads: LaneHeads,
        more: Bool = true,
        at now: ContinuousClock.Instant
    ) -> [LaneClaim] {
        let claims = schedule.next(at: now)
        var batch = ClaimedBatch()
        for claim in claims {
            batch.deliveries += (0..<claim.quota).map { _ in .sample(of: claim.client) }
            batch.lanes[claim.client] = (heads: heads, hasMore: more)
        }
        schedule.claimed(claims, batch, at: now)
        for claim in claims { schedule.setCap(1_024, of: claim.client) }
        return claims
    }

    /// 100 lanes with bulk deliveries and nothing else, as a look through the queue finds them.
    private func bulkLanes(_ schedule: inout LaneSchedule) {
        for lane: Int32 in 101...200 {
            schedule.discovered(lane, heads: LaneHeads(interactive: nil, bulk: due))
        }
    }

    /// Claims until nothing more is to be had; returns what the bulk lanes got.
    private func fillWithBulk(_ schedule: inout LaneSchedule, at now: ContinuousClock.Instant) -> Int {
        var count = 0
        while true {
            let claims = fill(&schedule, LaneHeads(interactive: nil, bulk: due), at: now)
            guard !claims.isEmpty else { return count }
            count += claims.map(\.quota).reduce(0, +)
        }
    }

    @Test(
        "alone, bulk deliveries take all but the eighth of the slots that announced lanes have for themselves"
    )
    func alone() {
        var schedule = LaneSchedule(slots: 512)
        bulkLanes(&schedule)
        #expect(fillWithBulk(&schedule, at: start) >= 200)
    }

    @Test("beside interactive deliveries they hold one slot in 32, until none was found for a second")
    func shared() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        _ = fill(&schedule, LaneHeads(interactive: due), more: false, at: start)
        bulkLanes(&schedule)
        #expect(fillWithBulk(&schedule, at: start) == 16)
        let later = start + LaneSchedule.sharingTime
        #expect(fillWithBulk(&schedule, at: later) >= 100)
    }

    @Test("what has left is followed by more only once half has, or after a while")
    func fewBigClaims() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        _ = fill(&schedule, LaneHeads(interactive: due), more: false, at: start)
        bulkLanes(&schedule)
        let first = fill(&schedule, LaneHeads(interactive: nil, bulk: due), at: start)
        #expect(first.map(\.quota).reduce(0, +) == 16)
        var left = first.flatMap { Array(repeating: $0.client, count: $0.quota) }
        for _ in 1...7 { schedule.ended(left.removeFirst(), startedAt: start, .answered) }
        #expect(schedule.next(at: start).isEmpty)
        var patient = schedule
        #expect(patient.next(at: start + LaneSchedule.fullInterval).map(\.quota).reduce(0, +) == 7)
        schedule.ended(left.removeFirst(), startedAt: start, .answered)
        #expect(schedule.next(at: start).map(\.quota).reduce(0, +) == 8)
    }

    @Test("an announced lane that has bulk deliveries too gets few at once, and goes before all bulk lanes")
    func mixed() {
        var schedule = LaneSchedule(slots: 512)
        bulkLanes(&schedule)
        schedule.announce(7)
        let both = LaneHeads(interactive: due, bulk: due)
        #expect(fill(&schedule, both, at: start).first?.client == 7)
        for _ in 1...2 { schedule.ended(7, startedAt: start, .answered) }
        for _ in 1...10 {
            schedule.announce(7)
            let claims = fill(&schedule, both, at: start)
            #expect(claims.first?.client == 7)
            #expect(claims.first.map { $0.quota <= LaneSchedule.smallestShare } == true)
            for _ in 0..<(claims.first?.quota ?? 0) { schedule.ended(7, startedAt: start, .answered) }
        }
    }

    @Test("a bulk lane of which interactive deliveries are found leaves the bulk lanes' line")
    func becomesInteractive() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        _ = fill(&schedule, LaneHeads(interactive: due), more: false, at: start)
        bulkLanes(&schedule)
        #expect(fillWithBulk(&schedule, at: start) == 16)
        schedule.discovered(199, heads: LaneHeads(interactive: due, bulk: due))
        #expect(schedule.next(at: start).map(\.client) == [199])
    }
}
