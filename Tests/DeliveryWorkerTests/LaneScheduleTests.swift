import DeliveryWorker
import FoundationEssentials
import LogoutModel
import Outbox
import Testing

@Suite("Lane schedule")
struct LaneScheduleTests {
    let start = ContinuousClock.now
    let due = Timestamp(microseconds: 1_000_000_000)

    /// A schedule with one lane that has earned a window by answers.
    private func schedule(slots: Int = 512, windows: [Int32: Int] = [:]) -> LaneSchedule {
        var schedule = LaneSchedule(slots: slots)
        for (lane, window) in windows {
            schedule.announce(lane)
            give(1, to: lane, of: &schedule, at: start)
            schedule.setCap(1_024, of: lane)
            schedule.ended(lane, startedAt: start, .answered)
            for _ in 0..<max(0, window - LaneSchedule.firstWindow - 1) {
                schedule.announce(lane)
                give(1, to: lane, of: &schedule, at: start)
                schedule.ended(lane, startedAt: start, .answered)
            }
        }
        return schedule
    }

    /// Takes the schedule's next claims and answers those of one lane with some deliveries, the others with none.
    @discardableResult
    private func give(
        _ count: Int,
        to lane: Int32,
        of schedule: inout LaneSchedule,
        at now: ContinuousClock.Instant,
        more: Bool = false
    ) -> [LaneClaim] {
        let claims = schedule.next(at: now)
        schedule.claimed(claims, batch([lane: count], more: more), at: now)
        return claims
    }

    private func batch(_ counts: [Int32: Int], more: Bool = false, head: Timestamp? = nil) -> ClaimedBatch {
        var batch = ClaimedBatch()
        for (lane, count) in counts where count > 0 {
            for _ in 0..<count { batch.deliveries.append(.sample(of: lane)) }
            batch.lanes[lane] = (heads: LaneHeads(interactive: head ?? due), hasMore: more)
        }
        return batch
    }

    @Test("nothing is claimed before somebody says that something is due")
    func empty() {
        var schedule = LaneSchedule(slots: 4)
        #expect(schedule.next(at: start).isEmpty)
    }

