import Foundation
import LastcallTestKit
import Testing

@Suite("A fleet of workers", .lastcallDatabase, .serialized)
struct WorkerFleetTests {
    private let leased = "select count(*) from lastcall.delivery_queue where lease_until > '-infinity'"

    @Test("a logout that the API accepts arrives once at each RP, whichever worker takes it")
    func delivers() async throws {
        let fleet = try Fleet()
        let rps = try (1...4).map { _ in try Fleet.relyingParty() }
        let names = rps.indices.map { "rp-\($0)" }
        try await fleet.prepare(Dictionary(uniqueKeysWithValues: zip(names, rps.map { $0.uri() })))
        let api = try await fleet.start("serve")
        let workers = [try await fleet.start("work"), try await fleet.start("work")]
        let targets = names.map { #"{"client_id": "\#($0)", "sub": "alice", "sid": "s-1"}"# }
        let answer = try await LoopbackCall.send(
            "POST",
            "/v1/issuers/op/logout-events",
            port: api.port,
            key: Fleet.operatorKey,
            body: #"{"targets": [\#(targets.joined(separator: ","))]}"#
        )
        #expect(answer.status == 202)
        let deliveries = try await fleet.end(of: try object(answer.body).text("id"))
        #expect(try deliveries.map { try $0.text("status") } == Array(repeating: "delivered", count: 4))
        for (name, rp) in zip(names, rps) {
            #expect(try await fleet.verified(rp.received, aud: name).count == 1)
        }
        for member in workers + [api] { #expect(await member.process.stop() == .exit(0)) }
        #expect(try fleet.count(leased) == 0)
    }

    @Test("a worker that is killed after its RP got the token is followed by another with a fresh token")
    func killedAfterPost() async throws {
        let fleet = try Fleet()
        let gate = Gate()
        let rp = try Fleet.relyingParty()
        rp.script(.gate(gate, then: .ok))
        try await fleet.prepare(["rp": rp.uri()])
        let first = try await fleet.start("work")
        let event = try await fleet.logout("rp")
        _ = try await rp.next()
        #expect(await first.process.crash() == .signal(9))
        let second = try await fleet.start("work")
        let delivery = try #require(try await fleet.end(of: event).first)
        gate.open()
        #expect(try delivery.text("status") == "delivered")
        #expect(try delivery.attempts("outcome") == ["unknown", "delivered"])
        let workers = try delivery.attempts("worker").compactMap(\.self)
        #expect(workers.map { $0.hasSuffix("-\(first.process.id)") } == [true, false])
        let claims = try await fleet.verified(rp.received, aud: "rp")
        #expect(Set(claims.map(\.jti)).count == 2)
        #expect(try delivery.attempts("jti") == [nil, claims.last?.jti])
        #expect(await second.process.stop() == .exit(0))
    }

    @Test("a worker that is killed before its RP got the token is followed by another")
    func killedBeforePost() async throws {
        let fleet = try Fleet()
        let authority = try TestAuthority.shared().authority
        let stalled = try ScriptedRelyingParty(authority: authority, transport: .stalled)
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": stalled.uri()])
        let first = try await fleet.start("work")
        let event = try await fleet.logout("rp")
        try await eventually("a connection") { stalled.connections > 0 }
        #expect(await first.process.crash() == .signal(9))
        try await fleet.command(
            "clients",
            "put",
            "op",
            "rp",
            "--backchannel-logout-uri",
            rp.uri(),
            "--id-token-signed-response-alg",
            "ES256"
        )
        let second = try await fleet.start("work")
        let delivery = try #require(try await fleet.end(of: event).first)
        #expect(try delivery.attempts("outcome") == ["unknown", "delivered"])
        #expect(try await fleet.verified(rp.received, aud: "rp").count == 1)
        #expect(await second.process.stop() == .exit(0))
    }

    @Test("SIGTERM lets an attempt in flight end and be recorded, and leaves nothing leased")
    func drains() async throws {
        let fleet = try Fleet()
        let gate = Gate()
        let rp = try Fleet.relyingParty(standing: .gate(gate, then: .ok))
        try await fleet.prepare(["rp": rp.uri()])
        let worker = try await fleet.start("work")
        let event = try await fleet.logout("rp")
        _ = try await rp.next()
        worker.process.send(SIGTERM)
        // The operator's port closes first: by then the process is stopping.
        try await eventually("the shutdown") {
            (try? await LoopbackCall.send("GET", "/healthz", port: worker.port)) == nil
        }
        gate.open()
        #expect(await worker.process.end() == .exit(0))
        let delivery = try #require(try await fleet.end(of: event).first)
        #expect(try delivery.text("status") == "delivered")
        #expect(try delivery.attempts("outcome") == ["delivered"])
        #expect(try fleet.count(leased) == 0)
        #expect(rp.received.count == 1)
    }

    @Test("a worker that slept past its lease cannot overwrite what its follower recorded")
    func fenced() async throws {
        let fleet = try Fleet()
        let gate = Gate()
        let rp = try Fleet.relyingParty()
        rp.script(.gate(gate, then: .status(400)))
        try await fleet.prepare(["rp": rp.uri()])
        let sleeper = try await fleet.start("work")
        let event = try await fleet.logout("rp")
        _ = try await rp.next()
        // The answer comes while it sleeps.
        sleeper.process.send(SIGSTOP)
        gate.open()
        let follower = try await fleet.start("work")
        let delivery = try #require(try await fleet.end(of: event).first)
        #expect(try delivery.text("status") == "delivered")
        #expect(try delivery.attempts("outcome") == ["unknown", "delivered"])
        sleeper.process.send(SIGCONT)
        // Whether it still reads the answer or finds its time gone, it settles, and is fenced.
        try await eventually("the late settlement") {
            let metrics = try await LoopbackCall.send("GET", "/metrics", port: sleeper.port)
            return metrics.body.contains("lastcall_settles_fenced_total 1\n")
        }
        let after = try #require(try await fleet.end(of: event).first)
        #expect(try after.text("status") == "delivered")
        #expect(try after.attempts("outcome") == ["unknown", "delivered"])
        for member in [sleeper, follower] { #expect(await member.process.stop() == .exit(0)) }
    }
}
