import AuditTrail
import DeliveryPolicy
import DeliveryWorker
import Foundation
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient
import Testing

@Suite("Security Event Tokens at work", .lastcallDatabase, .serialized)
struct SharedSignalsTests {
    static let credential = "Bearer abcdefgh-0123456789"

    /// The kinds of audit events of an event's deliveries.
    private func types(_ event: AcceptedEvent, _ bench: Bench) async throws -> [String] {
        try await bench.audit(event).map(\.type).filter { $0.hasPrefix("logout.back_channel") }
    }

    @Test("one logout tells an RP by a logout token and a receiver by a Security Event Token")
    func fanOut() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            let receiver = try Bench.relyingParty(standing: .status(202))
            try await bench.addClient(uri: rp.uri())
            try await bench.addReceiver(url: receiver.uri("/events?x=%2F"), authorization: Self.credential)
            try await bench.withWorker { _ in
                let event = try await bench.logout([
                    LogoutTarget(clientID: "rp", sub: "alice", sid: "s-1"),
                    LogoutTarget(clientID: "receiver", sub: "alice", sid: "s-2"),
                ])
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed && end.event.delivered == 2)
                let token = try #require(try await bench.verified(rp.received).first)
                #expect(token.sid == "s-1" && rp.received.count == 1)
                #expect(rp.received.allSatisfy { $0.values(of: "authorization").isEmpty })
                #expect(receiver.received.first?.target == "/events?x=%2F")
                let said = try #require(
                    try await bench.statements(receiver.received, authorization: Self.credential).first
                )
                #expect((said.sub, said.sid) == ("alice", "s-2") && receiver.received.count == 1)
                let accepted = event.event.id.createdAt.seconds
                #expect(said.iat == accepted && said.timestamp == accepted)
                #expect(said.initiatingEntity == nil)
                #expect(said.reason == "The session was ended at the identity provider.")
                #expect(end.deliveries.allSatisfy { $0.delivery.flags.isEmpty })
                let attempt = try #require(end.deliveries.last?.attempts.first)
                #expect(attempt.jti?.lowercased == said.jti && attempt.kid == said.kid)
                #expect(attempt.httpStatus == 202 && attempt.outcome == "delivered")
            }
        }
    }

    @Test("a user alone is a simple subject, and so is a session; the audience is the one that was asked for")
    func subjects() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            try await bench.addReceiver(url: receiver.uri(), aud: "https://receiver.example/")
            try await bench.withWorker { _ in
                let event = try await bench.logout([
                    LogoutTarget(clientID: "receiver", sub: "alice", sid: nil),
                    LogoutTarget(clientID: "receiver", sub: nil, sid: "s-1"),
                ])
                #expect(try await bench.end(of: event).event.delivered == 2)
            }
            let said = try await bench.statements(receiver.received, aud: "https://receiver.example/")
            #expect(Set(said.map(\.txn)).count == 1 && Set(said.map(\.jti)).count == 2)
            #expect(Set(said.map { "\($0.sub ?? "-") \($0.sid ?? "-")" }) == ["alice -", "- s-1"])
        }
    }

    @Test("who asked for a logout is said, where the OP has said it")
    func initiator() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            try await bench.addReceiver(url: receiver.uri())
            let target = LogoutTarget(clientID: "receiver", sub: "alice", sid: "s")
            var request = LogoutEventRequest(
                issuerKey: bench.issuer,
                scope: .targets([target]),
                actor: "test"
            )
            request.initiator = .rpLogout
            _ = try await bench.store.accept([request], usualDeliverWithin: 86_400)
            try await bench.withWorker { _ in _ = try await receiver.next() }
            let said = try #require(try await bench.statements(receiver.received).first)
            #expect(said.initiatingEntity == "user")
            #expect(said.reason == "The user logged out at a relying party.")
        }
    }

    /// RFC 8935 §2: what is sent again is the same token, which its receiver knows by its jti.
    @Test("a retry is the same statement, and each attempt shows its jti")
    func retried() async throws {
        try await Bench.run(alg: .edDSA) { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            receiver.script(.status(503), .closeAfterReading, .status(429), Bench.refusal("invalid_key"))
            try await bench.addReceiver(
                url: receiver.uri(),
                alg: .edDSA,
                delivery: #"{"retry_waits_seconds": [0.01, 2.2, 0.01]}"#
            )
            try await bench.withWorker { _ in
                let event = try await bench.logout("receiver")
                let end = try await bench.end(of: event)
                let outcomes = try end.attempts.map(\.outcome)
                #expect(
                    outcomes == ["server_error", "unreachable", "rate_limited", "server_error", "delivered"]
                )
                let said = try await bench.statements(receiver.received)
                #expect(said.count == 5 && Set(said).count == 1)
                // Ed25519 signs the same bytes alike: the whole token is the same, more than two seconds later.
                #expect(Set(receiver.received.map(\.body)).count == 1)
                #expect(Set(try end.attempts.map { $0.jti?.lowercased }) == [said[0].jti])
            }
        }
    }

    @Test("statements of one logout have nothing in common by which receivers could tell that they are")
    func unrelated() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            try await bench.addReceiver("one", url: receiver.uri("/one"))
            try await bench.addReceiver("two", url: receiver.uri("/two"))
            try await bench.withWorker { _ in
                let event = try await bench.logout([
                    LogoutTarget(clientID: "one", sub: "a", sid: nil),
                    LogoutTarget(clientID: "two", sub: "b", sid: nil),
                ])
                let end = try await bench.end(of: event)
                let ids = end.deliveries.compactMap { $0.attempts.first?.jti?.lowercased }
                #expect(Set(ids.map { $0.prefix(8) }).count == 2)
                #expect(ids.allSatisfy { !$0.hasPrefix(event.event.id.text.prefix(8)) })
                #expect(ids.allSatisfy { Array($0)[14] == "8" })
                let said =
                    try await bench.statements(receiver.received.filter { $0.target == "/one" }, aud: "one")
                    + bench.statements(receiver.received.filter { $0.target == "/two" }, aud: "two")
                #expect(Set(said.map(\.txn)).count == 2)
            }
        }
    }

    @Test(
        "any 2xx is delivered, and only 202 unflagged",
        arguments: [(202, []), (200, ["nonstandard_status"]), (204, ["nonstandard_status"])]
    )
    func accepted(status: Int, flags: [String]) async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(status))
            try await bench.addReceiver(url: receiver.uri())
            try await bench.withWorker { _ in
                let end = try await bench.end(of: bench.logout("receiver"))
                #expect(try end.delivery.status == "delivered" && end.delivery.flags == flags)
            }
        }
    }

    @Test(
        "a refusal is final, and its code is in the attempt and in the audit trail",
        arguments: [
            "invalid_request", "invalid_issuer", "invalid_audience", "authentication_failed", "access_denied",
            "another",
        ]
    )
    func refused(err: String) async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: Bench.refusal(err, "because \(Self.credential)"))
            try await bench.addReceiver(url: receiver.uri(), authorization: Self.credential)
            try await bench.withWorker { _ in
                let event = try await bench.logout("receiver")
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "failed" && end.delivery.reason == "rejected")
                let attempt = try #require(try end.attempts.first)
                #expect(try end.attempts.count == 1 && attempt.error == err && attempt.httpStatus == 400)
                // A receiver that echoes the credential is not quoted with it.
                #expect(attempt.errorDescription == "because [redacted]")
                let audit = try await bench.audit(event)
                let tried = try #require(audit.first { $0.type == "logout.back_channel.attempted" }?.data)
                #expect(tried.contains(#""error": "\#(err)""#) && tried.contains(#""outcome": "rejected""#))
                #expect(audit.contains { $0.type == "logout.back_channel.failed" && $0.severity == "error" })
                #expect(audit.allSatisfy { $0.data?.contains("abcdefgh") != true })
            }
        }
    }

    @Test(
        "other answers are those to a logout token",
        arguments: [(401, "rejected"), (403, "rejected"), (302, "redirect_refused")]
    )
    func others(status: Int, reason: String) async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(
                standing: .status(status, headers: ["Location: https://x.example/"])
            )
            try await bench.addReceiver(url: receiver.uri())
            try await bench.withWorker { _ in
                let end = try await bench.end(of: bench.logout("receiver"))
                #expect(try end.delivery.status == "failed" && end.delivery.reason == reason)
            }
        }
    }

    @Test("an address that the rule closes is not called")
    func blocked() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            try await bench.addReceiver(url: receiver.uri(), authorization: Self.credential)
            try await bench.withWorker { settings, _ in
                settings.addressRule = AddressRule()
            } _: { _ in
                let end = try await bench.end(of: bench.logout("receiver"))
                #expect(try end.delivery.reason == "blocked_address" && receiver.received.isEmpty)
            }
        }
    }

    @Test("a receiver that is down opens its breaker, and what waits goes when it is back")
    func breaker() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(503))
            try await bench.addReceiver(
                url: receiver.uri(),
                delivery: #"{"retry_waits_seconds": [0.01], "max_in_flight": 1}"#
            )
            try await bench.withWorker { _ in
                let event = try await bench.logout("receiver", sessions: 3)
                try await eventually("an open breaker") {
                    try await bench.store.client("receiver", of: bench.issuer)?.breaker == .open
                }
                receiver.always(.status(202))
                try await bench.execute(
                    "update lastcall.clients set breaker_open_until = now() where breaker_trips > 0"
                )
                #expect(try await bench.end(of: event).event.delivered == 3)
                #expect(try await bench.store.client("receiver", of: bench.issuer)?.breaker == .closed)
            }
        }
    }

    @Test("a header that cannot be opened sends nothing, and a mended one goes with what waits")
    func unopened() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            // As if the row's URL had been changed by other means than the API.
            try await bench.addReceiver(
                url: receiver.uri(),
                authorization: Self.credential,
                sealedFor: "https://other.example/"
            )
            try await bench.withWorker { _ in
                let event = try await bench.logout("receiver")
                let waiting = try await bench.retrying(event)
                #expect(waiting.attempts.first?.outcome == "signing_failed" && receiver.received.isEmpty)
                try await bench.addReceiver(url: receiver.uri(), authorization: Self.credential)
                #expect(try await bench.end(of: event).event.delivered == 1)
            }
            #expect(try await bench.statements(receiver.received, authorization: Self.credential).count == 1)
        }
    }

    @Test("terms of a later version are never taken for those of an RP")
    func unknownTerms() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            let rp = try Bench.relyingParty()
            try await bench.addReceiver(url: receiver.uri())
            try await bench.addClient(uri: rp.uri())
            try await bench.execute(
                "update lastcall.clients set shared_signals = '{\"method\": \"urn:other\"}' where client_id = 'receiver'"
            )
            try await bench.withWorker { _ in
                let event = try await bench.logout("receiver")
                #expect(try await bench.end(of: bench.logout("rp")).event.delivered == 1)
                #expect(try await bench.retrying(event).attempts.first?.outcome == "signing_failed")
                #expect(receiver.received.isEmpty)
            }
        }
    }

    @Test("a worker that knows no receivers sends one nothing, and the delivery waits for another worker")
    func olderWorkers() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            try await bench.addReceiver(url: receiver.uri())
            let terms = "update lastcall.clients set version = version + 1, shared_signals ="
            // What such a worker reads of the row: all that was there before the column.
            try await bench.execute("\(terms) null where client_id = 'receiver'")
            try await bench.withWorker { _ in
                let event = try await bench.logout("receiver")
                #expect(try await bench.retrying(event).attempts.first?.outcome == "signing_failed")
                #expect(receiver.received.isEmpty)
                let stored = SharedSignals().json
                try await bench.execute("\(terms) '\(stored)' where client_id = 'receiver'")
                #expect(try await bench.end(of: event).event.delivered == 1)
            }
            #expect(try await bench.statements(receiver.received).count == 1)
        }
    }

    @Test("sent again by an operator, it is the same statement at another attempt")
    func redelivered() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            receiver.script(Bench.refusal("access_denied"))
            try await bench.addReceiver(url: receiver.uri())
            try await bench.withWorker { _ in
                let event = try await bench.logout("receiver")
                #expect(try await bench.end(of: event).event.status == .failed)
                _ = try await bench.store.redeliver(
                    event.event.id.delivery(1),
                    of: bench.issuer,
                    force: false,
                    deliverWithin: nil,
                    usualDeliverWithin: 86_400,
                    actor: "operator"
                )
                let end = try await eventually("a delivered event") {
                    let found = try await bench.end(of: event)
                    return found.event.status == .completed ? found : nil
                }
                #expect(try end.attempts.map(\.number) == [1, 2])
                #expect(Set(try await bench.statements(receiver.received).map(\.jti)).count == 1)
                #expect(
                    try await types(event, bench) == [
                        "logout.back_channel.attempted", "logout.back_channel.failed",
                        "logout.back_channel.redelivered", "logout.back_channel.delivered",
                    ]
                )
            }
        }
    }

    @Test("a probe is a statement of a session of nobody, new each time, and no delivery")
    func probed() async throws {
        try await Bench.run { bench in
            let receiver = try Bench.relyingParty(standing: .status(202))
            try await bench.addReceiver(url: receiver.uri(), authorization: Self.credential)
            receiver.script(.status(202), Bench.refusal("invalid_audience", "who?"))
            var results: [ProbeResult] = []
            try await bench.withWorker { _ in
                for _ in 0..<2 {
                    let asked = try #require(
                        try await bench.store.askForProbe(
                            of: "receiver",
                            issuer: bench.issuer,
                            actor: "test",
                            usualTimeout: 5,
                            patience: 60
                        )
                    )
                    results.append(
                        try await eventually("a probe's result") {
                            if case .finished(let result)? = try await bench.store.probe(
                                asked.id,
                                of: bench.issuer
                            ) {
                                result
                            } else {
                                nil
                            }
                        }
                    )
                }
            }
            #expect(results.map(\.outcome) == [.delivered, .rejected])
            #expect(results.last?.error == "invalid_audience" && results.last?.errorDescription == "who?")
            let said = try await bench.statements(receiver.received, authorization: Self.credential)
            #expect(Set(said.map(\.jti)).count == 2 && Set(said.compactMap(\.sid)).count == 2)
            #expect(said.allSatisfy { $0.sub == nil && $0.reason == "The session was ended." })
            #expect(try await bench.count("select count(*) from lastcall.attempts") == 0)
        }
    }
}
