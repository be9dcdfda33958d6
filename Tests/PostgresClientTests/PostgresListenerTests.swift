import LastcallTestKit
import PostgresClient
import Testing

@Suite("Listener", .emptyDatabase, .timeLimit(.minutes(30)))
struct PostgresListenerTests {
    let events: AsyncStream<PostgresListener.Event>
    let listener: PostgresListener

    init() throws {
        let (events, sink) = AsyncStream.makeStream(of: PostgresListener.Event.self)
        self.events = events
        var configuration = try ScratchDatabase.current.configuration
        configuration.connectTimeout = .seconds(5)
        listener = PostgresListener(
            configuration: configuration,
            channels: ["work", "odd \"name\""],
            pingInterval: .milliseconds(20)
        ) { sink.yield($0) }
    }

    @Test("notifications on the listener's channels arrive, others do not")
    func receives() async throws {
        let running = Task { try await listener.run() }
        var received = events.makeAsyncIterator()
        #expect(await received.next() == .connected)
        let connection = try connect()
        try connection.execute(script: "notify other, 'x'; notify work, 'é 1'; notify \"odd \"\"name\"\"\"")
        #expect(await received.next() == .notification(channel: "work", payload: "é 1"))
        #expect(await received.next() == .notification(channel: "odd \"name\"", payload: ""))
        running.cancel()
        try await running.value
    }

    @Test("a quiet connection is kept")
    func quiet() async throws {
        let running = Task { try await listener.run() }
        var received = events.makeAsyncIterator()
        #expect(await received.next() == .connected)
        let connection = try connect()
        let pinged =
            "select exists (select from pg_stat_activity where query = 'select 1' and datname = current_database())"
        try eventually(connection, pinged)
        try connection.execute(script: "notify work")
        #expect(await received.next() == .notification(channel: "work", payload: ""))
        running.cancel()
        try await running.value
    }

    @Test("a lost connection is told and made again")
    func reconnects() async throws {
        let running = Task { try await listener.run() }
        var received = events.makeAsyncIterator()
        #expect(await received.next() == .connected)
        let connection = try connect()
        let others = """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()
            """
        try connection.query(sql(others))
        guard case .disconnected = await received.next() else {
            Issue.record("the loss was not told")
            return
        }
        #expect(await received.next() == .connected)
        try connection.execute(script: "notify work, 'again'")
        #expect(await received.next() == .notification(channel: "work", payload: "again"))
        running.cancel()
        try await running.value
    }

    @Test("a listener that is cancelled before it runs returns at once")
    func cancelled() async throws {
        let running = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await listener.run()
        }
        try await running.value
    }
}
