import AuditTrail
import DeliveryPolicy
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import Outbox
import RelyingPartyClient
import Testing

@Suite("Outcomes of deliveries", .lastcallDatabase, .serialized)
struct DeliveryOutcomeTests {
    /// What an RP does first, and what one attempt at it comes to.
    struct Answer: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let step: ScriptedStep
        let outcome: String
        var httpStatus: Int?
        var status = "failed"
        var reason: String?
        var flags: [String] = []
        var error: String?
        var errorDescription: String?
    }

    static let final: [Answer] = [
        Answer(testDescription: "200", step: .ok, outcome: "delivered", httpStatus: 200, status: "delivered"),
        Answer(
            testDescription: "204",
            step: .status(204),
            outcome: "delivered",
            httpStatus: 204,
            status: "delivered"
        ),
        Answer(
            testDescription: "202",
            step: .status(202, body: "queued"),
            outcome: "delivered",
            httpStatus: 202,
            status: "delivered",
            flags: ["nonstandard_status"]
        ),
        Answer(
            testDescription: "a body without end",
            step: .hugeBody(chunked: true),
            outcome: "delivered",
            httpStatus: 200,
            status: "delivered"
        ),
        Answer(
            testDescription: "400 with an error",
            step: .status(
                400,
                headers: ["Content-Type: application/json"],
                body: #"{"error": "invalid_request", "error_description": "no such sid"}"#
            ),
            outcome: "rejected",
            httpStatus: 400,
            reason: "rejected",
            error: "invalid_request",
            errorDescription: "no such sid"
        ),
        Answer(
            testDescription: "400",
            step: .status(400),
            outcome: "rejected",
            httpStatus: 400,
            reason: "rejected"
        ),
        Answer(
            testDescription: "404",
            step: .status(404),
            outcome: "rejected",
            httpStatus: 404,
            reason: "rejected"
        ),
        Answer(
            testDescription: "410",
            step: .status(410),
            outcome: "rejected",
            httpStatus: 410,
            reason: "rejected"
        ),
        Answer(
            testDescription: "a redirect",
            step: .redirect(to: "/elsewhere"),
            outcome: "redirect_refused",
            httpStatus: 302,
            reason: "redirect_refused"
        ),
    ]

    @Test("an answer that settles the matter ends the delivery with one attempt", arguments: final)
    func ends(answer: Answer) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            rp.script(answer.step)
            try await bench.addClient(uri: rp.uri("/logout?tenant=a%2Fb"))
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                let delivery = try end.delivery
                #expect(delivery.status == answer.status)
                #expect(delivery.reason == answer.reason)
                #expect(delivery.flags == answer.flags)
                #expect(delivery.attemptCount == 1)
                #expect(end.event.status.rawValue == (answer.status == "delivered" ? "completed" : "failed"))
                let attempt = try #require(try end.attempts.first)
                #expect(attempt.number == 1)
                #expect(attempt.outcome == answer.outcome)
                #expect(attempt.httpStatus == answer.httpStatus)
                #expect(attempt.error == answer.error)
                #expect(attempt.errorDescription == answer.errorDescription)
                #expect(attempt.remoteAddress?.contains("127.0.0.1") == true)
                #expect(attempt.worker == "test")
                #expect(attempt.latencyMilliseconds ?? -1 >= 0)
                #expect(attempt.startedAt <= attempt.finishedAt)
                #expect(rp.received.map(\.target) == ["/logout?tenant=a%2Fb"])
                let claims = try #require(try await bench.verified(rp.received).first)
                #expect(claims.jti == attempt.jti?.lowercased)
                #expect(claims.kid == attempt.kid)
                #expect(claims.sub == "alice")
                #expect(claims.sid == "s-1")
            }
            let types = try await bench.audit(event).map(\.type)
            let tried = answer.outcome == "delivered" ? [] : ["logout.back_channel.attempted"]
            let ended = ["logout.back_channel.\(answer.status)", "logout.ended"]
            #expect(types == ["logout.accepted"] + tried + ended)
        }
    }

    static let passing: [Answer] = [
        Answer(testDescription: "500", step: .status(500), outcome: "server_error", httpStatus: 500),
        Answer(testDescription: "503", step: .status(503), outcome: "server_error", httpStatus: 503),
        Answer(testDescription: "408", step: .status(408), outcome: "server_error", httpStatus: 408),
        Answer(testDescription: "425", step: .status(425), outcome: "server_error", httpStatus: 425),
        Answer(testDescription: "429", step: .status(429), outcome: "rate_limited", httpStatus: 429),
        Answer(testDescription: "no answer", step: .hang, outcome: "timeout"),
        Answer(testDescription: "a reset before reading", step: .resetBeforeReading, outcome: "unreachable"),
        Answer(testDescription: "a reset after reading", step: .resetAfterReading, outcome: "unreachable"),
        Answer(testDescription: "an end after reading", step: .closeAfterReading, outcome: "unreachable"),
        Answer(testDescription: "no HTTP", step: .raw("SSH-2.0-x\r\n"), outcome: "protocol_error"),
        Answer(testDescription: "headers without end", step: .endlessHeaders, outcome: "protocol_error"),
    ]

    @Test("trouble that may pass is tried again, with a token of its own", arguments: passing)
    func retries(answer: Answer) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            rp.script(answer.step)
            try await bench.addClient(
                uri: rp.uri(),
                delivery:
                    #"{"retry_waits_seconds": [0.01], "attempt_timeout_seconds": \#(answer.step.timeout)}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "delivered")
                #expect(try end.delivery.attemptCount == 2)
                let attempts = try end.attempts
                #expect(attempts.map(\.number) == [1, 2])
                #expect(attempts.map(\.outcome) == [answer.outcome, "delivered"])
                #expect(attempts.first?.httpStatus == answer.httpStatus)
                let claims = try await bench.verified(rp.received)
                #expect(claims.last?.jti == attempts.last?.jti?.lowercased)
                #expect(Set(attempts.compactMap(\.jti)).count == 2)
                #expect(Set(claims.map(\.jti)).count == claims.count)
            }
            let audit = try await bench.audit(event)
            #expect(
                audit.map(\.type) == [
                    "logout.accepted", "logout.back_channel.attempted", "logout.back_channel.delivered",
                    "logout.ended",
                ]
            )
        }
    }

    @Test(
        "a certificate that does not verify gets no token",
        arguments: [
            ScriptedRelyingParty.Transport.wrongHost, .expired, .unknownAuthority, .tls11Only, .garbage,
        ]
    )
    func badTLS(transport: ScriptedRelyingParty.Transport) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(transport)
            try await bench.addClient(
                uri: rp.uri(),
                delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": 2}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "failed")
                #expect(try end.delivery.reason == "attempts_exhausted")
                #expect(try end.attempts.map(\.outcome) == ["tls_failure", "tls_failure"])
                #expect(rp.received.isEmpty)
            }
        }
    }

    @Test("an address that may not be called ends the delivery without one connection")
    func blockedAddress() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker { settings, _ in
                settings.addressRule = .init()
            } _: { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "failed")
                #expect(try end.delivery.reason == "blocked_address")
                #expect(try end.attempts.map(\.outcome) == ["blocked_address"])
                #expect(rp.connections == 0)
            }
        }
    }

    @Test("plain http goes to nobody unless loopback is allowed")
    func plainHTTP() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(.plain)
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker { settings, _ in
                settings.addressRule = .init()
            } _: { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.reason == "blocked_address")
                #expect(rp.connections == 0)
            }
        }
    }

    @Test("a name that does not resolve is tried again until the attempts are used up")
    func dnsFailure() async throws {
        try await Bench.run { bench in
            try await bench.addClient(
                uri: "https://gone.rp.test/logout",
                delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": 3}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { _, client in
                client.lookup = client.lookup.overriding(["gone.rp.test": []])
            } _: { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.reason == "attempts_exhausted")
                #expect(try end.attempts.map(\.outcome) == ["dns_failure", "dns_failure", "dns_failure"])
                #expect(try end.attempts.map(\.number) == [1, 2, 3])
            }
        }
    }
}
