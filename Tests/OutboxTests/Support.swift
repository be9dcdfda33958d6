import AuditTrail
import FoundationEssentials
import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import PostgresClient
import Testing

/// One issuer in this test's database, a store over a small pool, and a connection to look behind it.
struct Workbench {
    /// Generous, because a busy machine is no reason to fail.
    static let patience = Duration.seconds(30)

    let pool: PostgresPool
    let store: OutboxStore
    let connection: PostgresConnection
    let issuer: Int32
    let worker: Int32

    init(connections: Int = 4) async throws {
        pool = try Self.pool(connections)
        store = Self.store(pool)
        connection = try Self.connect()
        issuer = try await Self.putIssuer("acme", in: store)
        worker = try await store.registerWorker(named: "first")
    }

    static func pool(_ size: Int) throws -> PostgresPool {
        var configuration = try ScratchDatabase.current.configuration
        configuration.statementTimeout = patience
        configuration.lockTimeout = patience
        return try PostgresPool(configuration: configuration, size: size)
    }

    static func store(_ pool: PostgresPool) -> OutboxStore {
        OutboxStore(
            pool: pool,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            deadline: patience
        )
    }

    static func connect() throws -> PostgresConnection {
        var configuration = try ScratchDatabase.current.configuration
        configuration.idleInTransactionTimeout = patience
        configuration.lockTimeout = patience
        configuration.statementTimeout = patience
        return try PostgresConnection.connect(configuration)
    }

    @discardableResult
    static func putIssuer(
        _ name: String,
        in store: OutboxStore,
        durability: SessionDurability = .durable,
        delivery: String = "{}"
    ) async throws -> Int32 {
        let settings = Issuer.Settings(
            issuer: "https://\(name).example",
            sessionDurability: durability,
            sessionExpiry: .ignore,
            delivery: delivery,
            retentionDays: 30
        )
        return try await store.putIssuer(named: name, settings) { _ in
            AuditNote(.issuerChanged, actor: "test")
        }
        .issuer.key
    }

    /// Registers a client, or changes it; returns its lane.
    @discardableResult
    func putClient(
        _ clientID: String,
        of issuer: Int32? = nil,
        uri: String? = "https://rp.example/logout",
        needsSession: Bool = false,
        delivery: String = "{}"
    ) async throws -> Int32 {
        let metadata = Client.Metadata(
            backchannelLogoutURI: uri,
            backchannelLogoutSessionRequired: needsSession,
            signedResponseAlg: "RS256",
            other: "{}",
            delivery: delivery
        )
        return try await store.putClient(clientID, of: issuer ?? self.issuer, metadata) { _ in
            AuditNote(.clientRegistered, clientID: clientID, actor: "test")
        }.client.key
    }

    func deleteClient(_ clientID: String) async throws {
        try await store.deleteClient(
            clientID,
            of: issuer,
            note: AuditNote(.clientDeleted, clientID: clientID, actor: "test")
        )
    }

    func request(_ targets: [LogoutTarget], key: String? = nil, body: String = "body") -> LogoutEventRequest {
        var request = LogoutEventRequest(issuerKey: issuer, scope: .targets(targets), actor: "test")
        // Another body means something else.
        if body != "body" { request.initiatingClientID = body }
        request.idempotencyKeyHash = key.map(hash)
        return request
    }

    @discardableResult
    func accept(_ request: LogoutEventRequest) async throws -> Acceptance {
        let answers = try await store.acceptAll([request], within: 3_600)
        return try #require(answers.first)
    }

    /// Accepts an event with these targets.
    @discardableResult
    func accept(_ targets: [LogoutTarget]) async throws -> AcceptedEvent {
        let answer = try await accept(request(targets))
        return try #require(answer.accepted)
    }

    /// Accepts an event with so many deliveries for one client.
    @discardableResult
    func accept(_ count: Int, for clientID: String) async throws -> AcceptedEvent {
        try await accept((0..<count).map { .sid(clientID, "s\($0)") })
    }

    /// Claims from one lane.
    func claim(
        _ lane: Int32,
        quota: Int = 100,
        limit: Int = 1_000,
        lowWater: Timestamp = .beginning,
        worker: Int32? = nil
    ) async throws -> [ClaimedDelivery] {
        let lanes = [LaneClaim(client: lane, lowWater: lowWater, quota: quota)]
        return try await store.claim(lanes, limit: limit, worker: worker ?? self.worker, defaults: .usual)
            .deliveries
    }

