import AuditTrail
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("What a lane sends, and when", .lastcallDatabase, .serialized)
struct LaneOrderTests {
    @Test("an interactive logout goes out before hundreds of bulk ones that have waited for longer")
    func interactiveFirst() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let rp = try Bench.relyingParty()
            rp.script(.gate(gate, then: .ok))
            try await bench.addClient(uri: rp.uri(), delivery: #"{"max_in_flight": 1}"#)
            let targets = (1...300).map { LogoutTarget(clientID: "rp", sub: "alice", sid: "bulk-\($0)") }
            var request = LogoutEventRequest(issuerKey: bench.issuer, scope: .targets(targets), actor: "test")
            request.priority = .bulk
            _ = try await bench.store.accept([request], usualDeliverWithin: 86_400)
            try await bench.withWorker { _ in
                _ = try await rp.next()
                let event = try await bench.logout([
                    LogoutTarget(clientID: "rp", sub: "bob", sid: "interactive")
                ])
                gate.open()
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
                // The one that was in flight already, then the interactive one.
                let sids = try await bench.verified(Array(rp.received.prefix(2))).map(\.sid)
                #expect(sids.last == "interactive")
                #expect(sids.first??.hasPrefix("bulk") == true)
                _ = try await rp.next(20)
            }
        }
    }

    @Test("nothing goes to a client on hold; once released, it goes at once")
    func hold() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            let other = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.addClient("other", uri: other.uri())
            func hold(_ isHeld: Bool) async throws {
                let note = AuditNote(isHeld ? .clientHeld : .clientReleased, clientID: "rp", actor: "test")
                let client = try await bench.store.hold("rp", of: bench.issuer, isHeld, note: note)
                #expect(client.isHeld == isHeld)
            }
            try await hold(true)
            let event = try await bench.logout(sessions: 3)
            #expect(event.lanes.isEmpty)
            let lane = try await bench.addClient(uri: rp.uri()).key
            try await bench.withWorker { settings, _ in
                settings.pollInterval = .seconds(600)
            } _: { worker in
                try await eventually("a reading of the clock") { worker.clocksAgree }
                worker.wake([lane])
                for _ in 1...5 {
                    let logout = try await bench.logout("other")
                    worker.wake(logout.lanes)
                    _ = try await bench.end(of: logout)
                }
                #expect(rp.connections == 0)
                #expect(try await bench.event(event).endedAt == nil)
                try await hold(false)
                worker.wake([lane])
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
            }
        }
    }

    @Test("a logout of a user who has logged in again since is not sent, and ends as expired")
    func superseded() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout([LogoutTarget(clientID: "rp", sub: "alice", sid: nil)])
            try await bench.execute(
                """
                insert into lastcall.participations (issuer_key, client_key, session_id, sub)
                select issuer_key, client_key, 'new', 'alice' from lastcall.clients
                """
            )
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "expired")
                #expect(try end.delivery.reason == "superseded_by_new_session")
                #expect(try end.attempts.isEmpty)
                #expect(rp.connections == 0)
            }
            #expect(try await bench.audit(event).map(\.type).contains("logout.back_channel.expired"))
        }
    }
}
