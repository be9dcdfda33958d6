import DeliveryPolicy
import DeliveryWorker
import LogoutModel
import Outbox
import PostgresClient

/// A worker process: the product's decisions, driven by the virtual clock where `DeliveryWorker` has threads and tasks.
final class SimulatedWorker: SimulatedProcess {
    static let defaults = ClaimDefaults(
        leaseSeconds: 10,
        marginSeconds: 3,
        maxInFlight: 16,
        attemptTimeoutSeconds: 5
    )
    /// How far clocks may be apart before nothing is signed, as `WorkerSettings` says.
    private static let skewLimit = Duration.seconds(5)

    /// How far this machine's wall clock is ahead.
    var skew = Duration.zero

    // What a life has in memory.
    var key: Int32 = 0
    var schedule: LaneSchedule
    var breakers = BreakerBook()
    var clock = DatabaseClock()
    var waiting: [Entry] = []
    var isRecording = false
    private var wishes: [BreakerBook.Change] = []
    private var isChanging = false
    private var isClaiming = false
    private var clocksAgree = false
    private(set) var isDraining = false
    var tokens = 0

    /// An outcome that waits to be recorded.
    struct Entry {
        let settled: SettledDelivery
        let shipment: Shipment
        let ending: LaneEnding
    }

    override init(_ name: String, in fleet: SimulatedFleet) {
        schedule = LaneSchedule(slots: fleet.shape.slots)
        super.init(name, in: fleet)
    }

    override func begin() {
        schedule = LaneSchedule(slots: fleet.shape.slots)
        breakers = BreakerBook()
        clock = DatabaseClock()
        waiting = []
        wishes = []
        (isRecording, isChanging, isClaiming, clocksAgree, isDraining) = (false, false, false, false, false)
        register()
    }

    private func register() {
        fleet.call("register", from: self) { outbox, _ in
            outbox.registerWorker()
        } then: { [unowned self] result in
            guard case .success(let key) = result else { return after(200_000) { self.register() } }
            self.key = key
            keepHouse()
            lookThrough()
        }
    }

    /// Asked to stop: what is in flight ends, the rest goes back.
    func drain() {
        guard isUp, !isDraining else { return }
        fleet.note("\(name) drains")
        isDraining = true
        leave()
    }

    private func leave() {
        after(100_000) { [unowned self] in
            guard schedule.held == 0, waiting.isEmpty, !isRecording else { return leave() }
            kill()
        }
    }

    // MARK: Claiming

    /// Lanes have something due.
    func wake(_ lanes: [Int32]) {
        lanes.forEach { schedule.announce($0) }
        claim()
    }

    private func lookThrough() {
        fleet.call("lanes_due", from: self) { outbox, now in
            outbox.lanesDue(at: now)
        } then: { [unowned self] result in
            if case .success(let found) = result {
                for (lane, heads) in found { schedule.discovered(lane, heads: heads) }
            }
            claim()
            let interval = fleet.shape.pollInterval
            after(fleet.random.within(interval / 2...interval)) { self.lookThrough() }
        }
    }

    func claim() {
        guard !isClaiming, !isDraining, clocksAgree, !schedule.waitsForSlots(at: fleet.instant) else {
            return
        }
        let asked = schedule.next(at: fleet.instant)
        guard !asked.isEmpty else { return }
        isClaiming = true
        let claimedAt = fleet.instant
        let (limit, key, skew) = (schedule.free, key, skew)
        fleet.call("claim", from: self) { outbox, now in
            outbox.claim(asked, limit: limit, worker: key, defaults: Self.defaults, at: now, skew: skew)
        } done: { [unowned self] batch in
            fleet.watch.claimed(batch, by: self, fleet)
        } then: { [unowned self] result in
            isClaiming = false
            switch result {
            case .success(let batch):
                schedule.claimed(asked, batch, at: claimedAt)
                dispatch(batch.deliveries, claimedAt)
                claim()
            case .failure:
                schedule.claimed(asked, ClaimedBatch(), at: claimedAt)
                // The next look through the queue finds these lanes again.
                isClaiming = true
                after(fleet.random.within(50_000...250_000)) { [unowned self] in
                    isClaiming = false
                    claim()
                }
            }
        }
    }

    // MARK: Breakers

    func wish(_ change: BreakerBook.Change) {
        schedule.pause(change.lane)
        wishes.append(change)
        if !isChanging { changeBreaker() }
    }

    private func changeBreaker() {
        guard !wishes.isEmpty else {
            isChanging = false
            return
        }
        isChanging = true
        let change = wishes.removeFirst()
        switch change.verdict {
        case .none: changed(change, to: nil)
        case .open(let trips, _):
            let duration = Breaker.openDuration(trips: trips, draw: fleet.random.unit())
            fleet.call("open breaker", from: self) { outbox, now in
                outbox.openBreaker(of: change.lane, trips: trips, for: duration, at: now)
            } then: { [unowned self] result in
                if case .success(let opened) = result {
                    changed(change, to: change.verdict.trips(afterOpening: opened))
                } else {
                    changed(change, to: nil)
                }
            }
        case .close(let trips):
            fleet.call("close breaker", from: self) { outbox, now in
                outbox.closeBreaker(of: change.lane, trips: trips, replayRate: 1, at: now)
            } then: { [unowned self] result in
                guard case .success(let isClosed) = result else { return changed(change, to: nil) }
                let trips = change.verdict.trips(afterOpening: nil)
                guard isClosed else { return changed(change, to: trips) }
                fleet.call("rouse", from: self) { outbox, now in
                    outbox.rouse(at: now)
                } then: { [unowned self] _ in
                    changed(change, to: trips)
                }
            }
        }
    }

    private func changed(_ change: BreakerBook.Change, to trips: Int?) {
        breakers.changed(change.lane, to: trips)
        schedule.resume(change.lane)
        if trips == 0 { schedule.announce(change.lane) }
        changeBreaker()
        claim()
    }

    // MARK: Housekeeping

    private func keepHouse() {
        let wall = fleet.databaseTime.advanced(by: skew)
        fleet.call("clock", from: self) { _, now in
            now
        } then: { [unowned self] result in
            if case .success(let database) = result {
                clock.set(database, at: fleet.instant)
                clocksAgree = DatabaseClock.agrees(database, with: wall, within: Self.skewLimit)
                claim()
            }
            endOverdue()
        }
    }

    private func endOverdue() {
        let key = key
        fleet.call("end overdue", from: self) { (outbox, now) throws(PostgresError) in
            try outbox.endOverdue(worker: key, at: now)
        } then: { [unowned self] _ in
            fleet.call("rouse", from: self) { outbox, now in
                outbox.rouse(at: now)
            } then: { [unowned self] result in
                if case .success(let lane?) = result { wake([lane]) }
                after(fleet.random.within(800_000...1_200_000)) { [unowned self] in keepHouse() }
            }
        }
    }
}