    @discardableResult
    func settle(
        _ claimed: ClaimedDelivery,
        _ settlement: Settlement,
        _ outcome: AttemptOutcome?,
        status: Int? = nil,
        worker: Int32? = nil
    ) async throws -> SettledBatch {
        let batch = [claimed.settled(settlement, outcome, status: status)]
        let result = try await store.settle(batch, worker: worker ?? self.worker, now: .now)
        try await store.noteLate(result.fenced, of: batch)
        return result
    }

    /// Lets every lease that runs expire.
    func expireLeases() throws {
        try run(
            "update lastcall.delivery_queue set lease_until = now() - interval '1 s' where lease_until > now()"
        )
    }

    func run(_ script: String) throws { try connection.execute(script: script) }

    func rows(_ text: String, _ parameters: PostgresValue...) throws -> PostgresRows {
        try connection.query(PostgresStatement(name: text, text: text), parameters: parameters)
    }

    /// The first column of a query, as text.
    func texts(_ text: String) throws -> [String] {
        try rows("select x::text from (\(text)) t(x)").map { try $0.optionalText(0) ?? "null" }
    }

    func number(_ text: String) throws -> Int {
        try #require(try texts(text).first.flatMap { Int($0) })
    }

    /// The audit trail as `type severity`, oldest first, of events and deliveries only.
    func audit() throws -> [String] {
        try texts(
            """
            select type || ' ' || severity from lastcall.audit_events where subject_id is not null order by audit_id
            """
        )
    }

    /// Waits until so many sessions wait for a lock.
    func awaitBlocked(_ count: Int) async throws {
        try await eventually("\(count) blocked sessions") {
            try number(
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            ) == count
        }
    }
}

extension OutboxStore {
    /// Accepts a batch and asks again for the twins in it.
    func acceptAll(_ requests: [LogoutEventRequest], within seconds: Double = 60) async throws -> [Acceptance]
    {
        var answers = try await accept(requests, usualDeliverWithin: seconds)
        for _ in 0..<5 {
            let open = answers.indices.filter { answers[$0] == nil }
            if open.isEmpty { break }
            let again = try await accept(open.map { requests[$0] }, usualDeliverWithin: seconds)
            for (place, answer) in zip(open, again) { answers[place] = answer }
        }
        return answers.compactMap { $0 }
    }
}

/// Thirty-two bytes that stand for a text.
func hash(_ text: String) -> [UInt8] {
    Array((Array(text.utf8) + [UInt8](repeating: 0, count: 32)).prefix(32))
}

extension LogoutTarget {
    static func sid(_ clientID: String, _ sid: String) -> LogoutTarget {
        LogoutTarget(clientID: clientID, sub: nil, sid: sid)
    }

    static func sub(_ clientID: String, _ sub: String) -> LogoutTarget {
        LogoutTarget(clientID: clientID, sub: sub, sid: nil)
    }
}

extension Acceptance {
    var accepted: AcceptedEvent? { if case .fresh(let event) = self { event } else { nil } }
    var replayed: LogoutEventID? { if case .replay(let id) = self { id } else { nil } }

    /// What became of it in one word, to compare many.
    var word: String {
        switch self {
        case .fresh: "fresh"
        case .replay: "replay"
        case .conflict: "conflict"
        case .badDeadline: "badDeadline"
        case .noIssuer: "noIssuer"
        }
    }
}

extension ClaimDefaults {
    static let usual = ClaimDefaults(
        leaseSeconds: 10,
        marginSeconds: 3,
        maxInFlight: 1_000,
        attemptTimeoutSeconds: 5
    )
}

extension ClaimedDelivery {
    /// What became of this delivery; without an outcome nothing was sent.
    func settled(_ settlement: Settlement, _ outcome: AttemptOutcome?, status: Int? = nil) -> SettledDelivery
    {
        let report = outcome.map { outcome in
            var report = AttemptReport(
                outcome: outcome,
                startedAt: .now - .milliseconds(40),
                finishedAt: .now
            )
            report.httpStatus = status
            return report
        }
        return SettledDelivery(lease: lease, attempt: attempt, settlement: settlement, report: report)
    }
}

extension Timestamp {
    /// Before everything: `-infinity` in Postgres.
    static let beginning = Timestamp(microseconds: .min)
}

extension Workbench {
    /// Makes every insert into the audit trail fail, or not any more.
    func refuseAudit(_ isRefused: Bool = true) throws {
        try run(
            isRefused
                ? """
                create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
                create trigger refuse before insert on lastcall.audit_events for each row execute function refuse();
                """ : "drop trigger refuse on lastcall.audit_events; drop function refuse()"
        )
    }
}
