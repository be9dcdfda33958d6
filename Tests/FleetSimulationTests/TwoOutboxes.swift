import AuditTrail
import FleetSimulation
import FoundationEssentials
import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import PostgresClient
import Testing

/// The outbox on Postgres and the one in memory, asked the same things at the same virtual time.
struct TwoOutboxes {
    let store: OutboxStore
    var memory: MemoryOutbox
    var clock: VirtualClock
    let pool: PostgresPool
    let issuer: Int32
    let workers: [Int32]
    /// Claims that somebody may still settle, in time or late.
    var claims: [(claimed: ClaimedDelivery, worker: Int32)] = []
    var meanings: [(key: Int, meaning: LogoutMeaning)] = []
    var random: SimulationRandom
    var jti = 0
    /// What has happened at least once.
    var seen: Set<String> = []

    init(seed: UInt64) async throws {
        random = SimulationRandom(seed: seed)
        clock = try VirtualClock()
        pool = try PostgresPool(configuration: try ScratchDatabase.current.configuration, size: 2)
        store = OutboxStore(
            pool: pool,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            deadline: .seconds(30)
        )
        let settings = Issuer.Settings(
            issuer: "https://acme.example",
            sessionDurability: .durable,
            sessionExpiry: .ignore,
            delivery: "{}",
            retentionDays: 30
        )
        issuer = try await store.putIssuer(named: "acme", settings) { _ in
            AuditNote(.issuerChanged, actor: "test")
        }.issuer.key
        memory = MemoryOutbox(issuer: issuer)
        var workers: [Int32] = []
        for name in ["first", "second"] { workers.append(try await store.registerWorker(named: name)) }
        self.workers = workers
        try await addClients()
    }

    private mutating func addClients() async throws {
        let tables: [(uri: Bool, session: Bool, delivery: String)] = [
            (true, false, "{}"), (true, false, #"{"max_in_flight": 1}"#),
            (true, false, #"{"max_in_flight": 3, "attempt_timeout_seconds": 20}"#),
            (true, true, #"{"max_in_flight": 2, "deliver_within_seconds": 20}"#), (false, false, "{}"),
        ]
        for (index, table) in tables.enumerated() {
            let metadata = Client.Metadata(
                backchannelLogoutURI: table.uri ? "https://rp.example/logout" : nil,
                backchannelLogoutSessionRequired: table.session,
                signedResponseAlg: "RS256",
                other: "{}",
                delivery: table.delivery
            )
            let name = "rp-\(index + 1)"
            let put = try await store.putClient(name, of: issuer, metadata) { _ in
                AuditNote(.clientRegistered, clientID: name, actor: "test")
            }
            var client = MemoryClient(key: put.client.key, clientID: name)
            client.hasURI = table.uri
            client.sessionRequired = table.session
            client.maxInFlight = [nil, 1, 3, 2, nil][index]
            client.attemptTimeoutSeconds = index == 2 ? 20 : nil
            client.deliverWithinSeconds = index == 3 ? 20 : nil
            memory.add(client)
        }
    }

    /// Compares every row.
    func compare(_ step: String) throws {
        let pairs: [(String, String, [String])] = [
            ("queue", OutboxLines.queue, OutboxLines.queue(of: memory)),
            ("ends", OutboxLines.ends, OutboxLines.ends(of: memory)),
            ("attempts", OutboxLines.attempts, OutboxLines.attempts(of: memory)),
            ("events", OutboxLines.events, OutboxLines.events(of: memory)),
            ("clients", OutboxLines.clients, OutboxLines.clients(of: memory)),
            ("audit", OutboxLines.audit, OutboxLines.audit(of: memory)),
        ]
        for (name, query, mine) in pairs {
            let theirs = try clock.lines(name, query)
            guard theirs != mine else { continue }
            let onlyTheirs = theirs.filter { !mine.contains($0) }
            let onlyMine = mine.filter { !theirs.contains($0) }
            Issue.record("\(name) differ after \(step)\n Postgres: \(onlyTheirs)\n memory:   \(onlyMine)")
            throw Difference()
        }
    }

    /// Compares two answers.
    func agree<Answer: Equatable>(_ step: String, _ theirs: Answer, _ mine: Answer) throws {
        guard theirs != mine else { return }
        Issue.record("answers differ at \(step)\n Postgres: \(theirs)\n memory:   \(mine)")
        throw Difference()
    }

    struct Difference: Error {}
}
