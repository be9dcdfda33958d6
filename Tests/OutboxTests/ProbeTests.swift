import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Probes", .lastcallDatabase, .timeLimit(.minutes(30)))
struct ProbeTests {
    private func ask(_ bench: Workbench, _ clientID: String = "rp", patience: Double = 60) async throws
        -> AskedProbe?
    {
        try await bench.store.askForProbe(
            of: clientID,
            issuer: bench.issuer,
            actor: "somebody",
            usualTimeout: 5,
            patience: patience
        )
    }

    private func take(_ bench: Workbench, limit: Int = 10, worker: Int32? = nil) async throws -> [UUID] {
        try await bench.store.takeProbes(limit: limit, worker: worker ?? bench.worker, usualTimeout: 5).map(
            \.id
        )
    }

    @Test("many workers take each probe once")
    func once() async throws {
        let bench = try await Workbench(connections: 8)
        try await bench.putClient("rp")
        var asked: Set<UUID> = []
        for _ in 0..<20 { asked.insert(try #require(try await ask(bench)).id) }
        let taken = try await withThrowingTaskGroup(of: [UUID].self) { group in
            for _ in 0..<8 {
                group.addTask { [store = bench.store, worker = bench.worker] in
                    try await store.takeProbes(limit: 5, worker: worker, usualTimeout: 5).map(\.id)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let rest = try await take(bench, limit: 20)
        #expect(taken.count + rest.count == 20 && Set(taken + rest) == asked)
        #expect(try await take(bench).isEmpty)
    }

    @Test("a probe's outcome is written once, with one audit event, by whoever took it")
    func finished() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let probe = try #require(try await ask(bench)).id
        #expect(try await bench.store.probe(probe, of: bench.issuer) == .waiting)
        let result = ProbeResult(
            outcome: .rejected,
            httpStatus: 400,
            latencyMilliseconds: 12,
            error: "invalid_request",
            errorDescription: "no"
        )
        #expect(try await !bench.store.finishProbe(probe, worker: bench.worker, result))
        #expect(try await take(bench) == [probe])
        #expect(try await bench.store.probe(probe, of: bench.issuer) == .taken)
        let other = try await bench.store.registerWorker(named: "other")
        #expect(try await !bench.store.finishProbe(probe, worker: other, result))
        #expect(try await bench.store.finishProbe(probe, worker: bench.worker, result))
        #expect(
            try await !bench.store.finishProbe(probe, worker: bench.worker, ProbeResult(outcome: .delivered))
        )
        #expect(try await !bench.store.finishProbe(probe, worker: nil, ProbeResult(outcome: .unknown)))
        #expect(try await bench.store.probe(probe, of: bench.issuer) == .finished(result))
        #expect(
            try bench.texts(
                """
                select concat_ws(' ', type, severity, client_id, actor, data ->> 'outcome', data ->> 'http_status', data ->> 'latency_ms')
                from lastcall.audit_events where type = 'client.probed'
                """
            ) == ["client.probed info rp somebody rejected 400 12"]
        )
        #expect(try bench.number("select count(*) from lastcall.delivery_queue") == 0)
    }

    @Test("an outcome that does not commit with its audit event is not written")
    func together() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let probe = try #require(try await ask(bench)).id
        _ = try await take(bench)
        try bench.refuseAudit()
        await #expect(throws: (any Error).self) {
            try await bench.store.finishProbe(probe, worker: bench.worker, ProbeResult(outcome: .delivered))
        }
        #expect(try await bench.store.probe(probe, of: bench.issuer) == .taken)
    }

    @Test("a probe that was withdrawn is never taken, and one that was taken is not withdrawn")
    func withdrawn() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let first = try #require(try await ask(bench)).id
        #expect(try await bench.store.withdrawProbe(first, of: bench.issuer))
        #expect(try await take(bench).isEmpty)
        #expect(try await bench.store.probe(first, of: bench.issuer) == nil)
        let second = try #require(try await ask(bench)).id
        #expect(try await take(bench) == [second])
        #expect(try await !bench.store.withdrawProbe(second, of: bench.issuer))
    }

    @Test(
        "a probe is taken only while its attempt can be over before its caller has gone",
        arguments: [(60.0, true), (0.0, false)]
    )
    func expired(patience: Double, isTaken: Bool) async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let probe = try #require(try await ask(bench, patience: patience)).id
        #expect(try await take(bench) == (isTaken ? [probe] : []))
    }

    @Test("its time is the client's, else the issuer's, else the usual one")
    func timeouts() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        #expect(try await ask(bench)?.timeoutSeconds == 5)
        try await Workbench.putIssuer("acme", in: bench.store, delivery: #"{"attempt_timeout_seconds": 7}"#)
        #expect(try await ask(bench)?.timeoutSeconds == 7)
        try await bench.putClient("rp", delivery: #"{"attempt_timeout_seconds": 0.5}"#)
        #expect(try await ask(bench)?.timeoutSeconds == 0.5)
    }

    @Test(
        "a client without a URI is not probed; one that is not there, deleted, another issuer's or a webhook is not found"
    )
    func nobody() async throws {
        let bench = try await Workbench()
        try await bench.putClient("bare", uri: nil)
        #expect(try await ask(bench, "bare") == nil)
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try await bench.putClient("theirs", of: other)
        try await bench.putClient("gone")
        try await bench.deleteClient("gone")
        try await bench.putWebhook("https://hook.example/")
        for name in ["ghost", "theirs", "gone", "completion-webhook"] {
            await #expect(throws: OutboxError.notFound) { try await ask(bench, name) }
        }
        #expect(try bench.number("select count(*) from lastcall.probes") == 0)
    }

    @Test("a client that is deleted, or loses its URI, before a worker comes is not probed")
    func changed() async throws {
        let bench = try await Workbench()
        try await bench.putClient("a")
        try await bench.putClient("b")
        _ = try await (ask(bench, "a"), ask(bench, "b"))
        try await bench.deleteClient("a")
        try await bench.putClient("b", uri: nil)
        #expect(try await take(bench).isEmpty)
    }

    @Test("probes of more than a day ago are forgotten, so many at a time")
    func forgotten() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let fresh = try #require(try await ask(bench)).id
        try bench.run(
            """
            insert into lastcall.probes (probe_id, issuer_key, client_key, actor, expires_at)
            select lastcall.uuid7(now() - interval '24 h 1 s' - n * interval '1 h'), 1, 1, 'x', now() from generate_series(1, 5) n;
            insert into lastcall.probes (probe_id, issuer_key, client_key, actor, expires_at)
            select lastcall.uuid7(now() - interval '23 h 59 min'), 1, 1, 'x', now();
            """
        )
        #expect(try await bench.store.forgetProbes(limit: 3) == 3)
        #expect(try await bench.store.forgetProbes(limit: 3) == 2)
        #expect(try await bench.store.forgetProbes(limit: 3) == 0)
        #expect(try bench.number("select count(*) from lastcall.probes") == 2)
        #expect(try await bench.store.probe(fresh, of: bench.issuer) == .waiting)
    }
}
