import DeliveryPolicy
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient
import Testing

@Suite("Keys at a jwks_uri", .lastcallDatabase, .serialized)
struct PublishedKeysTests {
    private static func other(_ uri: String) -> String {
        Bench.encrypted(.ecdhESA256KW, enc: .a256GCM, #""jwks_uri": "\#(uri)""#)
    }

    @Test("the keys are fetched once, before the first token, and serve all that follow")
    func once() async throws {
        try await Bench.run { bench in
            let pair = try ClientKeyPair(.x25519, kid: "published")
            let (rp, keys) = (
                try Bench.relyingParty(), try Bench.relyingParty(standing: .status(200, body: pair.jwks()))
            )
            try await bench.addClient(uri: rp.uri(), other: Self.other(keys.uri("/jwks.json")))
            let event = try await bench.logout(sessions: 40)
            try await bench.withWorker { _ in
                let end1 = try await bench.end(of: event)
                #expect(end1.event.status == .completed)
                let end2 = try await bench.end(of: bench.logout())
                #expect(end2.event.status == .completed)
            }
            #expect(keys.received.map(\.method) == ["GET"])
            #expect(keys.received.allSatisfy { $0.body.isEmpty })
            let told = try await bench.decrypted(rp.received, with: pair)
            #expect(told.count == 41 && told.allSatisfy { $0.token.kid == "published" })
        }
    }

    /// What a `jwks_uri` answers, and a part of what the attempt then says.
    static let failures: [(ScriptedStep, String)] = [
        (.status(404), "status 404"), (.status(500), "status 500"),
        (.redirect(to: "/elsewhere"), "status 302"),
        (.hang, "no answer in time"), (.closeAfterReading, "Empty reply"),
        (.status(200, body: "<html>"), "JSON"),
        (.status(200, body: #"{"keys": [], "keys": []}"#), "JSON"), (.status(200, body: "[]"), "JWK Set"),
        (.status(200, body: #"{"keys": []}"#), "No key"), (.hugeBody(chunked: true), "whole"),
    ]

    @Test("without keys nothing is sent, and the attempt says why", arguments: failures)
    func fails(step: ScriptedStep, reason: String) async throws {
        try await Bench.run { bench in
            let (rp, keys) = (try Bench.relyingParty(), try Bench.relyingParty(standing: step))
            try await bench.addClient(
                uri: rp.uri(),
                other: Self.other(keys.uri()),
                delivery:
                    #"{"retry_waits_seconds": [0.01], "max_attempts": 2, "attempt_timeout_seconds": \#(step.timeout)}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.attempts.map(\.outcome) == ["signing_failed", "signing_failed"])
                #expect(try end.attempts.allSatisfy { $0.error == "client_keys_unavailable" })
                let description = try end.attempts.first?.errorDescription ?? ""
                #expect(description.contains(reason), "\(description)")
            }
            #expect(rp.connections == 0)
            // The second attempt came too soon after the failure for another fetch.
            #expect(keys.received.count == 1)
        }
    }

    @Test("keys that the rules of the issuer close are not fetched")
    func blocked() async throws {
        try await Bench.run { bench in
            let (rp, keys) = (try Bench.relyingParty(), try Bench.relyingParty())
            try await bench.addClient(
                uri: rp.uri(),
                other: Self.other(keys.uri()),
                delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": 1}"#
            )
            try await bench.setEgress(#"{"deny_ports": [\#(keys.port)]}"#)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let attempts = try await bench.end(of: event).attempts
                #expect(attempts.map(\.outcome) == ["signing_failed"])
                #expect(attempts.first?.errorDescription == "jwks_uri: the URI may not be called")
            }
            #expect(rp.connections == 0 && keys.connections == 0)
        }
    }

    @Test("keys behind a name are not fetched where the issuer's rules close its address")
    func blockedAddress() async throws {
        try await Bench.run { bench in
            let (rp, keys) = (try Bench.relyingParty(), try Bench.relyingParty())
            try await bench.addClient(
                uri: rp.uri(),
                other: Self.other(keys.uri(host: "keys.rp.test")),
                delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": 1}"#
            )
            try await bench.setEgress(#"{"deny_cidrs": ["127.0.0.2/32"]}"#)
            let event = try await bench.logout()
            try await bench.withWorker { _, client in
                let closed = [IPAddress("127.0.0.2")].compactMap { $0 }
                client.lookup = client.lookup.overriding(["keys.rp.test": closed])
            } _: { _ in
                let attempts = try await bench.end(of: event).attempts
                #expect(attempts.map(\.outcome) == ["signing_failed"])
                #expect(attempts.first?.errorDescription == "jwks_uri: the address may not be called")
            }
            #expect(rp.connections == 0 && keys.connections == 0)
        }
    }

    @Test("a client whose keys do not come delays none of fifty others")
    func isolation() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let pair = try ClientKeyPair(.p256)
            let slow = try Bench.relyingParty(standing: .gate(gate, then: .status(200, body: pair.jwks())))
            let (rp, healthy) = (try Bench.relyingParty(), try Bench.relyingParty())
            try await bench.addClient("slow", uri: rp.uri(), other: Self.other(slow.uri()))
            for number in 1...50 { try await bench.addClient("rp-\(number)", uri: healthy.uri("/\(number)")) }
            let stuck = try await bench.logout("slow", sessions: 100)
            try await bench.withWorker { settings, _ in
                settings.slots = 16
                settings.signerThreads = 1
            } _: { _ in
                _ = try await slow.next()
                let targets = (1...50).map { LogoutTarget(clientID: "rp-\($0)", sub: "alice", sid: "s") }
                let end3 = try await bench.end(of: bench.logout(targets))
                #expect(end3.event.status == .completed)
                #expect(try await bench.event(stuck).endedAt == nil && rp.connections == 0)
                gate.open()
                let end4 = try await bench.end(of: stuck)
                #expect(end4.event.status == .completed)
            }
            #expect(try await bench.decrypted(rp.received, with: pair, aud: "slow").count == 100)
        }
    }

    @Test("a worker that stops while keys are fetched gives its deliveries back")
    func stops() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            defer { gate.open() }
            let keys = try Bench.relyingParty(standing: .gate(gate, then: .ok))
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri(), other: Self.other(keys.uri()))
            let event = try await bench.logout(sessions: 3)
            try await bench.withWorker { _ in _ = try await keys.next() }
            let found = try await bench.delivery(event)
            #expect(found.delivery.attemptCount == 0 && found.attempts.isEmpty)
            #expect(
                try await bench.count(
                    "select count(*) from lastcall.delivery_queue where lease_until > now()"
                ) == 0
            )
            #expect(rp.connections == 0)
        }
    }
}
