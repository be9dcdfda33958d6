import AuditTrail
import DeliveryPolicy
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient
import Testing

extension Bench {
    /// Gives the issuer rules on where its requests may go, and a completion webhook.
    func setEgress(_ egress: String, webhook: String? = nil) async throws {
        let settings = Issuer.Settings(
            issuer: Self.iss,
            sessionDurability: .durable,
            sessionExpiry: .ignore,
            delivery: "{}",
            egress: egress,
            retentionDays: 30,
            completionWebhookURL: webhook
        )
        let secret = try #require(WebhookSecret(Self.secret))
        let sealed = try secret.sealed(issuerID: Array(Self.name.utf8), under: encryptionKey).bytes
        let terms = WebhookTerms(sealedSecret: sealed, deliverWithinSeconds: 3_600)
        _ = try await store.putIssuer(named: Self.name, settings, webhook: terms) { _ in
            AuditNote(.issuerChanged, actor: "test")
        }
    }

    fileprivate func ended(_ event: AcceptedEvent, as reason: String?) async throws -> EndedEvent {
        let end = try await end(of: event)
        #expect(try end.delivery.status == (reason == nil ? "delivered" : "failed"))
        #expect(try end.delivery.reason == reason)
        return end
    }
}

@Suite("Where an issuer's requests may go", .lastcallDatabase)
struct EgressTests {
    @Test(
        "a forbidden host or port ends the delivery without a signature and without a connection",
        arguments: [
            #"{"deny_hosts": ["127.0.0.1"]}"#, #"{"allow_hosts": ["rp.example.com", "*.rp.example.com"]}"#,
            #"{"deny_ports": [PORT]}"#, #"{"allow_ports": [443]}"#, #"{"deny_cidrs": ["127.0.0.1/32"]}"#,
            #"{"allow_hosts": ["127.0.0.1"], "deny_ports": [PORT], "allow_cidrs": ["127.0.0.0/8"]}"#,
        ]
    )
    func forbidden(egress: String) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.setEgress(egress.replacing("PORT", with: "\(rp.port)"))
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let attempt = try #require(try await bench.ended(event, as: "blocked_address").attempts.first)
                #expect(attempt.outcome == "blocked_address" && attempt.number == 1)
                #expect(attempt.jti == nil && attempt.kid == nil && attempt.remoteAddress == nil)
            }
            #expect(rp.connections == 0)
        }
    }

    @Test("a rule that changes holds from the next attempt on, also where a connection is open already")
    func changes() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri(host: "a.rp.test"))
            try await bench.withWorker { _, client in
                let address = IPAddress("127.0.0.1")
                client.lookup = client.lookup.overriding(["a.rp.test": [address].compactMap { $0 }])
            } _: { _ in
                _ = try await bench.ended(bench.logout(), as: nil)
                for closing in [
                    #"{"deny_cidrs": ["127.0.0.0/8"]}"#, #"{"deny_hosts": ["*.rp.test"]}"#,
                    #"{"deny_ports": [\#(rp.port)]}"#, #"{"deny_cidrs": ["::ffff:127.0.0.1"]}"#,
                ] {
                    try await bench.setEgress(closing)
                    _ = try await bench.ended(bench.logout(), as: "blocked_address")
                }
                #expect(rp.received.count == 1 && rp.connections == 1)
                try await bench.setEgress("{}")
                _ = try await bench.ended(bench.logout(), as: nil)
                #expect(rp.received.count == 2)
            }
        }
    }

    @Test("a rule that changes while a delivery waits for its retry stops the retry")
    func changesBetweenAttempts() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(503))
            try await bench.addClient(uri: rp.uri(), delivery: #"{"retry_waits_seconds": [1]}"#)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                _ = try await bench.retrying(event)
                try await bench.setEgress(#"{"deny_cidrs": ["127.0.0.0/8"]}"#)
                let end = try await bench.ended(event, as: "blocked_address")
                #expect(try end.attempts.map(\.outcome).last == "blocked_address")
                #expect(try end.attempts.count == rp.received.count + 1)
            }
        }
    }

    @Test("an opened block is open for this issuer and for no other, and nothing beside it is")
    func opened() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.setEgress(#"{"allow_cidrs": ["127.0.0.1/32"]}"#)
            let other = try await bench.addOtherIssuer(uri: rp.uri())
            try await bench.withWorker { settings, _ in
                settings.addressRule = AddressRule()
            } _: { _ in
                _ = try await bench.ended(bench.logout(), as: nil)
                let request = LogoutEventRequest(
                    issuerKey: other,
                    scope: .targets([LogoutTarget(clientID: "rp", sub: "alice", sid: "1")]),
                    actor: "test"
                )
                _ = try await bench.store.accept([request], usualDeliverWithin: 86_400)
                try await eventually("the other issuer's delivery") {
                    try await bench.count(
                        "select count(*) from lastcall.attempts where issuer_key = \(other) and outcome = 'blocked_address'"
                    ) == 1
                }
                try await bench.setEgress(#"{"allow_cidrs": ["127.0.0.2/31"]}"#)
                _ = try await bench.ended(bench.logout(), as: "blocked_address")
            }
            #expect(rp.received.count == 1)
        }
    }

    @Test("the installation's denies win over what an issuer allows, its allow lists are defaults")
    func installation() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.withWorker { settings, _ in
                settings.egress.allowPorts = [443]
                settings.egress.denyCIDRs = [AddressBlock("127.0.0.2/32")].compactMap { $0 }
            } _: { _ in
                _ = try await bench.ended(bench.logout(), as: "blocked_address")
                try await bench.setEgress(#"{"allow_ports": [\#(rp.port)]}"#)
                _ = try await bench.ended(bench.logout(), as: nil)
                try await bench.addClient(uri: rp.uri(host: "127.0.0.2"))
                try await bench.setEgress(
                    #"{"allow_ports": [\#(rp.port)], "allow_cidrs": ["127.0.0.0/8"], "allow_hosts": ["127.0.0.2"]}"#
                )
                _ = try await bench.ended(bench.logout(), as: "blocked_address")
            }
            #expect(rp.received.count == 1)
        }
    }

    @Test("probes and completion webhooks follow the same rule")
    func probesAndWebhooks() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.setEgress(#"{"deny_ports": [\#(rp.port)]}"#, webhook: rp.uri("/hook"))
            let event = try await bench.logout([])
            try await bench.withWorker { _ in
                #expect(try await bench.webhook(event, is: "failed").attempts == 1)
                let asked = try await bench.store.askForProbe(
                    of: "rp",
                    issuer: bench.issuer,
                    actor: "test",
                    usualTimeout: 5,
                    patience: 60
                )
                let id = try #require(asked).id
                let result: ProbeResult = try await eventually("a probe's result") {
                    if case .finished(let result)? = try await bench.store.probe(id, of: bench.issuer) {
                        result
                    } else {
                        nil
                    }
                }
                #expect(result.outcome == .blockedAddress && result.httpStatus == nil)
                try await bench.setEgress("{}", webhook: rp.uri("/hook"))
                #expect(try await bench.webhook(bench.logout([]), is: "delivered").attempts == 1)
            }
            #expect(rp.received.map(\.target) == ["/hook"])
        }
    }

    @Test(
        "what is stored and cannot be read closes everything",
        arguments: [
            #"update lastcall.issuers set egress = '{"deny_port": [1]}', version = version + 1"#,
            #"update lastcall.issuers set egress = '{"deny_cidrs": ["all"]}', version = version + 1"#,
            "update lastcall.issuers set egress = '[]', version = version + 1",
            "update lastcall.clients set backchannel_logout_uri = 'https://127.1:PORT/', version = version + 1",
            "update lastcall.clients set backchannel_logout_uri = 'https://2130706433:PORT/', version = version + 1",
        ]
    )
    func unreadable(change: String) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.execute(change.replacing("PORT", with: "\(rp.port)"))
            let event = try await bench.logout()
            try await bench.withWorker { _ in _ = try await bench.ended(event, as: "blocked_address") }
            #expect(rp.connections == 0)
        }
    }
}

