import AuditTrail
import LastcallSQL
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Synchronization
import Testing

@Suite("Sealing anew", .lastcallDatabase)
struct ResealTests {
    static let old: [UInt8] = [9, 9, 9, 9, 9, 9, 9, 9]
    static let new: [UInt8] = [7, 7, 7, 7, 7, 7, 7, 7]
    static let hexNew = "0707070707070707"

    /// Something of the shape of a seal: the version, the key's id, and what stands for the rest.
    static func seal(_ id: [UInt8], _ rest: String) -> [UInt8] { [1] + id + Array(rest.utf8) }

    /// What a real ring would do: another id over the same secret; one is lost.
    @Sendable static func resealed(_ stored: StoredSeal) -> [UInt8]? {
        let rest = String(decoding: stored.bytes.dropFirst(9), as: UTF8.self)
        return rest == "lost" ? nil : seal(new, rest)
    }

    private func addKey(_ bench: Workbench, _ kid: String, _ seal: [UInt8], of name: String = "acme")
        async throws
    {
        let key = NewSigningKey(kid: kid, alg: "RS256", publicJWK: "{}", sealedPrivateKey: seal)
        _ = try await bench.store.addSigningKey(
            key,
            ofIssuerNamed: name,
            note: AuditNote(.signingKeyCreated, actor: "test")
        )
    }

    private func addWebhook(_ bench: Workbench, _ seal: [UInt8]) async throws {
        let settings = Issuer.Settings(
            issuer: "https://acme.example",
            sessionDurability: .durable,
            sessionExpiry: .ignore,
            delivery: "{}",
            retentionDays: 30,
            completionWebhookURL: "https://op.example/hook"
        )
        _ = try await bench.store.putIssuer(
            named: "acme",
            settings,
            webhook: WebhookTerms(sealedSecret: seal, deliverWithinSeconds: 60)
        ) { _ in AuditNote(.issuerChanged, actor: "test") }
    }

    private func resealAll(_ bench: Workbench) async throws -> (keys: Int, secrets: Int, unopened: Int) {
        try await Self.resealAll(bench.store)
    }

    private static func resealAll(
        _ store: OutboxStore
    ) async throws -> (keys: Int, secrets: Int, unopened: Int) {
        var (keys, secrets, unopened) = (0, 0, 0)
        var position = ResealPosition.beginning
        while !position.isEnd {
            let step = try await store.reseal(after: position, under: new, actor: "test", resealed)
            keys += step.signingKeys
            secrets += step.webhookSecrets
            unopened += step.unopened
            position = step.next
        }
        return (keys, secrets, unopened)
    }

