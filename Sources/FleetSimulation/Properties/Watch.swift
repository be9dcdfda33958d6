import DeliveryWorker
import FoundationEssentials
import LogoutModel
import Outbox
import PostgresClient

/// What must hold, watched at every step from outside: nothing here asks the outbox who has a right to what.
final class Watch {
    /// What is known of one delivery.
    struct Story {
        /// One POST.
        struct Post {
            let attempt: Int
            /// A crash of the server has undone its claim, so no attempt tells of it.
            var isUndone = false
        }

        /// Who has a right to it, from the claim to its record, by the database clock.
        var holder: (worker: Int32, number: Int32, until: Timestamp)?
        var posts: [Post] = []
        /// The server has lost a claim of it: one more attempt is the price.
        var hasLostClaim = false
        var end: MemoryDelivery.End?
        /// The RP has acted on it.
        var wasAccepted = false
        var isCancelled = false
    }

    /// Attempts after which another one may be made.
    static let retriable: Set<AttemptOutcome> = [
        .unknown, .timeout, .unreachable, .dnsFailure, .tlsFailure, .serverError, .rateLimited,
        .protocolError,
    ]
    /// How long the takeover of a lease that ran out may take, once faults have stopped: a look through the queue, and a
    /// claim behind a full one.
    static let takeoverBound = 5_000_000

    let shape: FleetShape
    private(set) var finding: Finding?
    private(set) var posts = 0
    private(set) var takeovers = 0
    private(set) var slowestTakeover = 0
    var stories: [Story] = []
    /// By caller: what it heard, and which events its call has made.
    var heard: [SimulatedCaller.Answer] = []
    var committed: [[Int]] = []
    private var tokens: Set<UUID> = []

    init(shape: FleetShape) {
        self.shape = shape
    }

    var isBroken: Bool { finding != nil }

    func expect(_ callers: Int) {
        heard = Array(repeating: .none, count: callers)
        committed = Array(repeating: [], count: callers)
    }

    func require(_ holds: Bool, _ property: String, _ detail: @autoclosure () -> String, _ place: Int?) {
        guard !holds, finding == nil else { return }
        finding = Finding(property: property, detail: detail(), delivery: place)
    }

    // MARK: Intake

    func decided(_ acceptance: MemoryAcceptance, _ caller: Int) {
        if case .fresh(let event, _) = acceptance { committed[caller].append(event) }
    }

    func heard(_ answer: SimulatedCaller.Answer, _ caller: Int) {
        heard[caller] = answer
    }

    // MARK: Rows

    /// After each call: what it wrote to deliveries that had ended.
    func saw(_ name: String, _ fleet: SimulatedFleet) {
        while stories.count < fleet.outbox.deliveries.count { stories.append(Story()) }
        for place in fleet.outbox.touched {
            let row = fleet.outbox.deliveries[place]
            if let end = stories[place].end {
                require(
                    row.end == end,
                    "an end never changes",
                    "\(end.status) became \(row.end.map { "\($0.status)" } ?? "open") by \(name)",
                    place
                )
            } else if let end = row.end {
                stories[place].end = end
                fleet.note("ends: \(end.status) \(end.reason?.rawValue ?? "")", of: place)
                require(
                    end.status != .delivered || stories[place].wasAccepted,
                    "what is delivered was accepted by its RP",
                    "it was not",
                    place
                )
            }
        }
    }

    func redelivered(_ place: Int) {
        stories[place].end = nil
        stories[place].posts = []
        stories[place].holder = nil
        stories[place].wasAccepted = false
        stories[place].isCancelled = false
    }

    func cancelled(_ event: Int, _ outbox: MemoryOutbox) {
        for place in outbox.events[event].deliveries where outbox.deliveries[place].end == nil {
            stories[place].isCancelled = true
        }
    }

    func accepted(_ place: Int?) {
        if let place { stories[place].wasAccepted = true }
    }

    func lostClaim(_ place: Int) {
        stories[place].hasLostClaim = true
        stories[place].holder = nil
        if let last = stories[place].posts.indices.last { stories[place].posts[last].isUndone = true }
    }

    // MARK: Claims

    func claimed(_ batch: ClaimedBatch, by worker: SimulatedWorker, _ fleet: SimulatedFleet) {
        let now = fleet.databaseTime
        for claimed in batch.deliveries {
            guard let place = fleet.outbox.place(of: claimed.lease.delivery) else { continue }
            fleet.note(
                "\(worker.name) claims it: lease \(claimed.lease.number), attempt \(claimed.attempt)",
                of: place
            )
            if let holder = stories[place].holder {
                require(
                    holder.until <= now,
                    "a lease that runs is nobody else's",
                    "worker \(holder.worker) had it",
                    place
                )
                tookOver(place, from: holder.until, claimed, fleet)
            }
            require(!stories[place].isCancelled, "what was cancelled is not claimed", "it was", place)
            stories[place].holder = (worker.key, claimed.lease.number, now.advanced(by: claimed.lease.length))
            if let client = fleet.outbox.client(claimed.clientKey) { admits(client, place, fleet) }
        }
    }

