import AuditTrail
import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Cancelled and redelivered deliveries", .lastcallDatabase, .serialized)
struct OperateTests {
    private func redeliver(_ event: AcceptedEvent, _ bench: Bench, force: Bool = false) async throws {
        _ = try await bench.store.redeliver(
            event.event.id.delivery(1),
            of: bench.issuer,
            force: force,
            deliverWithin: nil,
            usualDeliverWithin: 86_400,
            actor: "operator"
        )
    }

    private func start(_ filter: RedeliveryFilter?, _ bench: Bench) async throws -> Redelivery {
        let request = RedeliveryRequest(try #require(filter), actor: "operator")
        return try await bench.store.startRedelivery(request, of: bench.issuer)
    }

    /// A redelivery in bulk once it is done.
    private func end(of redelivery: Redelivery, _ bench: Bench) async throws -> Redelivery {
        try await eventually("the end of a redelivery") {
            let found = try await bench.store.redelivery(redelivery.id, of: bench.issuer)
            return found?.status == .running ? nil : found
        }
    }

    @Test(
        "an attempt in flight when its event is cancelled is finished: what the RP says decides",
        arguments: [
            (200, "delivered", nil, LogoutEventStatus.completed, []),
            (503, "cancelled", "cancelled_by_operator", .cancelled, ["operator"]),
            (400, "cancelled", "cancelled_by_operator", .cancelled, ["operator"]),
        ]
    )
    func cancelInFlight(
        answer: Int,
        status: String,
        reason: String?,
        eventStatus: LogoutEventStatus,
        actors: [String]
    ) async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let rp = try Bench.relyingParty(standing: .gate(gate, then: .status(answer)))
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                _ = try await rp.next()
                try await bench.store.cancelEvent(event.event.id, of: bench.issuer, actor: "operator")
                #expect(try await bench.delivery(event).delivery.status == "delivering")
                gate.open()
                let end = try await bench.end(of: event)
                #expect(end.event.status == eventStatus)
                #expect(try end.delivery.status == status)
                #expect(try end.delivery.reason == reason)
                #expect(try end.attempts.map(\.httpStatus) == [answer])
                #expect(rp.received.count == 1)
                let notes = try await bench.audit(event).filter { $0.type == "logout.back_channel.cancelled" }
                #expect(notes.map(\.actor) == actors)
            }
        }
    }

    @Test(
        "a redelivered delivery is told to the RP again, with a token of its own and its attempts counted on"
    )
    func redelivered() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            rp.script(.status(400))
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                #expect(try await bench.end(of: event).delivery.reason == "rejected")
                try await redeliver(event, bench)
                let end = try await eventually("the second end") {
                    let end = try await bench.end(of: event)
                    return try end.delivery.status == "delivered" ? end : nil
                }
                #expect(end.event.status == .completed)
                #expect(try end.attempts.map(\.number) == [1, 2])
                #expect(try end.attempts.map(\.outcome) == ["rejected", "delivered"])
                let claims = try await bench.verified(rp.received)
                #expect(Set(claims.map(\.jti)).count == 2)
                #expect(claims.map(\.sid) == ["s-1", "s-1"])
            }
        }
    }

    @Test("a delivery that the RP accepted is told again by force")
    func forced() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                _ = try await bench.end(of: event)
                try await redeliver(event, bench, force: true)
                _ = try await rp.next(2)
                let end = try await bench.end(of: event)
                #expect(try end.delivery.attemptCount == 2)
                #expect(end.event.status == .completed)
            }
        }
    }

    @Test("after a redelivery max_attempts counts anew")
    func maxAttempts() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(500))
            let delivery = #"{"retry_waits_seconds": [0.01], "max_attempts": 2}"#
            try await bench.addClient(uri: rp.uri(), delivery: delivery)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                for attempts in [2, 4] {
                    let end = try await bench.end(of: event)
                    #expect(try end.delivery.reason == "attempts_exhausted")
                    #expect(try end.attempts.map(\.number) == Array(1...attempts))
                    try await redeliver(event, bench)
                }
                let end = try await bench.end(of: event)
                #expect(try end.delivery.attemptCount == 6)
            }
        }
    }

    @Test("workers redeliver in bulk: each delivery once more, however many of them do it")
    func bulk() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(400))
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout(sessions: 60)
            try await bench.withWorker { _ in
                try await bench.withWorker { _ in
                    #expect(try await bench.end(of: event).event.status == .failed)
                    rp.always(.ok)
                    let redelivery = try await start(RedeliveryFilter(clientID: "rp"), bench)
                    #expect(redelivery.matched == 60)
                    let done = try await end(of: redelivery, bench)
                    #expect(done.status == .done)
                    #expect(done.done == 60)
                    let end = try await eventually("the second end") {
                        let event = try await bench.event(event)
                        return event.endedAt == nil ? nil : event
                    }
                    #expect(end.status == .completed)
                    #expect(rp.received.count == 120)
                    #expect(
                        try await bench.count(
                            "select count(*) from lastcall.deliveries where attempt_count = 2"
                        ) == 60
                    )
                }
            }
        }
    }

    @Test("workers end what a large cancelled event has open")
    func largeCancel() async throws {
        try await Bench.run { bench in
            try await bench.addClient(uri: "https://rp.example.com/logout")
            try await bench.execute("update lastcall.clients set held_at = now()")
            let event = try await bench.logout(sessions: 2_001)
            try await bench.store.cancelEvent(event.event.id, of: bench.issuer, actor: "operator")
            try await bench.withWorker { _ in
                let end = try await eventually("the end of a large event") {
                    let event = try await bench.event(event)
                    return event.endedAt == nil ? nil : event
                }
                #expect(end.status == .cancelled)
                #expect(end.deliveryCounts.map(\.count) == [2_001])
            }
        }
    }
}
