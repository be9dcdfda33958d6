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

extension Bench {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// Gives the issuer a completion webhook.
    func setWebhook(
        _ url: String?,
        secret: String? = secret,
        delivery: String = #"{"retry_waits_seconds": [0.01]}"#,
        under key: KeyEncryptionKey? = nil
    ) async throws {
        let settings = Issuer.Settings(
            issuer: Self.iss,
            sessionDurability: .durable,
            sessionExpiry: .ignore,
            delivery: delivery,
            retentionDays: 30,
            completionWebhookURL: url
        )
        let sealed = try secret.map { text in
            try #require(WebhookSecret(text)).sealed(
                issuerID: Array(Self.name.utf8),
                under: key ?? encryptionKey
            ).bytes
        }
        let terms = WebhookTerms(sealedSecret: sealed, deliverWithinSeconds: 3_600)
        _ = try await store.putIssuer(named: Self.name, settings, webhook: terms) { _ in
            AuditNote(.issuerChanged, actor: "test")
        }
    }

    /// Checks webhooks as their receiver does; returns what they say.
    func verifiedWebhooks(_ requests: [ReceivedRequest], secret: String = secret) throws -> [WebhookMessage] {
        let verifier = try WebhookVerifier(secret: secret)
        return try requests.map { request in
            let message = try verifier.verify(request, now: Int64(Date().timeIntervalSince1970))
            let body = try #require(
                try JSONSerialization.jsonObject(with: Data(message.body)) as? [String: Any]
            )
            return WebhookMessage(
                id: message.id,
                timestamp: message.timestamp,
                names: Set(body.keys),
                body: body
            )
        }
    }

    /// How the webhook of an event's latest end stands, once it has come to that.
    func webhook(_ accepted: AcceptedEvent, is status: String) async throws -> LogoutEvent.WebhookState {
        try await eventually("a webhook that is \(status)") {
            let state = try await self.event(accepted).completionWebhook
            return state?.status == status ? state : nil
        }
    }
}

/// What a webhook said.
struct WebhookMessage {
    let id: String
    let timestamp: Int64
    let names: Set<String>
    let body: [String: Any]