    private func admits(_ client: MemoryClient, _ place: Int, _ fleet: SimulatedFleet) {
        let now = fleet.databaseTime
        require(!client.isHeld, "a client on hold is not claimed from", client.clientID, place)
        require(
            client.breakerOpenUntil <= now,
            "an open breaker burns no attempt",
            "\(client.clientID) is open for another \(client.breakerOpenUntil.microseconds - now.microseconds) us",
            place
        )
        let running = fleet.outbox.open(in: client.key).count { open in
            stories[open].holder.map { $0.until > now } ?? false
        }
        // Soft, where rows commit late: they push what runs out of the window that is looked at.
        let most = shape.maxInFlight * (shape.hasLateCommits ? 3 : 1)
        require(running <= most, "max_in_flight is respected", "\(running) run, of at most \(most)", place)
    }

    private func tookOver(
        _ place: Int,
        from end: Timestamp,
        _ claimed: ClaimedDelivery,
        _ fleet: SimulatedFleet
    ) {
        takeovers += 1
        // What faults have begun may hold places of a client, and slots, until its own time is over; so may a breaker.
        let lease = Int64(claimed.lease.length / .microseconds(1))
        let timeout = Int64(shape.attemptTimeoutSeconds * 1_000_000)
        let quiet = SimulatedFleet.epoch + Int64(shape.storm) + lease + timeout
        let closed = fleet.outbox.client(claimed.clientKey)?.breakerClosedAt ?? .never
        guard claimed.breakerTrips == 0 else { return }
        let from = max(end.microseconds, quiet, closed.microseconds)
        let took = Int(fleet.databaseTime.microseconds - from)
        slowestTakeover = max(slowestTakeover, took)
        require(
            took <= Self.takeoverBound,
            "a lost lease is taken over soon",
            "after \(took / 1_000) ms",
            place
        )
    }

    // MARK: POSTs

    func sent(
        _ shipment: Shipment,
        _ jti: UUID,
        within timeout: Duration,
        by worker: SimulatedWorker,
        _ fleet: SimulatedFleet
    ) {
        posts += 1
        let claimed = shipment.claimed
        guard let place = fleet.outbox.place(of: claimed.lease.delivery) else { return }
        let (row, story, now) = (fleet.outbox.deliveries[place], stories[place], fleet.databaseTime)
        require(tokens.insert(jti).inserted, "no token is sent twice", "\(jti)", place)
        require(isAccepted(row.event), "nothing is sent for a refused request", "event \(row.event)", place)
        require(
            now < row.deliverBefore,
            "nothing is sent after its deadline",
            "attempt \(claimed.attempt)",
            place
        )
        for post in story.posts where !post.isUndone {
            let outcome = row.attempts.first { $0.number == post.attempt }?.outcome
            require(
                post.attempt < claimed.attempt && outcome.map(Self.retriable.contains) ?? false,
                "a second POST follows only an attempt that is known to be worth another",
                "attempt \(post.attempt) is \(outcome?.rawValue ?? "not recorded"), attempt \(claimed.attempt) is sent",
                place
            )
        }
        stories[place].posts.append(.init(attempt: claimed.attempt, isUndone: story.hasLostClaim))
        // Nobody can hold a worker to a claim that the server has forgotten.
        guard !story.hasLostClaim else { return }
        let isHolder =
            story.holder.map { holder in
                holder.worker == worker.key && holder.number == claimed.lease.number
                    && now.advanced(by: timeout) <= holder.until
            } ?? false
        require(
            isHolder,
            "an attempt begins and ends within its lease",
            "\(worker.name) sends under lease \(claimed.lease.number) for \(timeout)",
            place
        )
        require(
            claimed.attempt <= row.attemptCount,
            "an attempt is counted before it is sent",
            "\(row.attemptCount) are",
            place
        )
    }

    private func isAccepted(_ event: Int) -> Bool {
        committed.contains { $0.contains(event) }
    }

    // MARK: Records

    private var rowsBefore: [(place: Int, row: MemoryDelivery)] = []

    private func isHolder(_ place: Int, _ lease: Lease, _ worker: Int32) -> Bool {
        stories[place].holder.map { $0.worker == worker && $0.number == lease.number } ?? false
    }

    func willSettle(_ batch: [SettledDelivery], by worker: Int32, _ outbox: MemoryOutbox) {
        // One batch may hold what is late of a delivery and what is in time.
        let inTime = Set(
            batch.compactMap { settled in
                outbox.place(of: settled.lease.delivery).flatMap { place in
                    isHolder(place, settled.lease, worker) ? place : nil
                }
            }
        )
        rowsBefore = batch.compactMap { settled in
            guard let place = outbox.place(of: settled.lease.delivery), !stories[place].hasLostClaim,
                !inTime.contains(place)
            else { return nil }
            return (place, outbox.deliveries[place])
        }
    }

    func settled(_ batch: [SettledDelivery], by worker: Int32, _ fleet: SimulatedFleet) {
        for (place, row) in rowsBefore {
            require(
                fleet.outbox.deliveries[place] == row,
                "an outcome without its lease changes nothing",
                "worker \(worker) had lost it",
                place
            )
        }
        for settled in batch {
            guard let place = fleet.outbox.place(of: settled.lease.delivery) else { continue }
            fleet.note(
                "worker key \(worker) records lease \(settled.lease.number): \(settled.settlement)",
                of: place
            )
            if isHolder(place, settled.lease, worker) { stories[place].holder = nil }
        }
    }

    func released(_ lease: Lease, by worker: Int32, _ outbox: MemoryOutbox) {
        guard let place = outbox.place(of: lease.delivery), isHolder(place, lease, worker) else { return }
        stories[place].holder = nil
    }
}
