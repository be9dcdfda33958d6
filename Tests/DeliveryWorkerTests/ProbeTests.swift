import DeliveryPolicy
import DeliveryWorker
import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import RelyingPartyClient
import Testing

@Suite("Probes by a worker", .lastcallDatabase, .serialized)
struct ProbeTests {
    private func ask(_ bench: Bench) async throws -> UUID {
        let asked = try await bench.store.askForProbe(
            of: "rp",
            issuer: bench.issuer,
            actor: "test",
            usualTimeout: 5,
            patience: 60
        )
        return try #require(asked).id
    }

    private func result(_ bench: Bench, of probe: UUID) async throws -> ProbeResult {
        try await eventually("a probe's result") {
            if case .finished(let result)? = try await bench.store.probe(probe, of: bench.issuer) {
                result
            } else {
                nil
            }
        }
    }

    @Test("a probe is a good logout token for a session of nobody, new each time, and no delivery")
    func harmless() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri(), sessionRequired: true)
            try await bench.execute("update lastcall.clients set held_at = now()")
            try await bench.withWorker { _ in
                for _ in 0..<2 {
                    let result = try await result(bench, of: ask(bench))
                    #expect(result.outcome == .delivered && result.httpStatus == 200)
                    #expect(try #require(result.latencyMilliseconds) >= 0)
                }
            }
            let claims = try await bench.verified(rp.received)
            #expect(claims.allSatisfy { $0.sub == nil })
            let sids = claims.compactMap(\.sid)
            #expect(Set(sids).count == 2 && sids.allSatisfy { UUID(uuidString: $0) != nil })
            for table in ["delivery_queue", "deliveries", "attempts", "logout_events"] {
                #expect(try await bench.count("select count(*) from lastcall.\(table)") == 0)
            }
            #expect(
                try await bench.count(
                    "select count(*) from lastcall.audit_events where type = 'client.probed'"
                ) == 2
            )
        }
    }

    @Test(
        "a probe tells what it met, and is not sent twice",
        arguments: [
            (
                ScriptedStep.status(
                    400,
                    headers: ["Content-Type: application/json"],
                    body: #"{"error": "invalid_request", "error_description": "no such sid"}"#
                ),
                ProbeResult(
                    outcome: .rejected,
                    httpStatus: 400,
                    error: "invalid_request",
                    errorDescription: "no such sid"
                )
            ),
            (.status(503), ProbeResult(outcome: .serverError, httpStatus: 503)),
            (.redirect(to: "https://x.example/"), ProbeResult(outcome: .redirectRefused, httpStatus: 302)),
            (.hang, ProbeResult(outcome: .timeout)), (.closeAfterReading, ProbeResult(outcome: .unreachable)),
        ]
    )
    func outcomes(step: ScriptedStep, expected: ProbeResult) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: step)
            try await bench.addClient(
                uri: rp.uri(),
                delivery: #"{"attempt_timeout_seconds": \#(step.timeout)}"#
            )
            try await bench.withWorker { _ in
                let result = try await result(bench, of: ask(bench))
                #expect(result.outcome == expected.outcome && result.httpStatus == expected.httpStatus)
                #expect(
                    result.error == expected.error && result.errorDescription == expected.errorDescription
                )
            }
            #expect(rp.received.count == 1)
        }
    }

    @Test("a probe is not sent to an address that the rule closes")
    func blocked() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.withWorker { settings, _ in
                settings.addressRule = AddressRule()
            } _: { _ in
                let met = try await result(bench, of: ask(bench))
                #expect(met.outcome == .blockedAddress)
            }
            #expect(rp.received.isEmpty)
        }
    }

    @Test("without a key of its algorithm a probe is not signed, and says so")
    func unsigned() async throws {
        try await Bench.run(alg: nil) { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.withWorker { _ in
                let met = try await result(bench, of: ask(bench))
                #expect(met.outcome == .signingFailed)
            }
            #expect(rp.received.isEmpty)
        }
    }

    @Test("two workers send each probe once")
    func twoWorkers() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.withWorker { _ in
                try await bench.withWorker { _ in
                    var probes: [UUID] = []
                    for _ in 0..<40 { probes.append(try await ask(bench)) }
                    for probe in probes {
                        let met = try await result(bench, of: probe)
                        #expect(met.outcome == .delivered)
                    }
                }
            }
            #expect(rp.received.count == 40)
            #expect(Set(try await bench.verified(rp.received).map(\.jti)).count == 40)
        }
    }

    @Test("a worker that stops lets its probe end first")
    func stopping() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let rp = try Bench.relyingParty(standing: .gate(gate, then: .ok))
            try await bench.addClient(uri: rp.uri(), delivery: #"{"attempt_timeout_seconds": 60}"#)
            var probe: UUID?
            try await bench.withWorker { _ in
                probe = try await ask(bench)
                try await eventually("a request") { !rp.received.isEmpty || rp.connections > 0 }
            }
            gate.open()
            let met = try await result(bench, of: try #require(probe))
            #expect(met.outcome == .unknown)
        }
    }
}
