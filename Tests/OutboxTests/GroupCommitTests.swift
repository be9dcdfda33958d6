import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Group commit", .lastcallDatabase, .timeLimit(.minutes(30)))
struct GroupCommitTests {
    typealias Answer = Result<Acceptance, any Error>

    static func gate(_ store: OutboxStore, waiting: Int = 1_000) -> IntakeGate {
        GroupCommit(
            store: store,
            wake: WakeSignal(store: store),
            usualDeliverWithin: 60,
            maximumWaiting: waiting,
            concurrency: 1
        )
    }

    /// Holds a commit up, fills the queue behind it, sees one more refused, and lets go.
    private func answers(behindHeldCommit requests: [LogoutEventRequest], in bench: Workbench) async throws
        -> [Answer]
    {
        let gate = Self.gate(bench.store, waiting: requests.count)
        let lone = bench.request([])
        let holder = try Workbench.connect()
        try holder.execute(script: "begin; lock table lastcall.logout_events in access exclusive mode")
        async let first = gate.accept(lone)
        try await bench.awaitBlocked(1)
        async let others = withTaskGroup(of: (Int, Answer).self) { group in
            for (index, request) in requests.enumerated() {
                group.addTask {
                    do {
                        return (index, .success(try await gate.accept(request)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        try await eventually("a full queue") { gate.waiting == requests.count }
        await #expect(throws: OutboxError.overloaded(waiting: requests.count)) { try await gate.accept(lone) }
        try holder.execute(script: "rollback")
        #expect(try await first.word == "fresh")
        return await others.sorted { $0.0 < $1.0 }.map(\.1)
    }

    @Test("requests that arrive during a commit share the next one, and one too many is refused at once")
    func shares() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let requests = (0..<20).map { bench.request([.sub("rp", "u\($0)")]) }
        let answers = try await answers(behindHeldCommit: requests, in: bench)
        let subs = try answers.map { try $0.get().accepted?.deliveries.first?.sub }
        #expect(subs == (0..<20).map { "u\($0)" })
        #expect(try bench.number("select count(distinct xmin::text) from lastcall.logout_events") == 2)
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 21)
    }

    @Test("a commit carries at most so many targets, unless one request has more")
    func targets() async throws {
        let bench = try await Workbench()
        let half = (0..<6_000).map { LogoutTarget.sid("unknown", "s\($0)") }
        let answers = try await answers(
            behindHeldCommit: [bench.request(half), bench.request(half), bench.request([])],
            in: bench
        )
        #expect(try answers.map { try $0.get().word } == ["fresh", "fresh", "fresh"])
        #expect(try bench.number("select count(distinct xmin::text) from lastcall.logout_events") == 3)
    }

    @Test(
        "a request that cannot be stored takes none of its neighbours with it",
        arguments: ["u\0", String(repeating: "u", count: 256)]
    )
    func badNeighbour(sub: String) async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let subs = ["a", sub, "b"]
        let answers = try await answers(
            behindHeldCommit: subs.map { bench.request([.sub("rp", $0)]) },
            in: bench
        )
        #expect(try answers[0].get().accepted?.deliveries.first?.sub == "a")
        #expect(throws: PostgresError.self) { try answers[1].get() }
        #expect(try answers[2].get().accepted?.deliveries.first?.sub == "b")
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 3)
    }

    @Test("twins in one commit are one event, whichever comes first")
    func twins() async throws {
        let bench = try await Workbench()
        let requests = (0..<9).map { bench.request([], key: "key\($0 % 3)", body: $0 < 6 ? "body" : "other") }
        let answers = try await answers(behindHeldCommit: requests, in: bench).map { try $0.get() }
        for key in 0..<3 {
            let words = stride(from: key, to: 9, by: 3).map { answers[$0].word }
            #expect(words.count { $0 == "fresh" } == 1)
            #expect(words.count { $0 == "conflict" } == (words[2] == "fresh" ? 2 : 1))
        }
        #expect(try bench.number("select count(*) from lastcall.logout_events") == 4)
    }

    /// Otherwise a request without a key that is durable already would be answered with the failure of another.
    @Test("a request that is durable is answered, whatever becomes of a twin that must be asked again")
    func twinFails() async throws {
        let bench = try await Workbench()
        let answers = try await bench.store.accept(
            [bench.request([]), bench.request([], key: "key"), bench.request([], key: "key")],
            usualDeliverWithin: 60
        )
        #expect(answers.map { $0?.word } == ["fresh", "fresh", nil])
    }

    @Test("a database that is away fails those who wait, and nobody else later")
    func away() async throws {
        let bench = try await Workbench()
        let gate = Self.gate(bench.store)
        let request = bench.request([])
        try bench.run("alter table lastcall.logout_events rename to gone")
        await #expect(throws: PostgresError.self) { try await gate.accept(request) }
        try bench.run("alter table lastcall.gone rename to logout_events")
        #expect(try await gate.accept(request).word == "fresh")
    }
}