    @Test("every private key and webhook secret of every issuer is sealed anew, once, and it is told")
    func everything() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        let count = OutboxStore.maximumResealedAtOnce + 3
        for number in 1...count { try await addKey(bench, "k\(number)", Self.seal(Self.old, "s\(number)")) }
        try await addKey(bench, "current", Self.seal(Self.new, "kept"))
        try await addKey(bench, "k", Self.seal(Self.old, "theirs"), of: "other")
        try await addWebhook(bench, Self.seal(Self.old, "hook"))
        #expect(
            try await bench.store.sealCounts() == [
                SealCount(keyID: Self.new, signingKeys: 1, webhookSecrets: 0, authorizationHeaders: 0),
                SealCount(
                    keyID: Self.old,
                    signingKeys: count + 1,
                    webhookSecrets: 1,
                    authorizationHeaders: 0
                ),
            ]
        )
        let versions = "select version::text from lastcall.issuers order by issuer_key"
        let before = try bench.texts(versions)
        let done = try await resealAll(bench)
        #expect(done.keys == count + 1 && done.secrets == 1 && done.unopened == 0)
        #expect(
            try await bench.store.sealCounts() == [
                SealCount(keyID: Self.new, signingKeys: count + 2, webhookSecrets: 1, authorizationHeaders: 0)
            ]
        )
        let again = try await resealAll(bench)
        #expect(again.keys == 0 && again.secrets == 0)
        // The keys are the same, so nobody has to read anything again.
        #expect(try bench.texts(versions) == before)
        let told = try bench.texts(
            """
            select issuer_key || ' ' || sum((data ->> 'resealed_signing_keys')::int) from lastcall.audit_events
            where type = 'issuer.changed' and data ->> 'key_encryption_key_id' = '\(Self.hexNew)'
                and data ? 'resealed_signing_keys' group by issuer_key order by issuer_key
            """
        )
        #expect(told == ["\(bench.issuer) \(count)", "\(other) 1"])
    }

    @Test("the header of a receiver is sealed anew for its client and its URL")
    func authorizationHeader() async throws {
        let bench = try await Workbench()
        let metadata = Client.Metadata(
            backchannelLogoutURI: "https://rp.example/events",
            backchannelLogoutSessionRequired: false,
            signedResponseAlg: "RS256",
            other: "{}",
            delivery: "{}",
            sharedSignals: SharedSignals()
        )
        let change = AuthorizationChange.replace(Self.seal(Self.old, "header"))
        _ = try await bench.store.putClient("rp", of: bench.issuer, metadata, authorization: change) { _ in
            AuditNote(.clientRegistered, clientID: "rp", actor: "test")
        }
        let seen = Mutex<[StoredSeal.Content]>([])
        var headers = 0
        var position = ResealPosition.beginning
        while !position.isEnd {
            let step = try await bench.store.reseal(after: position, under: Self.new, actor: "test") {
                stored in
                seen.withLock { $0.append(stored.content) }
                return Self.resealed(stored)
            }
            headers += step.authorizationHeaders
            #expect(step.webhookSecrets == 0)
            position = step.next
        }
        #expect(headers == 1)
        #expect(
            try bench.texts(
                "select data ->> 'resealed_authorization_headers' from lastcall.audit_events where data ? 'key_encryption_key_id'"
            ) == ["1"]
        )
        #expect(
            seen.withLock { $0 } == [.authorizationHeader(clientID: "rp", url: "https://rp.example/events")]
        )
        #expect(
            try await bench.store.sealCounts() == [
                SealCount(keyID: Self.new, signingKeys: 0, webhookSecrets: 0, authorizationHeaders: 1)
            ]
        )
    }

    @Test("what cannot be opened stays as it is, and holds up nothing")
    func lost() async throws {
        let bench = try await Workbench()
        try await addKey(bench, "a", Self.seal(Self.old, "lost"))
        try await addKey(bench, "b", Self.seal(Self.old, "fine"))
        let done = try await resealAll(bench)
        #expect(done.keys == 1 && done.unopened == 1)
        #expect(
            try bench.texts(
                "select kid from lastcall.signing_keys where position('\\x6c6f7374' in sealed_private_key) > 0"
            ) == ["a"]
        )
        #expect(
            try await bench.store.sealCounts() == [
                SealCount(keyID: Self.new, signingKeys: 1, webhookSecrets: 0, authorizationHeaders: 0),
                SealCount(keyID: Self.old, signingKeys: 1, webhookSecrets: 0, authorizationHeaders: 0),
            ]
        )
    }

    @Test("a row that somebody holds is passed over, and found by the next run")
    func locked() async throws {
        let bench = try await Workbench()
        for kid in ["a", "b"] { try await addKey(bench, kid, Self.seal(Self.old, kid)) }
        try bench.connection.execute(
            script: "begin; select from lastcall.signing_keys where kid = 'a' for update"
        )
        #expect(try await resealAll(bench).keys == 1)
        try bench.connection.execute(script: "commit")
        #expect(try await resealAll(bench).keys == 1)
        #expect(try await bench.store.sealCounts().map(\.keyID) == [Self.new])
    }

    @Test("a seal that is not the one that was read is never overwritten, whoever put it there")
    func changedSince() async throws {
        let bench = try await Workbench()
        let (read, there, late) = (
            Self.seal(Self.old, "s"), Self.seal(Self.new, "s"), Self.seal(Self.new, "late")
        )
        try await addKey(bench, "a", there)
        try await addWebhook(bench, there)
        let webhook = Int32(
            try bench.number("select client_key from lastcall.clients where sealed_secret is not null")
        )
        for (old, stored) in [(read, 0), (there, 1)] {
            let keys = try bench.rows(
                SQLText.reseal_keys_put.text,
                .int4Array([bench.issuer]),
                .textArray(["a"]),
                .byteaArray([old]),
                .byteaArray([late])
            )
            let secrets = try bench.rows(
                SQLText.reseal_secrets_put.text,
                .int4Array([webhook]),
                .byteaArray([old]),
                .byteaArray([late])
            )
            #expect(keys.count == stored && secrets.count == stored)
        }
    }

    @Test(
        "nobody can change a row between the reading of its seal and the writing of the new one",
        arguments: ["signing_keys", "clients"]
    )
    func heldMeanwhile(table: String) async throws {
        let bench = try await Workbench()
        var position = ResealPosition.beginning
        if table == "signing_keys" {
            try await addKey(bench, "a", Self.seal(Self.old, "s"))
        } else {
            try await addWebhook(bench, Self.seal(Self.old, "s"))
            let keys = try await bench.store.reseal(after: position, under: Self.new, actor: "test") { _ in
                nil
            }
            position = keys.next
        }
        let free = "select 1 from lastcall.\(table) for no key update skip locked"
        #expect(try bench.rows(free).count == 1)
        let database = try ScratchDatabase.current.configuration
        let found = Mutex<[Result<Int, any Error>]>([])
        let step = try await bench.store.reseal(after: position, under: Self.new, actor: "test") { stored in
            let rows = Result {
                let other = try PostgresConnection.connect(database)
                return try other.query(PostgresStatement(name: "free", text: free)).count
            }
            found.withLock { $0.append(rows) }
            return Self.resealed(stored)
        }
        #expect(step.signingKeys + step.webhookSecrets + step.authorizationHeaders == 1)
        #expect(try found.withLock { try $0.map { try $0.get() } } == [0])
    }

    @Test("runs beside each other and beside a rotation lose no key and seal none twice")
    func besideEachOther() async throws {
        let bench = try await Workbench()
        for number in 1...60 { try await addKey(bench, "k\(number)", Self.seal(Self.old, "s\(number)")) }
        let done = try await withThrowingTaskGroup(of: Int.self) { [store = bench.store] group in
            for _ in 1...3 { group.addTask { try await Self.resealAll(store).keys } }
            group.addTask {
                for number in 2...30 {
                    _ = try await store.activateSigningKey(
                        "k\(number)",
                        ofIssuerNamed: "acme",
                        note: AuditNote(.signingKeyActivated, actor: "test")
                    ) { _, _ in }
                }
                return 0
            }
            return try await group.reduce(0, +)
        }
        let last = try await resealAll(bench).keys
        #expect(done + last == 60)
        #expect(
            try await bench.store.sealCounts() == [
                SealCount(keyID: Self.new, signingKeys: 60, webhookSecrets: 0, authorizationHeaders: 0)
            ]
        )
        #expect(try bench.texts("select kid from lastcall.signing_keys where stage = 'active'") == ["k30"])
        let kept = try bench.texts(
            """
            select 'k' || right(encode(substring(sealed_private_key from 11), 'escape'), 3) from lastcall.signing_keys
            where encode(substring(sealed_private_key from 11), 'escape') <> substring(kid from 2)
            """
        )
        #expect(kept.isEmpty)
    }
}
