import AuditTrail
import DeliveryWorker
import FoundationEssentials
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import Testing

@Suite("Encrypted logout tokens", .lastcallDatabase, .serialized)
struct EncryptionTests {
    /// Every alg once with a key that fits it, among them all kinds of keys.
    static let kinds: [(KeyManagementAlgorithm, ClientKeyPair.Kind)] = [
        (.rsaOAEP, .rsa), (.rsaOAEP256, .rsa), (.ecdhES, .p256), (.ecdhESA128KW, .p384),
        (.ecdhESA256KW, .p521),
        (.ecdhES, .x25519),
    ]

    @Test(
        "a client that registered a key gets every token encrypted for it, whatever alg and enc; others get it signed"
    )
    func everyPair() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            var wanted: [(id: String, enc: ContentEncryption, pair: ClientKeyPair)] = []
            for (alg, kind) in Self.kinds {
                for enc in ContentEncryption.allCases {
                    let pair = try ClientKeyPair(kind, kid: "k-\(kind.rawValue)")
                    let id = "\(alg.rawValue).\(kind.rawValue).\(enc.rawValue)"
                    try await bench.addClient(
                        id,
                        uri: rp.uri("/\(id)"),
                        other: Bench.encrypted(alg, enc: enc, #""jwks": \#(pair.jwks())"#)
                    )
                    wanted.append((id, enc, pair))
                }
            }
            try await bench.addClient(
                "clear",
                uri: rp.uri("/clear"),
                other: #"{"jwks": \#(wanted[0].pair.jwks())}"#
            )
            let ids = wanted.map(\.id) + ["clear"]
            let event = try await bench.logout(
                ids.map { LogoutTarget(clientID: $0, sub: "alice", sid: "s-1") }
            )
            try await bench.withWorker { _ in
                let end1 = try await bench.end(of: event)
                #expect(end1.event.status == .completed)
            }
            for (id, enc, pair) in wanted {
                let requests = rp.received.filter { $0.target == "/\(id)" }
                let told = try #require(try await bench.decrypted(requests, with: pair, aud: id).first)
                #expect(told.token.enc == enc.rawValue && told.token.kid == pair.kid)
                #expect(told.token.iss == Bench.iss && id.hasPrefix(told.token.alg))
                #expect(told.claims.sub == "alice" && told.claims.sid == "s-1")
            }
            let clear = try await bench.verified(rp.received.filter { $0.target == "/clear" }, aud: "clear")
            #expect(clear.count == 1)
        }
    }

    @Test("the attempt's kid is the key that signed, and each attempt is encrypted anew")
    func attempts() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            rp.script(.status(503))
            let pair = try ClientKeyPair(.p256, kid: "client-key")
            try await bench.addClient(
                uri: rp.uri(),
                other: Bench.encrypted(.ecdhES, #""jwks": \#(pair.jwks())"#)
            )
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                let told = try await bench.decrypted(rp.received, with: pair)
                #expect(try end.attempts.map { $0.jti?.lowercased } == told.map(\.claims.jti))
                #expect(try end.attempts.map(\.kid) == told.map(\.claims.kid))
                #expect(Set(told.map { $0.token.epk?["x"] }).count == 2)
                #expect(!told.map(\.claims.kid).contains("client-key"))
            }
        }
    }

    /// What stands in the database although no registration would have let it in.
    static let unusable = [
        #"{"id_token_encrypted_response_alg": "RSA1_5", "id_token_encrypted_response_enc": "A128GCM", "jwks": {"keys": []}}"#,
        #"{"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A192GCM", "jwks": {"keys": []}}"#,
        #"{"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A128GCM", "jwks": {"keys": []}}"#,
        #"{"id_token_encrypted_response_alg": "RSA-OAEP", "id_token_encrypted_response_enc": "A128GCM"}"#,
        #"{"id_token_encrypted_response_alg": 1}"#,
    ]

    @Test("a token that cannot be encrypted is never sent in the clear", arguments: unusable)
    func neverClear(other: String) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(
                uri: rp.uri(),
                other: other,
                delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": 2}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.attempts.map(\.outcome) == ["signing_failed", "signing_failed"])
                #expect(
                    try end.attempts.map(\.error) == ["client_keys_unavailable", "client_keys_unavailable"]
                )
                #expect(try end.attempts.first?.errorDescription?.isEmpty == false)
                #expect(rp.connections == 0)
            }
        }
    }

    @Test("a probe is encrypted too")
    func probe() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            let pair = try ClientKeyPair(.rsa)
            let keys = #"{"keys": [\#(pair.jwk())]}"#
            rp.script(.status(200, body: keys), path: "/jwks")
            try await bench.addClient(
                uri: rp.uri("/logout"),
                other: Bench.encrypted(.rsaOAEP256, enc: .a256GCM, #""jwks_uri": "\#(rp.uri("/jwks"))""#)
            )
            let asked = try await bench.store.askForProbe(
                of: "rp",
                issuer: bench.issuer,
                actor: "test",
                usualTimeout: 5,
                patience: 60
            )
            let probe = try #require(asked).id
            try await bench.withWorker { _ in
                let result = try await eventually("a probe's result") { () -> ProbeResult? in
                    if case .finished(let result)? = try await bench.store.probe(probe, of: bench.issuer) {
                        result
                    } else {
                        nil
                    }
                }
                #expect(result.outcome == .delivered)
            }
            let told = try await bench.decrypted(rp.received.filter { $0.method == "POST" }, with: pair)
            #expect(told.count == 1)
        }
    }
}
