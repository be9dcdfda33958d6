import AuditTrail
import DeliveryPolicy
import DeliveryWorker
import FoundationEssentials
import LastcallTestKit
import Logging
import LogoutModel
import LogoutTokens
import Outbox
import PostgresClient
import RelyingPartyClient
import ServiceLifecycle
import Testing

/// What the suites share: an issuer in the test's database, clients to register, logouts to report, workers to run.
struct Bench: Sendable {
    /// A policy under which a test need not wait.
    static let quick = #"{"retry_waits_seconds": [0.01]}"#
    static let iss = "https://op.example.com"
    static let name = "op"

    let pool: PostgresPool
    let store: OutboxStore
    let issuer: Int32
    let encryptionKey: KeyEncryptionKey
    var logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a test on a fresh issuer with a key of an algorithm, in the test's own database unless told.
    static func run(
        alg: SignatureAlgorithm? = .es256,
        on database: PostgresConfiguration? = nil,
        _ body: (Bench) async throws -> Void
    ) async throws {
        let configuration = try database ?? ScratchDatabase.current.configuration
        let pool = try PostgresPool(configuration: configuration, size: 6)
        do {
            let bench = try await Bench(pool)
            if let alg { try await bench.addKey(alg) }
            try await body(bench)
        } catch {
            await pool.shutdown()
            throw error
        }
        await pool.shutdown()
    }

    private init(_ pool: PostgresPool) async throws {
        self.pool = pool
        store = OutboxStore(pool: pool, logger: logger, deadline: .seconds(20))
        encryptionKey = try KeyEncryptionKey(base64: Data(repeating: 7, count: 32).base64EncodedString())
        let settings = Issuer.Settings(
            issuer: Self.iss,
            sessionDurability: .durable,
            sessionExpiry: .ignore,
            delivery: "{}",
            retentionDays: 30
        )
        let made = try await store.putIssuer(named: Self.name, settings) { _ in
            AuditNote(.issuerChanged, actor: "test")
        }
        issuer = made.issuer.key
    }

    // MARK: What there is

    @discardableResult
    func addKey(_ alg: SignatureAlgorithm, kid: String? = nil) async throws -> SigningKey {
        let key = try SigningKey(PrivateKey.generate(for: alg), kid: kid)
        let sealed = try SealedKey(sealing: key, issuerID: Array(Self.name.utf8), under: encryptionKey)
        let new = NewSigningKey(
            kid: key.kid,
            alg: alg.rawValue,
            publicJWK: String(decoding: key.publicJWK.json, as: UTF8.self),
            sealedPrivateKey: sealed.sealed.bytes
        )
        _ = try await store.addSigningKey(
            new,
            ofIssuerNamed: Self.name,
            note: AuditNote(.signingKeyCreated, actor: "test")
        )
        return key
    }

    /// Registers a key whose private part the OP's own signer holds.
    func addRemoteKey(_ key: SigningKey, named name: String) async throws {
        let new = NewSigningKey(
            kid: key.kid,
            alg: key.algorithm.rawValue,
            publicJWK: String(decoding: key.publicJWK.json, as: UTF8.self),
            heldBy: .remote,
            keyReference: name
        )
        _ = try await store.addSigningKey(
            new,
            ofIssuerNamed: Self.name,
            note: AuditNote(.signingKeyCreated, actor: "test")
        )
    }

    /// Registers a client, or replaces it.
    @discardableResult
    func addClient(
        _ clientID: String = "rp",
        uri: String?,
        alg: SignatureAlgorithm = .es256,
        sessionRequired: Bool = false,
        other: String = "{}",
        delivery: String = quick
    ) async throws -> Client {
        let metadata = Client.Metadata(
            backchannelLogoutURI: uri,
            backchannelLogoutSessionRequired: sessionRequired,
            signedResponseAlg: alg.rawValue,
            other: other,
            delivery: delivery
        )
        return try await store.putClient(clientID, of: issuer, metadata) { _ in
            AuditNote(.clientRegistered, clientID: clientID, actor: "test")
        }.client
    }

    /// Reports a logout.
    func logout(_ targets: [LogoutTarget], within seconds: Double? = nil) async throws -> AcceptedEvent {
        var request = LogoutEventRequest(issuerKey: issuer, scope: .targets(targets), actor: "test")
        request.deadline = seconds.map { .within(seconds: $0) }
        let answer = try await store.accept([request], usualDeliverWithin: 86_400)
        guard case .fresh(let event)? = answer.first else { throw Unexpected(what: "\(answer)") }
        return event
    }

    /// Reports a logout of one or several sessions at one client.
    func logout(_ clientID: String = "rp", sessions: Int = 1, within seconds: Double? = nil) async throws
        -> AcceptedEvent
    {
        let targets = (1...sessions).map { LogoutTarget(clientID: clientID, sub: "alice", sid: "s-\($0)") }
        return try await logout(targets, within: seconds)
    }

    static func relyingParty(
        _ transport: ScriptedRelyingParty.Transport = .tls,
        standing: ScriptedStep = .ok
    ) throws -> ScriptedRelyingParty {
        try ScriptedRelyingParty(
            authority: try TestAuthority.shared().authority,
            transport: transport,
            standing: standing
        )
    }

