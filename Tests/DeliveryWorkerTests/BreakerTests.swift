import AuditTrail
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Breakers at work", .lastcallDatabase, .serialized)
struct BreakerTests {
    /// One attempt at a time, whose retry comes at once.
    static let oneByOne = #"{"retry_waits_seconds": [0.01], "max_in_flight": 1}"#
    /// An attempt that is held up on purpose does not end by itself.
    private static let patient =
        #"{"retry_waits_seconds": [0.01], "max_in_flight": 1, "attempt_timeout_seconds": 60}"#

    /// Keeps a breaker that opens open until the test says otherwise: a slow machine must not see its time go by.
    private static let staysOpen = """
        create function stay_open() returns trigger language plpgsql as $$
        begin new.breaker_open_until := now() + interval '1 h'; return new; end $$;
        create trigger stay_open before update on lastcall.clients for each row
            when (new.breaker_trips > old.breaker_trips) execute function stay_open()
        """

    private func awaitBreaker(_ state: BreakerState, _ bench: Bench) async throws {
        try await eventually("a breaker that is \(state)") {
            try await bench.store.client("rp", of: bench.issuer)?.breaker == state
        }
    }

    /// Lets the time of an open breaker be over.
    private func endTime(_ bench: Bench) async throws {
        try await bench.execute(
            "update lastcall.clients set breaker_open_until = now() where breaker_trips > 0"
        )
    }

    /// Rounds of the worker in which it could have claimed more.
    private func rounds(_ bench: Bench) async throws {
        for _ in 1...5 { _ = try await bench.end(of: bench.logout("other")) }
    }

    /// What the audit trail says of breakers: type and trips.
    private func audit(_ bench: Bench) async throws -> [String] {
        var filter = AuditFilter()
        filter.types = ["breaker.opened", "breaker.closed"]
        return try await bench.store.auditEvents(filter, in: IDWindow(limit: 100), of: bench.issuer).map {
            record in
            let trips = record.data?.firstMatch(of: /"trips": (\d+)/).map { String($0.1) } ?? ""
            return "\(record.type) \(record.actor) \(record.clientID ?? "") \(trips)"
        }
    }