    var data: [String: Any] { get throws { try #require(body["data"] as? [String: Any]) } }
}

@Suite("Completion webhooks", .lastcallDatabase, .serialized)
struct CompletionWebhookTests {
    @Test("the end of an event is told, signed by Standard Webhooks, with the event but not its deliveries")
    func told() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            let hook = try Bench.relyingParty(standing: .status(204))
            try await bench.addClient(uri: rp.uri())
            try await bench.setWebhook(hook.uri("/hook?tenant=a%2Fb"))
            try await bench.withWorker { _ in
                let event = try await bench.logout(sessions: 2)
                let request = try #require(try await hook.next().first)
                #expect(request.target == "/hook?tenant=a%2Fb")
                let told = try #require(try bench.verifiedWebhooks([request]).first)
                #expect(told.id == DeliveryID.webhook(of: event.event.id, endCount: 1).text)
                #expect(told.names == ["type", "timestamp", "data"])
                #expect(told.body["type"] as? String == "logout_event.ended")
                let ended = try #require(try await bench.event(event).endedAt)
                #expect(told.body["timestamp"] as? String == ended.text)
                let data = try told.data
                #expect(
                    Set(data.keys) == [
                        "id", "status", "scope", "initiator", "initiating_client_id", "session_durability",
                        "priority",
                        "created_at", "deliver_before", "ended_at", "trace_id", "matched", "delivery_counts",
                        "completion_webhook",
                    ]
                )
                #expect(data["id"] as? String == event.event.id.text)
                #expect(data["status"] as? String == "completed" && data["ended_at"] as? String == ended.text)
                #expect(data["delivery_counts"] as? [String: Int] == ["delivered": 2])
                #expect(try await bench.webhook(event, is: "delivered").attempts == 1)
                #expect(hook.received.count == 1 && rp.received.count == 2)
                _ = try await bench.verified(rp.received)
                #expect(try await !bench.audit(event).contains { $0.type == "webhook.failed" })
            }
        }
    }

    @Test("a retry is the same message, signed anew at its own time")
    func retried() async throws {
        try await Bench.run { bench in
            let hook = try Bench.relyingParty()
            hook.script(.status(500), .closeAfterReading, .status(429))
            try await bench.setWebhook(hook.uri(), delivery: #"{"retry_waits_seconds": [0.01, 2.2, 0.01]}"#)
            let event = try await bench.logout([])
            try await bench.withWorker { _ in
                let told = try bench.verifiedWebhooks(try await hook.next(4))
                #expect(Set(told.map(\.id)) == [DeliveryID.webhook(of: event.event.id, endCount: 1).text])
                #expect(told[2].timestamp > told[1].timestamp)
                #expect(told.map(\.timestamp) == told.map(\.timestamp).sorted())
                #expect(try await bench.webhook(event, is: "delivered").attempts == 4)
            }
            #expect(
                try await bench.count(
                    "select count(*) from lastcall.attempts where outcome in ('server_error', 'unreachable', 'rate_limited', 'delivered')"
                ) == 4
            )
            #expect(
                try await bench.audit(event).map(\.type).sorted() == [
                    "bcl.no_sessions_for_subject", "logout.accepted", "logout.ended",
                ]
            )
        }
    }

    @Test("every event of a batch is told once, whatever it came to")
    func batch() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(400))
            let hook = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.setWebhook(hook.uri())
            try await bench.withWorker { _ in
                var statuses: [String: String] = [:]
                for _ in 0..<10 {
                    statuses[try await bench.logout([]).event.id.text] = "no_targets"
                    statuses[try await bench.logout(sessions: 3).event.id.text] = "failed"
                }
                let told = try bench.verifiedWebhooks(try await hook.next(20)).map { try $0.data }
                #expect(told.count == 20)
                for data in told {
                    let id = try #require(data["id"] as? String)
                    #expect(data["status"] as? String == statuses.removeValue(forKey: id))
                }
                #expect(statuses.isEmpty)
            }
        }
    }

    @Test(
        "a refusal, a redirect and a closed address are final, and audited as errors",
        arguments: ["rejected", "redirect_refused", "blocked_address"]
    )
    func failed(reason: String) async throws {
        try await Bench.run { bench in
            let hook = try Bench.relyingParty(
                standing: reason == "rejected" ? .status(410) : .redirect(to: "https://x.example/")
            )
            try await bench.setWebhook(hook.uri())
            let event = try await bench.logout([])
            try await bench.withWorker { settings, _ in
                if reason == "blocked_address" { settings.addressRule = AddressRule() }
            } _: { _ in
                #expect(try await bench.webhook(event, is: "failed").attempts == 1)
                let failed = try #require(try await bench.audit(event).first { $0.type == "webhook.failed" })
                #expect(failed.severity == "error" && failed.actor == "system")
                #expect(try #require(failed.data).contains(#""reason": "\#(reason)""#))
                #expect(hook.received.count == (reason == "blocked_address" ? 0 : 1))
            }
        }
    }

    @Test("a changed URL and secret hold from the next attempt on")
    func changed() async throws {
        try await Bench.run { bench in
            let old = try Bench.relyingParty(standing: .status(503))
            let new = try Bench.relyingParty()
            let secret = "whsec_" + Data(repeating: 3, count: 64).base64EncodedString()
            try await bench.setWebhook(old.uri())
            let event = try await bench.logout([])
            try await bench.withWorker { _ in
                _ = try await old.next()
                try await bench.setWebhook(new.uri(), secret: secret)
                let told = try bench.verifiedWebhooks(try await new.next(), secret: secret)
                #expect(told.first?.id == DeliveryID.webhook(of: event.event.id, endCount: 1).text)
                _ = try await bench.webhook(event, is: "delivered")
            }
        }
    }

    @Test("a secret that cannot be opened sends nothing, and is tried again")
    func unopened() async throws {
        try await Bench.run { bench in
            let hook = try Bench.relyingParty()
            let other = try KeyEncryptionKey(base64: Data(repeating: 9, count: 32).base64EncodedString())
            try await bench.setWebhook(hook.uri(), under: other)
            let event = try await bench.logout([])
            try await bench.withWorker { _ in
                try await eventually("an attempt") {
                    try await bench.count(
                        "select count(*) from lastcall.attempts where outcome = 'signing_failed'"
                    ) > 0
                }
                #expect(hook.received.isEmpty)
                try await bench.setWebhook(hook.uri())
                _ = try await bench.webhook(event, is: "delivered")
            }
        }
    }

    @Test("a webhook that hangs delays no delivery and no other event")
    func hangs() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            let hook = try Bench.relyingParty(standing: .hang)
            try await bench.addClient(uri: rp.uri())
            try await bench.setWebhook(hook.uri(), delivery: #"{"attempt_timeout_seconds": 60}"#)
            try await bench.withWorker { settings, _ in
                settings.slots = 8
            } _: { _ in
                for _ in 0..<30 { _ = try await bench.logout() }
                #expect(try await rp.next(30).count == 30)
            }
        }
    }
}