extension Bench {
    /// A second issuer without rules of its own, with a key and a client `rp`; returns its key.
    fileprivate func addOtherIssuer(uri: String) async throws -> Int32 {
        let settings = Issuer.Settings(
            issuer: "https://other.example.com",
            sessionDurability: .durable,
            sessionExpiry: .ignore,
            delivery: "{}",
            retentionDays: 30
        )
        let issuer = try await store.putIssuer(named: "other", settings) { _ in
            AuditNote(.issuerChanged, actor: "test")
        }.issuer.key
        let key = try SigningKey(PrivateKey.generate(for: .es256), kid: nil)
        let sealed = try SealedKey(sealing: key, issuerID: Array("other".utf8), under: encryptionKey)
        let new = NewSigningKey(
            kid: key.kid,
            alg: "ES256",
            publicJWK: String(decoding: key.publicJWK.json, as: UTF8.self),
            sealedPrivateKey: sealed.sealed.bytes
        )
        _ = try await store.addSigningKey(
            new,
            ofIssuerNamed: "other",
            note: AuditNote(.signingKeyCreated, actor: "test")
        )
        let metadata = Client.Metadata(
            backchannelLogoutURI: uri,
            backchannelLogoutSessionRequired: false,
            signedResponseAlg: "ES256",
            other: "{}",
            delivery: Self.quick
        )
        _ = try await store.putClient("rp", of: issuer, metadata) { _ in
            AuditNote(.clientRegistered, clientID: "rp", actor: "test")
        }
        return issuer
    }
}
