import DeliveryPolicy
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient
import Testing

@Suite("Many clients, one worker", .lastcallDatabase, .serialized)
struct IsolationTests {
    @Test("a client that hangs delays none of fifty healthy ones")
    func hangingClient() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let slow = try Bench.relyingParty(standing: .gate(gate, then: .ok))
            let healthy = try Bench.relyingParty()
            try await bench.addClient("slow", uri: slow.uri(), delivery: #"{"attempt_timeout_seconds": 60}"#)
            for number in 1...50 { try await bench.addClient("rp-\(number)", uri: healthy.uri("/\(number)")) }
            let stuck = try await bench.logout("slow", sessions: 300)
            let targets = (1...50).map { LogoutTarget(clientID: "rp-\($0)", sub: "alice", sid: "s") }
            let event = try await bench.logout(targets)
            try await bench.withWorker { settings, _ in
                settings.slots = 16
            } _: { worker in
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
                #expect(Set(healthy.received.map(\.target)).count == 50)
                #expect(try await bench.event(stuck).endedAt == nil)
                // Nobody has heard from it, so it has what an unknown client may have, however much is queued.
                #expect(slow.received.count <= LaneSchedule.firstWindow)
                #expect(worker.held <= LaneSchedule.firstWindow)
                gate.open()
                #expect(try await bench.end(of: stuck).event.status == .completed)
                #expect(slow.received.count == 300)
            }
        }
    }

    @Test("a client never has more in flight than it allows", arguments: [1, 2, 5])
    func maxInFlight(cap: Int) async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let rp = try Bench.relyingParty(standing: .gate(gate, then: .ok))
            let other = try Bench.relyingParty()
            // Enough answers to open the lane's window as far as its cap lets it.
            for _ in 1...20 { rp.script(.ok) }
            try await bench.addClient(
                uri: rp.uri(),
                delivery: #"{"max_in_flight": \#(cap), "attempt_timeout_seconds": 60}"#
            )
            try await bench.addClient("other", uri: other.uri())
            let event = try await bench.logout(sessions: 60)
            try await bench.withWorker { worker in
                _ = try await rp.next(20 + cap)
                // Rounds of the worker in which it could have claimed more.
                for _ in 1...5 { _ = try await bench.end(of: bench.logout("other")) }
                #expect(rp.received.count == 20 + cap)
                // The other client's last delivery is put away a moment after its end is recorded.
                try await eventually("\(cap) in hand") { worker.held == cap }
                gate.open()
                #expect(try await bench.end(of: event).event.status == .completed)
                #expect(rp.received.count == 60)
            }
        }
    }

    @Test("a process holds no more deliveries than it has slots")
    func slots() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let rp = try Bench.relyingParty(standing: .gate(gate, then: .ok))
            for number in 1...12 { try await bench.addClient("rp-\(number)", uri: rp.uri()) }
            let targets = (1...12).map { LogoutTarget(clientID: "rp-\($0)", sub: "alice", sid: nil) }
            let event = try await bench.logout(targets)
            try await bench.withWorker { settings, _ in
                settings.slots = 3
            } _: { worker in
                _ = try await rp.next(3)
                #expect(worker.held == 3)
                #expect(
                    try await bench.count(
                        "select count(*) from lastcall.delivery_queue where lease_until > now()"
                    ) == 3
                )
                gate.open()
                #expect(try await bench.end(of: event).event.status == .completed)
                #expect(rp.received.count == 12)
            }
        }
    }

    @Test("a retry is found behind hundreds of clients that wait for theirs")
    func manyWaitingLanes() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            for number in 1...300 { try await bench.addClient("rp-\(number)", uri: rp.uri("/\(number)")) }
            let targets = (1...300).map { LogoutTarget(clientID: "rp-\($0)", sub: "alice", sid: nil) }
            let event = try await bench.logout(targets)
            try await bench.execute(
                """
                update lastcall.delivery_queue set due_at = now() + interval '1 hour'
                where client_key <> (select client_key from lastcall.clients where client_id = 'rp-300')
                """
            )
            try await bench.withWorker { _ in
                _ = try await rp.next()
                #expect(rp.received.map(\.target) == ["/300"])
                _ = try await eventually("the delivery") {
                    try await bench.delivery(event, 300).delivery.status == "delivered" ? true : nil
                }
            }
        }
    }

    @Test("an announced lane is claimed without waiting for a look through the queue")
    func announced() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.withWorker { settings, _ in
                settings.pollInterval = .seconds(600)
            } _: { worker in
                try await eventually("a reading of the clock") { worker.clocksAgree }
                let first = try await bench.logout()
                worker.wake(first.lanes)
                #expect(try await bench.end(of: first).event.status == .completed)
                let second = try await bench.logout()
                worker.wake(nil)
                #expect(try await bench.end(of: second).event.status == .completed)
            }
        }
    }

    @Test("every algorithm is signed with its own key and verifies", arguments: [SignatureAlgorithm.allCases])
    func algorithms(all: [SignatureAlgorithm]) async throws {
        try await Bench.run(alg: nil) { bench in
            let rp = try Bench.relyingParty()
            for alg in all {
                try await bench.addKey(alg, kid: "key-\(alg.rawValue)")
                try await bench.addClient(alg.rawValue, uri: rp.uri("/\(alg.rawValue)"), alg: alg)
            }
            let targets = all.map { LogoutTarget(clientID: $0.rawValue, sub: "alice", sid: "s-1") }
            let event = try await bench.logout(targets)
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
            }
            for alg in all {
                let requests = rp.received.filter { $0.target == "/\(alg.rawValue)" }
                let claims = try await bench.verified(requests, aud: alg.rawValue)
                #expect(claims.map(\.algorithm) == [alg.rawValue])
                #expect(claims.map(\.kid) == ["key-\(alg.rawValue)"])
            }
        }
    }

    static let known: [(String?, String?)] = [("alice", nil), (nil, "s-1"), ("алиса", "ß 1")]

    @Test("a token says only what is known of the session", arguments: known)
    func claims(sub: String?, sid: String?) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri(), delivery: #"{"token_lifetime_seconds": 30}"#)
            let event = try await bench.logout([LogoutTarget(clientID: "rp", sub: sub, sid: sid)])
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
            }
            let claims = try #require(try await bench.verified(rp.received).first)
            #expect(claims.sub == sub)
            #expect(claims.sid == sid)
            #expect(claims.exp - claims.iat == 30)
        }
    }
}
