import DeliveryWorker
import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Shutdown of a worker", .lastcallDatabase, .serialized)
struct ShutdownTests {
    private let leased = "select count(*) from lastcall.delivery_queue where lease_until > '-infinity'"

    @Test("what is in flight ends and is recorded, what is not is given back")
    func drains() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let rp = try Bench.relyingParty(standing: .gate(gate, then: .ok))
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout(sessions: 40)
            try await bench.withWorker { settings, _ in
                settings.drain = .seconds(30)
            } _: { worker in
                _ = try await rp.next(2)
                Task {
                    try await eventually("the shutdown") { worker.isDraining }
                    gate.open()
                }
            }
            let sent = rp.received.count
            #expect(
                try await bench.count("select count(*) from lastcall.deliveries where status = 'delivered'")
                    == sent
            )
            #expect(try await bench.count(leased) == 0)
            #expect(try await bench.event(event).status == .inProgress)
            let untried = "select count(*) from lastcall.delivery_queue where attempt_count = 0"
            #expect(try await bench.count(untried) == 40 - sent)
        }
    }

    @Test(
        "an attempt that outlasts the shutdown is recorded as unknown, and a refusal after it is kept as such"
    )
    func cutOff() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(400))
            rp.script(.hang)
            try await bench.addClient(uri: rp.uri(), delivery: #"{"attempt_timeout_seconds": 60}"#)
            let event = try await bench.logout()
            try await bench.withWorker { _ in _ = try await rp.next() }
            let found = try await bench.delivery(event)
            #expect(found.attempts.map(\.outcome) == ["unknown"])
            #expect(found.attempts.first?.jti != nil)
            #expect(try await bench.count(leased) == 0)
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.attempts.map(\.outcome) == ["unknown", "rejected"])
                #expect(try end.delivery.flags == ["rejected_after_unknown"])
            }
            let claims = try await bench.verified(rp.received)
            #expect(Set(claims.map(\.jti)).count == 2)
        }
    }
}
