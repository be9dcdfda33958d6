import DequeModule
import LogoutModel
package import Outbox

/// Decides from which lanes (clients) to claim next, and how much of each.
///
/// A value without a clock: the caller says what time it is. What it keeps apart: a lane with a backlog takes its turn
/// like any other; a lane that hangs keeps at most what it has; all slow lanes together hold at most a quarter of the
/// slots. A lane's window opens with its successes and halves with a timeout, so a lane that nobody has heard from
/// begins with two.
package struct LaneSchedule: Sendable {
    /// Lanes in one claim.
    package static let lanesPerClaim = 64
    /// Attempts that are older than this are held against their lane.
    package static let patience = Duration.seconds(1)
    /// What a lane that is not known yet may have in flight.
    package static let firstWindow = 2
    /// What a lane may get in one turn, unless more lanes wait than there are slots, or there are few of those: a claim looks at the same rows for
    /// one delivery as for four.
    package static let smallestShare = 4
    /// A claim that left no room for a backlog is followed by the next one after this long, once a third of the slots is
    /// free, or when a lane is announced: a few big claims cost less than many small ones, and what is held keeps the wire
    /// busy meanwhile.
    package static let fullInterval = Duration.milliseconds(100)

    /// So long after interactive deliveries were found, bulk ones leave room for more.
    package static let sharingTime = Duration.seconds(1)
    /// Of so many slots bulk deliveries then hold one. At an eighth, interactive ones waited twice as long.
    package static let slotsForOneBulk = 32

    /// Changed in place only: a copy would have its list of starts copied at the next change.
    private struct Lane {
        var starts: [Start] = []
        var window = LaneSchedule.firstWindow
        var cap = LaneSchedule.firstWindow
        var lowWater = Timestamp(microseconds: .min)
        var bulkLowWater = Timestamp(microseconds: .min)
        var isQueued = false
        var isQueuedAsBulk = false
        /// What the last look at it found due.
        var hasInteractive = true
        var hasBulk = false
        var isAnnounced = false
        /// It was announced while it had no room: the next delivery that leaves announces it again.
        var isOwed = false
        var hasMore = false
        /// Its breaker is about to change.
        var isPaused = false
        var timeouts = 0

        var isSlow: Bool { timeouts >= 2 }
        var isBulk: Bool { hasBulk && !hasInteractive }
        /// What it adds to that which slow lanes hold.
        var heldAsSlow: Int { isSlow ? starts.count : 0 }

        func hangs(at now: ContinuousClock.Instant) -> Bool {
            starts.count { now - $0.at > LaneSchedule.patience } >= 2
        }

        /// How many more it may have in flight; none where it has to wait.
        mutating func takeTurn(at now: ContinuousClock.Instant, slowBudget: Int) -> Int {
            let room = min(window, cap) - starts.count
            let most = isSlow ? min(room, slowBudget) : room
            guard most > 0, !isPaused, !hangs(at: now) else {
                // Its own deliveries, as they end, put it back; so does the end of a pause.
                hasMore = true
                return 0
            }
            return most
        }

        mutating func saw(_ heads: LaneHeads) {
            hasInteractive = heads.interactive != nil
            hasBulk = heads.bulk != nil
        }

        /// A claim has given it deliveries.
        mutating func claimed(
            _ count: Int,
            _ found: (heads: LaneHeads, hasMore: Bool)?,
            at now: ContinuousClock.Instant
        ) {
            if let found { saw(found.heads) }
            starts += repeatElement(Start(at: now, isBulk: isBulk), count: count)
            if let head = found?.heads.interactive { lowWater = LaneSchedule.mark(before: head) }
            if let head = found?.heads.bulk { bulkLowWater = LaneSchedule.mark(before: head) }
            hasMore = found?.hasMore ?? false
        }

        /// A delivery has left; `nil` where it had none that began then.
        mutating func ended(startedAt: ContinuousClock.Instant, _ ending: LaneEnding) -> Start? {
            guard let place = starts.firstIndex(where: { $0.at == startedAt }) else { return nil }
            let start = starts.remove(at: place)
            switch ending {
            case .answered:
                timeouts = 0
                window = min(window + 1, cap)
            case .timedOut:
                timeouts += 1
                window = max(1, window / 2)
            case .other: break
            }
            return start
        }
    }

    /// A delivery that has not left.
    private struct Start {
        let at: ContinuousClock.Instant
        let isBulk: Bool
    }

    package let slots: Int
    private var lanes: [Int32: Lane] = [:]
    /// Lanes with a backlog, and those that a look through the queue has found.
    private var queue: Deque<Int32> = []
    /// Those of them that have bulk deliveries and, as far as is known, no others.
    private var bulkQueue: Deque<Int32> = []
    /// Lanes that have just got something: they go first.
    private var announced: Deque<Int32> = []
    /// Deliveries that are claimed and have not left.
    package private(set) var held = 0
    /// Those of clients that time out.
    package private(set) var heldBySlow = 0
    /// Those of bulk logouts.
    package private(set) var heldBulk = 0
    /// When a claim last found interactive deliveries.
    private var interactiveAt: ContinuousClock.Instant?
    private var bulkTurnAt: ContinuousClock.Instant?
    /// When a claim left no room for a backlog, where none has been made since.
    private var fullSince: ContinuousClock.Instant?

    package init(slots: Int) {
        self.slots = slots
    }

    /// Deliveries that may still be claimed.
    package var free: Int { max(0, slots - held) }

    /// A lane is said to have something due.
    package mutating func announce(_ lane: Int32) {
        guard !lanes[lane, default: Lane()].isAnnounced else { return }
        lanes[lane, default: Lane()].isAnnounced = true
        announced.append(lane)
    }

    /// A lane is said to have something due that may wait behind others.
    package mutating func queue(_ lane: Int32) {
        enqueue(lane)
    }

    /// A look through the queue found a lane with something due since these times; late commits lie behind the marks.
    package mutating func discovered(_ key: Int32, heads: LaneHeads) {
        lanes[key, default: Lane()].saw(heads)
        if let place = lanes.index(forKey: key) {
            if let head = heads.interactive {
                lanes.values[place].lowWater = min(lanes.values[place].lowWater, Self.mark(before: head))
            }
            if let head = heads.bulk {
                lanes.values[place].bulkLowWater = min(
                    lanes.values[place].bulkLowWater,
                    Self.mark(before: head)
                )
            }
        }
        enqueue(key)
    }

    /// Nothing more is claimed from a lane until ``resume(_:)``.
    package mutating func pause(_ lane: Int32) {
        lanes[lane]?.isPaused = true
    }

    /// A paused lane takes its turns again.
    package mutating func resume(_ lane: Int32) {
        lanes[lane]?.isPaused = false
        if lanes[lane]?.hasMore == true { enqueue(lane) }
    }

    /// Whether the next claim waits for more slots to become free; each delivery that leaves may end the wait.
    package func waitsForSlots(at now: ContinuousClock.Instant) -> Bool {
        guard announced.isEmpty, let fullSince, free < slots / 3 else { return false }
        return now - fullSince < Self.fullInterval
    }

    /// The lanes whose turn it is; none where no slot is free or no lane has anything.
    ///
    /// Those that were announced come first, and alone get the last eighth of the slots: a backlog, as a bulk logout
    /// makes, neither goes before them nor takes all the room. Where both wait, the backlog gets a quarter of what is free.
    /// While there are interactive deliveries, bulk ones hold no more than one slot in 32: signing, posting and the
    /// database are then free soon enough for the next one.
    package mutating func next(at now: ContinuousClock.Instant) -> [LaneClaim] {
        var turns = Turns(
            // A fair share for each lane that waits, so that many lanes get a few connections each and not a few lanes many.
            share: share,
            slowBudget: max(1, slots / 4) - heldBySlow,
            isShared: interactiveAt.map { now - $0 < Self.sharingTime } ?? false
        )
        let bulkRoom = turns.isShared ? self.bulkRoom(at: now) : free
        let hasBacklog = !queue.isEmpty || (!bulkQueue.isEmpty && bulkRoom > 0)
        let backlog = hasBacklog ? max(0, free - slots / 8) / 4 : 0
        turns.budget = free - backlog
        for _ in 0..<announced.count where turns.hasRoom {
            guard let key = announced.popFirst() else { break }
            lanes[key]?.isAnnounced = false
            if !take(&turns, key, at: now) { lanes[key]?.isOwed = true }
        }
        turns.budget = max(0, turns.budget + backlog - slots / 8)
        for _ in 0..<queue.count where turns.hasRoom {
            guard let key = queue.popFirst() else { break }
            lanes[key]?.isQueued = false
            takeOnce(&turns, key, at: now)
        }
        turns.budget = min(turns.budget, bulkRoom)
        for _ in 0..<bulkQueue.count where turns.hasRoom {
            guard let key = bulkQueue.popFirst() else { break }
            lanes[key]?.isQueuedAsBulk = false
            takeOnce(&turns, key, at: now)
            bulkTurnAt = now
        }
        return turns.claims
    }

    /// One claim in the making.
    private struct Turns {
        let share: Int
        var slowBudget: Int
        let isShared: Bool
        var budget = 0
        var claims: [LaneClaim] = []

        var hasRoom: Bool { budget > 0 && claims.count < LaneSchedule.lanesPerClaim }
    }

    private var share: Int {
        let waiting = announced.count + queue.count + bulkQueue.count
        return max(1, slots / max(1, waiting), waiting > slots ? 1 : min(Self.smallestShare, slots / 32))
    }

    /// How many bulk deliveries may be claimed beside interactive ones: few big claims, as for any backlog.
    private func bulkRoom(at now: ContinuousClock.Instant) -> Int {
        let most = max(1, slots / Self.slotsForOneBulk)
        guard heldBulk <= most / 2 || bulkTurnAt.map({ now - $0 >= Self.fullInterval }) ?? true else {
            return 0
        }
        return max(0, most - heldBulk)
    }

    private mutating func takeOnce(_ turns: inout Turns, _ key: Int32, at now: ContinuousClock.Instant) {
        // A lane twice in one claim would be given twice what its client allows.
        if turns.claims.contains(where: { $0.client == key }) {
            lanes[key]?.hasMore = true
        } else {
            _ = take(&turns, key, at: now)
        }
    }

    private mutating func take(_ turns: inout Turns, _ key: Int32, at now: ContinuousClock.Instant) -> Bool {
        // Bulk deliveries come along with the interactive ones of their lane, in what room those leave.
        let isMixed = turns.isShared && lanes[key]?.hasBulk == true
        let most = min(turns.budget, isMixed ? min(turns.share, Self.smallestShare) : turns.share)
        guard let claim = turn(of: key, at: now, most, &turns.slowBudget) else { return false }
        turns.claims.append(claim)
        turns.budget -= claim.quota
        return true
    }

    private mutating func turn(
        of key: Int32,
        at now: ContinuousClock.Instant,
        _ most: Int,
        _ slowBudget: inout Int
    ) -> LaneClaim? {
        guard let place = lanes.index(forKey: key) else { return nil }
        let room = lanes.values[place].takeTurn(at: now, slowBudget: slowBudget)
        guard room > 0 else {
            if lanes.values[place].starts.isEmpty, !lanes.values[place].isPaused { enqueue(key) }
            return nil
        }
        let quota = min(room, most)
        if lanes.values[place].isSlow { slowBudget -= quota }
        return LaneClaim(
            client: key,
            lowWater: lanes.values[place].lowWater,
            bulkLowWater: lanes.values[place].bulkLowWater,
            quota: quota
        )
    }

    /// What a claim gave.
    package mutating func claimed(
        _ asked: [LaneClaim],
        _ batch: ClaimedBatch,
        at now: ContinuousClock.Instant
    ) {
        var counts: [Int32: Int] = [:]
        for delivery in batch.deliveries { counts[delivery.clientKey, default: 0] += 1 }
        for claim in asked {
            guard let place = lanes.index(forKey: claim.client) else { continue }
            let count = counts[claim.client] ?? 0
            lanes.values[place].claimed(count, batch.lanes[claim.client], at: now)
            held += count
            if lanes.values[place].isSlow { heldBySlow += count }
            if lanes.values[place].isBulk { heldBulk += count }
            if batch.lanes[claim.client]?.heads.interactive != nil { interactiveAt = now }
            if lanes.values[place].hasMore { enqueue(claim.client) }
        }
        fullSince = free <= slots / 8 ? now : nil
        forgetIdleLanes()
    }

    /// A client's cap became known.
    package mutating func setCap(_ cap: Int, of lane: Int32) {
        lanes[lane]?.cap = cap
    }

    /// A delivery has left this process: settled, released or lost.
    package mutating func ended(_ key: Int32, startedAt: ContinuousClock.Instant, _ ending: LaneEnding) {
        guard let place = lanes.index(forKey: key) else { return }
        let heldAsSlow = lanes.values[place].heldAsSlow
        guard let start = lanes.values[place].ended(startedAt: startedAt, ending) else { return }
        held -= 1
        if start.isBulk { heldBulk -= 1 }
        heldBySlow += lanes.values[place].heldAsSlow - heldAsSlow
        guard !lanes.values[place].isPaused else { return }
        if lanes.values[place].isOwed {
            lanes.values[place].isOwed = false
            announce(key)
        } else if lanes.values[place].hasMore {
            enqueue(key)
        }
    }

    private mutating func enqueue(_ key: Int32) {
        let lane = lanes[key, default: Lane()]
        if lane.isQueued { return }
        if !lane.isBulk {
            lanes[key, default: Lane()].isQueued = true
            queue.append(key)
        } else if !lane.isQueuedAsBulk {
            lanes[key]?.isQueuedAsBulk = true
            bulkQueue.append(key)
        }
    }

    /// A second before the head: what commits later with an earlier time is found by the next look through the queue.
    private static func mark(before head: Timestamp) -> Timestamp {
        head.advanced(by: .seconds(-1))
    }

    private mutating func forgetIdleLanes() {
        guard lanes.count > 20_000 else { return }
        lanes = lanes.filter { entry in
            entry.value.isQueued || entry.value.isQueuedAsBulk || entry.value.isAnnounced
                || entry.value.isPaused
                || !entry.value.starts.isEmpty
        }
    }
}

/// How a delivery left its lane, for the lane's pace.
package enum LaneEnding: Sendable, Hashable {
    /// The RP answered in time.
    case answered
    /// It did not.
    case timedOut
    /// It was not asked, or could not be reached.
    case other
}