    @Test("a lane that nobody has heard from begins with two, from the beginning of time")
    func firstClaim() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        schedule.announce(7)
        #expect(
            schedule.next(at: start) == [
                LaneClaim(client: 7, lowWater: Timestamp(microseconds: .min), quota: 2)
            ]
        )
        #expect(schedule.next(at: start).isEmpty)
    }

    @Test("each answer opens the window by one, up to the cap", arguments: [(1, 1), (2, 2), (3, 3), (5, 4)])
    func windowOpens(cap: Int, quota: Int) {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        give(1, to: 7, of: &schedule, at: start, more: true)
        schedule.setCap(cap, of: 7)
        schedule.ended(7, startedAt: start, .answered)
        give(1, to: 7, of: &schedule, at: start, more: true)
        schedule.ended(7, startedAt: start, .answered)
        #expect(schedule.next(at: start).map(\.quota) == [quota])
    }

    @Test("a lane whose cap is one gets no second delivery")
    func capOfOne() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        give(1, to: 7, of: &schedule, at: start, more: true)
        schedule.setCap(1, of: 7)
        #expect(schedule.next(at: start).isEmpty)
        schedule.ended(7, startedAt: start, .answered)
        #expect(schedule.next(at: start).map(\.quota) == [1])
    }

    @Test("a timeout halves the window, what was not asked leaves it alone")
    func windowCloses() {
        var schedule = schedule(windows: [7: 8])
        schedule.announce(7)
        give(1, to: 7, of: &schedule, at: start, more: true)
        schedule.ended(7, startedAt: start, .other)
        let claims = give(1, to: 7, of: &schedule, at: start, more: true)
        #expect(claims.map(\.quota) == [8])
        schedule.ended(7, startedAt: start, .timedOut)
        #expect(schedule.next(at: start).map(\.quota) == [4])
    }

    @Test(
        "slots are shared among the lanes that wait",
        arguments: [(1, [1]), (3, [1, 1, 1]), (5, [1, 1, 1]), (6, [2, 2, 2]), (99, [2, 2, 2])]
    )
    func slots(slots: Int, quotas: [Int]) {
        var schedule = LaneSchedule(slots: slots)
        for lane in 1...3 { schedule.announce(Int32(lane)) }
        #expect(schedule.next(at: start).map(\.quota) == quotas)
    }

    @Test("what is held counts until it has left, once")
    func held() {
        var schedule = LaneSchedule(slots: 2)
        schedule.announce(1)
        give(2, to: 1, of: &schedule, at: start)
        schedule.announce(2)
        #expect(schedule.held == 2)
        #expect(schedule.free == 0)
        #expect(schedule.next(at: start).isEmpty)
        schedule.ended(1, startedAt: start, .answered)
        schedule.ended(2, startedAt: start, .answered)
        schedule.ended(1, startedAt: start + .seconds(1), .answered)
        #expect(schedule.held == 1)
        #expect(schedule.next(at: start).map(\.client) == [2])
    }

    @Test("an announcement during a claim is not lost, even if the claim finds nothing")
    func hintDuringClaim() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        let claims = schedule.next(at: start)
        schedule.announce(7)
        schedule.claimed(claims, ClaimedBatch(), at: start)
        #expect(schedule.next(at: start).map(\.client) == [7])
    }

    @Test("a lane that has more is asked again, one that has not is left alone", arguments: [true, false])
    func more(more: Bool) {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        give(1, to: 7, of: &schedule, at: start, more: more)
        #expect(schedule.next(at: start).map(\.client) == (more ? [7] : []))
    }

    @Test("a lane whose two oldest have hung for over a second gets no more until they have left")
    func hanging() {
        var schedule = schedule(windows: [7: 10])
        schedule.announce(7)
        give(2, to: 7, of: &schedule, at: start, more: true)
        #expect(schedule.next(at: start + LaneSchedule.patience).map(\.quota) == [8])
        schedule.announce(7)
        let late = start + LaneSchedule.patience + .milliseconds(1)
        #expect(schedule.next(at: late).isEmpty)
        schedule.announce(7)
        #expect(schedule.next(at: late).isEmpty)
        schedule.ended(7, startedAt: start, .answered)
        #expect(schedule.next(at: late).map(\.client) == [7])
    }

    @Test("all lanes with two timeouts hold at most a quarter of the slots together")
    func slowLanes() {
        var schedule = schedule(slots: 16, windows: [1: 64, 2: 64, 3: 64])
        for lane: Int32 in [1, 2, 3] {
            schedule.announce(lane)
            give(2, to: lane, of: &schedule, at: start)
            schedule.ended(lane, startedAt: start, .timedOut)
            schedule.ended(lane, startedAt: start, .timedOut)
        }
        for lane: Int32 in [1, 2, 3] { schedule.announce(lane) }
        let claims = schedule.next(at: start)
        #expect(claims.map(\.quota).reduce(0, +) == 4)
        schedule.claimed(claims, batch([1: 4]), at: start)
        for lane: Int32 in [2, 3, 9] { schedule.announce(lane) }
        #expect(schedule.next(at: start).map(\.client) == [9])
        // One answer, and it is an ordinary lane again; the others may have what it leaves.
        schedule.ended(1, startedAt: start, .answered)
        for lane: Int32 in [2, 3] { schedule.announce(lane) }
        #expect(schedule.next(at: start).map(\.quota).reduce(0, +) == 4)
    }

    @Test("one timeout alone does not make a lane slow")
    func oneTimeout() {
        var schedule = schedule(slots: 16, windows: [1: 16])
        schedule.announce(1)
        give(1, to: 1, of: &schedule, at: start)
        schedule.ended(1, startedAt: start, .timedOut)
        schedule.announce(1)
        #expect(schedule.next(at: start).map(\.quota) == [8])
    }

    @Test("lanes take turns, however many there are")
    func turns() {
        var schedule = LaneSchedule(slots: 100_000)
        for lane in 1...200 { schedule.announce(Int32(lane)) }
        var asked: [Int32] = []
        for _ in 1...8 {
            let claims = schedule.next(at: start)
            #expect(claims.count == LaneSchedule.lanesPerClaim)
            asked += claims.map(\.client)
            // Every lane has an endless backlog that ends as fast as it is claimed.
            schedule.claimed(
                claims,
                batch(Dictionary(uniqueKeysWithValues: claims.map { ($0.client, 1) }), more: true),
                at: start
            )
            for claim in claims { schedule.ended(claim.client, startedAt: start, .answered) }
        }
        #expect(Set(asked.prefix(200)).count == 200)
        let turns = Dictionary(grouping: asked) { $0 }.mapValues(\.count)
        #expect(turns.values.allSatisfy { (2...3).contains($0) })
    }

    @Test("the low-water mark lies a second before the head, and a look through the queue can only lower it")
    func lowWater() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        give(1, to: 7, of: &schedule, at: start, more: true)
        let mark = due.advanced(by: .seconds(-1))
        let first = schedule.next(at: start)
        #expect(first.map(\.lowWater) == [mark])
        schedule.claimed(first, ClaimedBatch(), at: start)
        schedule.discovered(7, heads: LaneHeads(interactive: due.advanced(by: .seconds(60))))
        let second = schedule.next(at: start)
        #expect(second.map(\.lowWater) == [mark])
        schedule.claimed(second, ClaimedBatch(), at: start)
        schedule.discovered(7, heads: LaneHeads(interactive: due.advanced(by: .seconds(-60))))
        #expect(schedule.next(at: start).map(\.lowWater) == [due.advanced(by: .seconds(-61))])
    }

    @Test("each priority has a mark of its own, which the other's head leaves alone")
    func bulkLowWater() {
        var schedule = LaneSchedule(slots: 512)
        let beginning = Timestamp(microseconds: .min)
        func marks(after heads: LaneHeads) -> [Timestamp]? {
            schedule.announce(7)
            let claims = schedule.next(at: start)
            var found = ClaimedBatch()
            found.lanes[7] = (heads: heads, hasMore: false)
            schedule.claimed(claims, found, at: start)
            return claims.first.map { [$0.lowWater, $0.bulkLowWater] }
        }
        let mark = due.advanced(by: .seconds(-1))
        #expect(marks(after: LaneHeads(interactive: nil, bulk: due)) == [beginning, beginning])
        #expect(marks(after: LaneHeads(interactive: due, bulk: nil)) == [beginning, mark])
        #expect(marks(after: LaneHeads(interactive: nil, bulk: nil)) == [mark, mark])
        let early = due.advanced(by: .seconds(-60))
        schedule.discovered(7, heads: LaneHeads(interactive: nil, bulk: early))
        #expect(marks(after: LaneHeads(interactive: nil)) == [mark, due.advanced(by: .seconds(-61))])
        schedule.discovered(7, heads: LaneHeads(interactive: early, bulk: due.advanced(by: .seconds(60))))
        #expect(
            marks(after: LaneHeads(interactive: nil))
                == [due.advanced(by: .seconds(-61)), due.advanced(by: .seconds(-61))]
        )
    }

    @Test("a lane of which a claim gave nothing, but which has more, is asked again")
    func nothingButMore() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        var found = ClaimedBatch()
        found.lanes[7] = (heads: LaneHeads(interactive: due), hasMore: true)
        schedule.claimed(schedule.next(at: start), found, at: start)
        #expect(schedule.next(at: start).map(\.client) == [7])
    }

    @Test("a paused lane gets nothing, whoever announces it, until it is resumed; others go on")
    func paused() {
        var schedule = LaneSchedule(slots: 512)
        schedule.announce(7)
        give(1, to: 7, of: &schedule, at: start, more: true)
        schedule.pause(7)
        schedule.announce(8)
        #expect(schedule.next(at: start).map(\.client) == [8])
        schedule.announce(7)
        schedule.ended(7, startedAt: start, .answered)
        #expect(schedule.next(at: start).isEmpty)
        schedule.resume(7)
        #expect(schedule.next(at: start).map(\.client) == [7])
        // What has nothing more is not asked for having been paused.
        schedule.pause(8)
        schedule.resume(8)
        #expect(schedule.next(at: start).isEmpty)
    }

    @Test("a lane that was discovered begins at the beginning of time")
    func discovered() {
        var schedule = LaneSchedule(slots: 512)
        schedule.discovered(7, heads: LaneHeads(interactive: due))
        #expect(schedule.next(at: start).map(\.lowWater) == [Timestamp(microseconds: .min)])
    }

    @Test("idle lanes are forgotten in the end, lanes that hold something are not")
    func forgets() {
        var schedule = schedule(windows: [1: 8, 2: 8])
        schedule.announce(1)
        give(1, to: 1, of: &schedule, at: start)
        for lane: Int32 in 10...20_100 { schedule.discovered(lane, heads: LaneHeads(interactive: due)) }
        while true {
            let claims = schedule.next(at: start)
            guard !claims.isEmpty else { break }
            schedule.claimed(claims, ClaimedBatch(), at: start)
        }
        #expect(schedule.held == 1)
        schedule.announce(1)
        schedule.announce(2)
        #expect(schedule.next(at: start).map(\.quota) == [7, 2])
    }
}