    // MARK: Workers

    /// Runs a worker around a test, and stops it as an operator does.
    func withWorker(
        configure: (inout WorkerSettings, inout ClientConfiguration) -> Void = { _, _ in },
        remoteSigner: RemoteSigner? = nil,
        _ body: (DeliveryWorker) async throws -> Void
    ) async throws {
        var settings = WorkerSettings(
            name: "test",
            addressRule: AddressRule(allowLoopback: true),
            keyEncryptionKey: encryptionKey
        )
        settings.pollInterval = .milliseconds(20)
        settings.drain = .zero
        var configuration = ClientConfiguration(userAgent: "Lastcall/0.0.1")
        configuration.caFile = try TestAuthority.shared().caFile
        configure(&settings, &configuration)
        let worker = DeliveryWorker(
            settings: settings,
            store: store,
            client: try RelyingPartyClient(configuration),
            remoteSigner: remoteSigner,
            logger: logger
        )
        let group = ServiceGroup(configuration: .init(services: [.init(service: worker)], logger: logger))
        async let running: Void = group.run()
        do {
            try await body(worker)
            await group.triggerGracefulShutdown()
            try await running
        } catch {
            await group.triggerGracefulShutdown()
            try? await running
            throw error
        }
    }

    // MARK: What became of it

    func event(_ event: AcceptedEvent) async throws -> LogoutEvent {
        try #require(try await store.event(event.event.id, of: issuer)).event
    }

    /// The event and its deliveries with their attempts, once it has ended.
    func end(of accepted: AcceptedEvent) async throws -> EndedEvent {
        let event = try await eventually("the end of an event") {
            let event = try await self.event(accepted)
            return event.endedAt == nil ? nil : event
        }
        var deliveries: [(delivery: DeliveryRecord, attempts: [AttemptRecord])] = []
        for ordinal in 1...max(1, event.matched) where event.matched > 0 {
            deliveries.append(try await delivery(accepted, ordinal))
        }
        return EndedEvent(event: event, deliveries: deliveries)
    }

    /// One delivery of an event as it stands.
    func delivery(_ accepted: AcceptedEvent, _ ordinal: Int = 1) async throws
        -> (delivery: DeliveryRecord, attempts: [AttemptRecord])
    {
        try #require(try await store.delivery(accepted.event.id.delivery(ordinal), of: issuer))
    }

    /// A delivery once it has been tried and waits.
    func retrying(_ accepted: AcceptedEvent, attempts: Int = 1) async throws
        -> (delivery: DeliveryRecord, attempts: [AttemptRecord])
    {
        try await eventually("a delivery that waits after \(attempts) attempts") {
            let found = try await self.delivery(accepted)
            return found.delivery.status == "retrying" && found.attempts.count >= attempts ? found : nil
        }
    }

    /// What the audit trail says of an event and its deliveries, oldest first.
    func audit(_ accepted: AcceptedEvent) async throws -> [AuditRecord] {
        var filter = AuditFilter()
        filter.limit(to: accepted.event.id)
        return try await store.auditEvents(filter, in: IDWindow(limit: 1_000), of: issuer)
    }

    /// Checks requests as the strictest RP would; returns what their tokens say.
    func verified(_ requests: [ReceivedRequest], aud: String = "rp") async throws
        -> [LogoutTokenVerifier.Claims]
    {
        let keys = try await store.signingKeys(of: issuer)
        let jwks = Array(#"{"keys":[\#(keys.map(\.publicJWK).joined(separator: ","))]}"#.utf8)
        let verifier = try LogoutTokenVerifier(jwks: jwks, iss: Self.iss)
        return try requests.map { request in
            let token = try LogoutRequestVerifier.token(
                method: request.method,
                headers: request.headers.map { ($0.name, $0.value) },
                body: request.body
            )
            return try verifier.verify(token, aud: aud, now: Int64(Date().timeIntervalSince1970) + 1)
        }
    }

    /// Runs a statement in the test's database.
    func execute(_ script: String) async throws {
        try await pool.withConnection(deadline: .seconds(20)) { try $0.execute(script: script) }
    }

    /// One number from the test's database.
    func count(_ query: String) async throws -> Int {
        try await pool.withConnection(deadline: .seconds(20)) { connection in
            let statement = PostgresStatement(name: query, text: query, access: .readOnly)
            return Int(try #require(connection.query(statement).first).int8(0))
        }
    }
}

/// An event that has ended, with everything about its deliveries.
struct EndedEvent {
    let event: LogoutEvent
    let deliveries: [(delivery: DeliveryRecord, attempts: [AttemptRecord])]

    /// Its first delivery.
    var delivery: DeliveryRecord { get throws { try #require(deliveries.first).delivery } }
    /// The attempts of its first delivery.
    var attempts: [AttemptRecord] { get throws { try #require(deliveries.first).attempts } }
}

/// Something that no healthy test meets.
struct Unexpected: Error {
    let what: String
}

extension ScriptedStep {
    /// Seconds for an attempt at an RP that does this: few only where nothing else ends it.
    var timeout: Double { if case .hang = self { 1 } else { 60 } }
}
