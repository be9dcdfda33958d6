import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import PostgresClient
import ServiceLifecycle
import Testing

@Suite("Waiting for the end of an event", .lastcallDatabase, .timeLimit(.minutes(30)))
struct EndWatchTests {
    /// Longer than any healthy test takes.
    static let long = Duration.seconds(600)

    /// Waits in a task of its own, and returns once the watch counts so many.
    func waiting(
        _ watch: EndWatch,
        _ event: LogoutEventID,
        _ issuer: Int32,
        within time: Duration = long,
        count: Int = 1
    ) async throws -> Task<EndWatch.Outcome, Never> {
        let task = Task { await watch.end(of: event, issuer: issuer, within: time) }
        try await eventually("\(count) waiters") { watch.count == count }
        return task
    }

    @Test("an event that ends is noticed in every process, by a look")
    func look() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let watches = [EndWatch(store: bench.store, limit: 10), EndWatch(store: bench.store, limit: 10)]
        var tasks: [Task<EndWatch.Outcome, Never>] = []
        for watch in watches { tasks.append(try await waiting(watch, event, bench.issuer)) }
        let claimed = try #require(try await bench.claim(lane).first)
        let batch = try await bench.settle(claimed, .delivered([]), .delivered, status: 200)
        #expect(batch.endedEvents == [event])
        for task in tasks { #expect(await task.value == .ended) }
        #expect(watches.map(\.count) == [0, 0])
    }

    @Test("an end that is told in the process needs no database")
    func hint() async throws {
        let configuration = try PostgresConfiguration(
            connectionString: "host=/nowhere user=nobody",
            applicationName: "test"
        )
        let store = Workbench.store(try PostgresPool(configuration: configuration, size: 1))
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let ids = [
            try await bench.accept(1, for: "rp").event.id, try await bench.accept(1, for: "rp").event.id,
        ]
        let watch = EndWatch(store: store, limit: 10)
        let first = try await waiting(watch, ids[0], bench.issuer)
        let second = try await waiting(watch, ids[1], bench.issuer, count: 2)
        watch.ended([ids[0]])
        #expect(await first.value == .ended)
        #expect(watch.count == 1)
        watch.ended([ids[1]])
        #expect(await second.value == .ended)
    }

    @Test("while the database is away a waiter waits on, and its time is up all the same")
    func away() async throws {
        let bench = try await Workbench()
        let configuration = try PostgresConfiguration(
            connectionString: "host=/nowhere user=nobody",
            applicationName: "test"
        )
        let store = Workbench.store(try PostgresPool(configuration: configuration, size: 1))
        try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let watch = EndWatch(store: store, limit: 10)
        let outcome = await watch.end(of: event, issuer: bench.issuer, within: .milliseconds(100))
        #expect(outcome == .timedOut)
        #expect(watch.count == 0)
    }

    @Test("an event that goes with its issuer is over")
    func gone() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let watch = EndWatch(store: bench.store, limit: 10)
        let task = try await waiting(watch, event, bench.issuer)
        try bench.run("delete from lastcall.logout_events")
        #expect(await task.value == .ended)
    }

    @Test("a waiter that is cancelled, before or while it waits, leaves at once and nothing behind")
    func cancelled() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let watch = EndWatch(store: bench.store, limit: 100)
        let task = try await waiting(watch, event, bench.issuer)
        task.cancel()
        #expect(await task.value == .cutShort)
        #expect(watch.count == 0)
        // A race with its own beginning, many times.
        let issuer = bench.issuer
        for _ in 1...50 {
            let racing = Task { await watch.end(of: event, issuer: issuer, within: Self.long) }
            racing.cancel()
            #expect(await racing.value == .cutShort)
        }
        #expect(watch.count == 0)
    }

    @Test("beyond the limit nobody waits, and who leaves makes room")
    func limit() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let watch = EndWatch(store: bench.store, limit: 1)
        let first = try await waiting(watch, event, bench.issuer)
        #expect(await watch.end(of: event, issuer: bench.issuer, within: Self.long) == .refused)
        first.cancel()
        #expect(await first.value == .cutShort)
        let next = try await waiting(watch, event, bench.issuer)
        watch.ended([event])
        #expect(await next.value == .ended)
    }

    @Test("a graceful shutdown answers everybody at once, and nobody waits after it")
    func shutdown() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        let event = try await bench.accept(1, for: "rp").event.id
        let watch = EndWatch(store: bench.store, limit: 10)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: watch)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        )
        async let running: Void = group.run()
        let task = try await waiting(watch, event, bench.issuer)
        await group.triggerGracefulShutdown()
        try await running
        #expect(await task.value == .cutShort)
        #expect(await watch.end(of: event, issuer: bench.issuer, within: Self.long) == .refused)
        #expect(watch.count == 0)
    }
}