    private func withRP(
        _ standing: ScriptedStep,
        delivery: String = oneByOne,
        on database: PostgresConfiguration? = nil,
        _ body: (Bench, ScriptedRelyingParty) async throws -> Void
    ) async throws {
        try await Bench.run(on: database) { bench in
            let rp = try Bench.relyingParty(standing: standing)
            let other = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri(), delivery: delivery)
            try await bench.addClient("other", uri: other.uri())
            try await bench.execute(Self.staysOpen)
            try await body(bench, rp)
        }
    }

    @Test(
        "five failures in a row open it; then one attempt each time its time is over, until one is answered"
    )
    func life() async throws {
        try await withRP(.status(503), delivery: Self.patient) { bench, rp in
            let event = try await bench.logout(sessions: 8)
            try await bench.withWorker { worker in
                try await awaitBreaker(.open, bench)
                try await rounds(bench)
                #expect(rp.received.count == 5)
                // No attempt was burnt without a POST.
                let attempts = "select sum(attempt_count) from lastcall.delivery_queue"
                #expect(try await bench.count(attempts) == 5)
                for trips in 2...3 {
                    try await endTime(bench)
                    _ = try await rp.next(4 + trips)
                    try await eventually("a breaker that opened \(trips) times") {
                        try await bench.count(
                            "select breaker_trips::int8 from lastcall.clients where client_id = 'rp'"
                        ) == trips
                    }
                    try await rounds(bench)
                    #expect(rp.received.count == 4 + trips)
                }
                let gate = Gate()
                rp.always(.gate(gate, then: .ok))
                try await endTime(bench)
                _ = try await rp.next(8)
                try await rounds(bench)
                #expect(rp.received.count == 8)
                // The other client's last delivery is put away a moment after its end is recorded.
                try await eventually("one delivery in hand") { worker.held == 1 }
                try await awaitBreaker(.halfOpen, bench)
                gate.open()
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
                #expect(rp.received.count == 7 + 8)
                try await awaitBreaker(.closed, bench)
            }
            #expect(
                try await audit(bench) == [
                    "breaker.opened system rp 1", "breaker.opened system rp 2", "breaker.opened system rp 3",
                    "breaker.closed system rp 3",
                ]
            )
            let seconds = """
                select count(*) from lastcall.audit_events where type = 'breaker.opened' and (data ->> 'open_seconds')::float8
                    between 0.9 * 5 * 2 ^ ((data ->> 'trips')::int - 1) and 1.1 * 5 * 2 ^ ((data ->> 'trips')::int - 1)
                """
            #expect(try await bench.count(seconds) == 3)
        }
    }

    @Test("retries that wait for an hour go out as soon as the RP is up again")
    func rouses() async throws {
        try await withRP(
            .status(500),
            delivery: #"{"retry_waits_seconds": [3600], "max_in_flight": 1}"#
        ) { bench, rp in
            let event = try await bench.logout(sessions: 6)
            try await bench.withWorker { _ in
                try await awaitBreaker(.open, bench)
                #expect(rp.received.count == 5)
                rp.always(.ok)
                try await endTime(bench)
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
                #expect(rp.received.count == 5 + 6)
            }
        }
    }

    @Test("a refusal closes it too: the RP is up", arguments: [400, 302, 429])
    func refusalCloses(status: Int) async throws {
        try await withRP(.status(500)) { bench, rp in
            _ = try await bench.logout(sessions: 6)
            try await bench.withWorker { _ in
                try await awaitBreaker(.open, bench)
                rp.script(.status(status))
                rp.always(.ok)
                try await endTime(bench)
                try await awaitBreaker(.closed, bench)
            }
            #expect(try await audit(bench) == ["breaker.opened system rp 1", "breaker.closed system rp 1"])
        }
    }

    @Test("nothing more is sent while it is being opened, however long that takes")
    func slowWrite() async throws {
        var patient = try ScratchDatabase.current.configuration
        patient.lockTimeout = .seconds(60)
        patient.statementTimeout = .seconds(60)
        try await withRP(.status(503), on: patient) { bench, rp in
            _ = try await bench.logout(sessions: 3)
            let other = try PostgresConnection.connect(ScratchDatabase.current.configuration)
            try other.execute(script: "begin; select from lastcall.clients where client_id = 'rp' for update")
            try await bench.withWorker { worker in
                _ = try await rp.next(5)
                // The fifth is recorded meanwhile, and there is more to send.
                try await eventually("nothing in flight") { worker.held == 0 }
                try await rounds(bench)
                #expect(rp.received.count == 5)
                try other.execute(script: "rollback")
                try await awaitBreaker(.open, bench)
                try await rounds(bench)
                #expect(rp.received.count == 5)
            }
        }
    }

    @Test("what cannot be written is wished for again with the next outcome")
    func refusedWrite() async throws {
        try await withRP(.status(503)) { bench, rp in
            _ = try await bench.logout(sessions: 3)
            let refusing = """
                create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
                create trigger refuse before update on lastcall.clients for each row execute function refuse()
                """
            try await bench.execute(refusing)
            try await bench.withWorker { _ in
                _ = try await rp.next(8)
                try await bench.execute("drop trigger refuse on lastcall.clients")
                try await awaitBreaker(.open, bench)
            }
            #expect(try await audit(bench) == ["breaker.opened system rp 1"])
        }
    }

    @Test("an answer among failures keeps it closed")
    func answersBetween() async throws {
        try await withRP(.ok) { bench, rp in
            for _ in 1...3 {
                rp.script(.status(500), .status(502), .resetAfterReading, .status(503))
                rp.script(.ok)
            }
            let event = try await bench.logout(sessions: 3)
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
                #expect(rp.received.count == 15)
            }
            #expect(try await audit(bench).isEmpty)
        }
    }

    @Test(
        "an RP that cannot be reached opens it",
        arguments: [ScriptedRelyingParty.Transport.wrongHost, .garbage]
    )
    func unreachable(transport: ScriptedRelyingParty.Transport) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(transport)
            try await bench.addClient(uri: rp.uri(), delivery: Self.oneByOne)
            try await bench.execute(Self.staysOpen)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                try await awaitBreaker(.open, bench)
                let found = try await bench.retrying(event, attempts: 5)
                #expect(found.attempts.map(\.outcome) == Array(repeating: "tls_failure", count: 5))
            }
        }
    }

    @Test("two workers share one breaker: it opens and closes once, and one trial runs in the fleet")
    func fleet() async throws {
        try await withRP(.status(503), delivery: #"{"retry_waits_seconds": [0.01], "max_in_flight": 8}"#) {
            bench,
            rp in
            let event = try await bench.logout(sessions: 40)
            try await bench.withWorker { first in
                try await bench.withWorker { second in
                    try await awaitBreaker(.open, bench)
                    try await eventually("nothing in flight") { first.held + second.held == 0 }
                    let count = rp.received.count
                    try await rounds(bench)
                    #expect(rp.received.count == count)
                    #expect(
                        try await bench.count("select sum(attempt_count) from lastcall.delivery_queue")
                            == count
                    )
                    let gate = Gate()
                    rp.always(.gate(gate, then: .ok))
                    try await endTime(bench)
                    _ = try await rp.next(count + 1)
                    try await rounds(bench)
                    #expect(rp.received.count == count + 1)
                    gate.open()
                    let end = try await bench.end(of: event)
                    #expect(end.event.status == .completed)
                    #expect(rp.received.count == count + 40)
                }
            }
            #expect(try await audit(bench) == ["breaker.opened system rp 1", "breaker.closed system rp 1"])
        }
    }

    @Test("a trial whose worker was lost does not keep the breaker half-open")
    func lostTrial() async throws {
        try await withRP(.ok) { bench, rp in
            let event = try await bench.logout(sessions: 3)
            let lane = try #require(event.lanes.first)
            _ = try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(60), failures: 5)
            try await endTime(bench)
            let lost = try await bench.store.registerWorker(named: "lost")
            let claim = LaneClaim(client: lane, lowWater: Timestamp(microseconds: .min), quota: 5)
            let brief = ClaimDefaults(
                leaseSeconds: 0,
                marginSeconds: 0,
                maxInFlight: 1,
                attemptTimeoutSeconds: 0
            )
            let trial = try await bench.store.claim([claim], limit: 5, worker: lost, defaults: brief)
            #expect(trial.deliveries.map(\.breakerTrips) == [1])
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
            }
            #expect(try await audit(bench) == ["breaker.opened system rp 1", "breaker.closed system rp 1"])
        }
    }

    @Test("what lost processes have left to be made due is made due by another")
    func lostRousing() async throws {
        try await withRP(.ok) { bench, rp in
            let event = try await bench.logout(sessions: 3)
            let lane = try #require(event.lanes.first)
            try await bench.execute(
                "update lastcall.delivery_queue set due_at = now() + interval '1 h', attempt_count = 1"
            )
            _ = try await bench.store.openBreaker(of: lane, trips: 0, for: .seconds(60), failures: 5)
            #expect(try await bench.store.closeBreaker(of: lane, trips: 1, replayRate: 1))
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(end.event.status == .completed)
            }
        }
    }
}
