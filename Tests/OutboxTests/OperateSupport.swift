import FoundationEssentials
import LogoutModel
import Outbox
import PostgresClient
import Testing

extension Workbench {
    /// What rows say of an event: its status, the counts of its own row, and whether it has ended.
    func tally(_ event: LogoutEventID? = nil) throws -> [String] {
        let filter = event.map { "where event_id = '\($0.text)'" } ?? ""
        return try texts(
            """
            select concat_ws(' ', status, open_count, delivered, failed, expired, cancelled, not_covered, end_count,
                ended_at is not null) from lastcall.logout_events \(filter) order by event_id
            """
        )
    }

    /// An event with one delivery for each of these ends, each by a client of its own: `rp1`, `rp2`, ...
    func ended(_ ends: [Settlement], outcome: AttemptOutcome = .serverError) async throws -> AcceptedEvent {
        var targets: [LogoutTarget] = []
        var lanes: [Int32] = []
        for number in 1...ends.count {
            lanes.append(try await putClient("rp\(number)"))
            targets.append(LogoutTarget(clientID: "rp\(number)", sub: "u", sid: "s\(number)"))
        }
        let event = try await accept(targets)
        for (lane, end) in zip(lanes, ends) {
            let claimed = try #require(try await claim(lane).first)
            try await settle(claimed, end, outcome, status: 500)
        }
        return event
    }

    /// An event whose deliveries for one client have all failed.
    func failed(_ count: Int, for clientID: String = "rp") async throws -> AcceptedEvent {
        let lane = try await putClient(clientID)
        let event = try await accept(count, for: clientID)
        for _ in 0..<(count + 999) / 1_000 {
            let claimed = try await claim(lane, quota: 1_000)
            let batch = claimed.map { $0.settled(.ended(.rejected, []), .rejected, status: 400) }
            _ = try await store.settle(batch, worker: worker, now: .now)
        }
        return event
    }

    func redeliver(_ id: DeliveryID, force: Bool = false, within: Double? = nil) async throws
        -> (delivery: DeliveryRecord, lanes: [Int32])
    {
        try await store.redeliver(id, of: issuer, force: force, within: within)
    }

    func start(
        _ filter: RedeliveryFilter?,
        rate: Int = 10_000,
        isDryRun: Bool = false,
        within: Int? = nil
    ) async throws -> Redelivery {
        var request = RedeliveryRequest(try #require(filter), actor: "operator")
        request.ratePerSecond = rate
        request.isDryRun = isDryRun
        request.deliverWithinSeconds = within
        return try await store.startRedelivery(request, of: issuer)
    }

    func step() async throws -> OperationStep? {
        try await store.runOperationStep(usualDeliverWithin: 3_600)
    }

    /// Works operations off, as if the time until each next step had passed.
    func runOperations() async throws {
        repeat {
            try run("update lastcall.operations set due_at = now() where status = 'running'")
        } while try await step() != nil
    }

    func cancel(_ event: LogoutEventID) async throws {
        try await store.cancelEvent(event, of: issuer, actor: "operator")
    }
}

extension OutboxStore {
    func redeliver(_ id: DeliveryID, of issuer: Int32, force: Bool = false, within: Double? = nil)
        async throws
        -> (delivery: DeliveryRecord, lanes: [Int32])
    {
        try await redeliver(
            id,
            of: issuer,
            force: force,
            deliverWithin: within,
            usualDeliverWithin: 3_600,
            actor: "operator"
        )
    }
}
