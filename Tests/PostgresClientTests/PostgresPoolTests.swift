import LastcallTestKit
import PostgresClient
import Testing

@Suite("Pool", .emptyDatabase, .timeLimit(.minutes(30)))
struct PostgresPoolTests {
    func pool(size: Int = 2, maximumQueuedJobs: Int = 16, maximumAge: Duration = .seconds(600)) throws
        -> PostgresPool
    {
        try PostgresPool(
            configuration: try ScratchDatabase.current.configuration,
            size: size,
            maximumQueuedJobs: maximumQueuedJobs,
            maximumAge: maximumAge
        )
    }

    func pid(_ pool: PostgresPool) async throws -> Int32 {
        try await pool.withConnection(deadline: .seconds(10)) { $0.backendPID }
    }

    @Test("many jobs share few connections")
    func shares() async throws {
        let pool = try pool(size: 3, maximumQueuedJobs: 100)
        let pids = try await withThrowingTaskGroup(of: (Int32, Int32).self) { group in
            for number in Int32(0)..<100 {
                group.addTask {
                    try await pool.withConnection(deadline: .seconds(20)) { connection in
                        let row = try connection.query(sql("select $1::int4"), .int4(number)).first
                        return (try row?.int4(0) ?? -1, connection.backendPID)
                    }
                }
            }
            return try await group.reduce(into: [Int32: Int32]()) { $0[$1.0] = $1.1 }
        }
        #expect(pids.keys.sorted() == Array(0..<100))
        #expect((1...3).contains(Set(pids.values).count))
        #expect(pool.statistics.open <= 3)
        await pool.shutdown()
    }

    @Test("one task after another uses one warm connection")
    func staysWarm() async throws {
        let pool = try pool(size: 4)
        var pids: Set<Int32> = []
        for _ in 0..<10 { pids.insert(try await pid(pool)) }
        #expect(pids.count == 1)
        #expect(pool.numbers == [1, 0, 0])
        await pool.shutdown()
    }

    @Test("a transaction rolls back when its job throws, and the connection serves on")
    func rollsBack() async throws {
        struct Refusal: Error, Hashable {}
        let pool = try pool(size: 1)
        let before = try await pid(pool)
        await #expect(throws: Refusal()) {
            try await pool.withConnection(deadline: .seconds(10)) { connection in
                try connection.transaction { connection in
                    try connection.execute(script: "create table t (n int)")
                    throw Refusal()
                }
            }
        }
        let isGone = try await pool.withConnection(deadline: .seconds(10)) { connection in
            try connection.query(sql("select to_regclass('t') is null")).first?.bool(0)
        }
        #expect(isGone == true)
        #expect(try await pid(pool) == before)
        await pool.shutdown()
    }

    @Test("a connection that was ended while it was idle is replaced before the next job notices")
    func replacesDead() async throws {
        let pool = try pool(size: 1)
        let before = try await pid(pool)
        let observer = try connect()
        try observer.query(sql("select pg_terminate_backend($1)"), .int4(before))
        try eventually(
            observer,
            "select not exists (select from pg_stat_activity where pid = $1)",
            .int4(before)
        )
        let after = try await pid(pool)
        #expect(after != before)
        #expect(pool.statistics.open == 1)
        await pool.shutdown()
    }

    @Test("a session that takes no writes is replaced, since the next one may", arguments: [true, false])
    func readOnly(inTransaction: Bool) async throws {
        let observer = try connect()
        let name = try ScratchDatabase.current.name
        try observer.execute(script: "create table t (n int)")
        try observer.execute(script: "alter database \(name) set default_transaction_read_only = on")
        let pool = try pool(size: 1)
        @Sendable func write(_ connection: PostgresConnection) throws {
            let insert = sql("insert into t values (1)")
            if inTransaction {
                try connection.transaction { try $0.query(insert) }
            } else {
                try connection.query(insert)
            }
        }
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withConnection(deadline: .seconds(10), write)
        }
        #expect(error?.sqlState == "25006")
        try observer.execute(script: "alter database \(name) reset default_transaction_read_only")
        try await pool.withConnection(deadline: .seconds(10), write)
        #expect(try observer.query(sql("select n from t")).count == 1)
        await pool.shutdown()
    }

    @Test("a transaction that a job leaves open is an error; its connection is closed and nothing committed")
    func leftOpen() async throws {
        let pool = try pool(size: 1)
        let before = try await pid(pool)
        await #expect(throws: PostgresError.transactionMisuse("left open by a job")) {
            try await pool.withConnection(deadline: .seconds(10)) { connection in
                try connection.execute(script: "begin; create table t (n int)")
            }
        }
        #expect(pool.numbers == [0, 0, 0])
        let isGone = try await pool.withConnection(deadline: .seconds(10)) { connection in
            try connection.query(sql("select to_regclass('t') is null")).first?.bool(0)
        }
        #expect(isGone == true)
        #expect(try await pid(pool) != before)
        await pool.shutdown()
    }

    @Test("a connection past its age is replaced")
    func replacesOld() async throws {
        let pool = try pool(size: 1, maximumAge: .zero)
        let first = try await pid(pool)
        #expect(try await pid(pool) != first)
        #expect(pool.statistics.open == 1)
        await pool.shutdown()
    }

    @Test("a job beyond the queue's limit is refused, the others are served")
    func queueLimit() async throws {
        let pool = try pool(size: 1, maximumQueuedJobs: 1)
        let gate = Gate()
        let first = Task { try await pool.withConnection(deadline: .seconds(30)) { _ in gate.pass() } }
        await gate.awaitJob()
        let second = Task { try await pid(pool) }
        await eventually("one job waits") { pool.statistics.queued == 1 }
        await #expect(throws: PostgresError.queueFull(limit: 1)) { _ = try await pid(pool) }
        #expect(pool.numbers == [1, 1, 1])
        gate.open()
        try await first.value
        #expect(try await second.value != 0)
        await pool.shutdown()
    }

    @Test("a job that waits past its deadline fails though every thread is stuck")
    func poolTimeout() async throws {
        let pool = try pool(size: 1)
        let gate = Gate()
        let stuck = Task { try await pool.withConnection(deadline: .seconds(30)) { _ in gate.pass() } }
        await gate.awaitJob()
        await #expect(throws: PostgresError.poolTimeout) {
            try await pool.withConnection(deadline: .milliseconds(30)) { _ in Issue.record("the job ran") }
        }
        #expect(pool.statistics.queued == 0)
        gate.open()
        try await stuck.value
        await pool.shutdown()
    }

    @Test("a job whose deadline has passed already is not started")
    func noTimeLeft() async throws {
        let pool = try pool()
        await #expect(throws: PostgresError.poolTimeout) {
            try await pool.withConnection(deadline: .zero) { _ in Issue.record("the job ran") }
        }
        await pool.shutdown()
    }

    @Test("a cancelled task stops waiting; a job that runs is finished")
    func cancellation() async throws {
        let pool = try pool(size: 1)
        let gate = Gate()
        let running = Task {
            try await pool.withConnection(deadline: .seconds(30)) { connection in
                gate.pass()
                return try connection.query(sql("select 1")).first?.int4(0)
            }
        }
        await gate.awaitJob()
        let waiting = Task {
            try await pool.withConnection(deadline: .seconds(30)) { _ in Issue.record("the job ran") }
        }
        await eventually("one job waits") { pool.statistics.queued == 1 }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        running.cancel()
        gate.open()
        #expect(try await running.value == 1)
        await pool.shutdown()
    }

    @Test("a frozen backend costs its job the deadline and the pool one connection")
    func frozenBackend() async throws {
        let pool = try pool(size: 1)
        let frozen = try await pid(pool)
        let cluster = try ScratchDatabase.current.cluster
        cluster.freezeBackend(frozen)
        await #expect(throws: PostgresError.timeout) {
            try await pool.withConnection(deadline: .milliseconds(50)) { connection in
                try connection.query(sql("select 1", .readOnly)).count
            }
        }
        #expect(try await pid(pool) != frozen)
        cluster.thawBackend(frozen)
        await pool.shutdown()
    }

    @Test(
        "where the server allows fewer connections than the pool has threads, jobs wait for those there are"
    )
    func fewerConnections() async throws {
        let database = try ScratchDatabase.current
        let role = "few_\(database.name)"
        try connect().execute(script: "create role \(role) login connection limit 1")
        let pool = try PostgresPool(
            configuration: try PostgresConfiguration(
                connectionString: "host=\(database.cluster.directory) user=\(role) dbname=\(database.name)"
            ),
            size: 2
        )
        let gate = Gate()
        let first = Task { try await pool.withConnection(deadline: .seconds(30)) { _ in gate.pass() } }
        await gate.awaitJob()
        let refused = await #expect(throws: PostgresError.self) { _ = try await pid(pool) }
        #expect(refused?.isConnection == true)
        let third = Task { try await pid(pool) }
        gate.open()
        try await first.value
        // It had the first job's connection or was refused as the second was, by which thread came first.
        _ = await third.result
        #expect(try await pid(pool) != 0)
        #expect(pool.statistics.open == 1)
        await pool.shutdown()
        try connect().execute(script: "drop role \(role)")
    }

    @Test("a pool that is shut down serves what waits, refuses the rest and closes its connections")
    func shutdown() async throws {
        let pool = try pool(size: 1)
        let gate = Gate()
        let running = Task { try await pool.withConnection(deadline: .seconds(30)) { _ in gate.pass() } }
        await gate.awaitJob()
        let waiting = Task { try await pid(pool) }
        await eventually("one job waits") { pool.statistics.queued == 1 }
        let stopping = Task { await pool.shutdown() }
        var refusal: PostgresError?
        while refusal != .closed {
            refusal = await #expect(throws: PostgresError.self) {
                try await pool.withConnection(deadline: .zero) { _ in }
            }
        }
        gate.open()
        try await running.value
        let last = try await waiting.value
        await stopping.value
        await #expect(throws: PostgresError.closed) { _ = try await pid(pool) }
        #expect(pool.numbers == [0, 0, 0])
        try eventually(
            try connect(),
            "select not exists (select from pg_stat_activity where pid = $1)",
            .int4(last)
        )
        await pool.shutdown()
    }

    @Test("run ends when its task is cancelled, and with a shutdown")
    func run() async throws {
        for isCancelled in [true, false] {
            let pool = try pool()
            let running = Task { await pool.run() }
            _ = try await pid(pool)
            if isCancelled { running.cancel() } else { await pool.shutdown() }
            await running.value
            await #expect(throws: PostgresError.closed) { _ = try await pid(pool) }
        }
    }

    @Test("a pool that nobody holds any more closes its connections")
    func dropped() async throws {
        let last = try await pid(try pool())
        try eventually(
            try connect(),
            "select not exists (select from pg_stat_activity where pid = $1)",
            .int4(last)
        )
    }
}

/// A pool whose server goes away; it has a server of its own.
@Suite("Pool without its server", .serialized, .timeLimit(.minutes(30)))
struct PoolOutageTests {
    static let cluster = Result<ScratchCluster, any Error> { try ScratchCluster() }

    let cluster: ScratchCluster
    let pool: PostgresPool

    init() throws {
        cluster = try Self.cluster.get()
        pool = try PostgresPool(
            configuration: try PostgresConfiguration(connectionString: cluster.connectionString()),
            size: 2
        )
    }

    func ask() async throws -> Int32? {
        try await pool.withConnection(deadline: .seconds(20)) { try $0.query(sql("select 1")).first?.int4(0) }
    }

    @Test("jobs fail while the server is down and are served again when it is back")
    func outage() async throws {
        #expect(try await ask() == 1)
        try cluster.stop()
        for _ in 0..<20 {
            let error = await #expect(throws: PostgresError.self) { _ = try await ask() }
            #expect(error?.isConnection == true)
        }
        #expect(pool.numbers == [0, 0, 0])
        try cluster.start()
        let end = ContinuousClock.now + .seconds(20)
        var answer: Int32?
        while answer == nil, ContinuousClock.now < end { answer = try? await ask() }
        #expect(answer == 1)
        await pool.shutdown()
    }

    @Test("a server that accepts and does not answer costs a job no more than its deadline")
    func silentServer() async throws {
        try cluster.freeze()
        await #expect(throws: PostgresError.poolTimeout) {
            try await pool.withConnection(deadline: .milliseconds(50)) { _ in Issue.record("the job ran") }
        }
        try cluster.freeze(false)
        await pool.shutdown()
    }

    @Test("while one worker tries a server that was away, other jobs fail at once with the reason known last")
    func failsFast() async throws {
        let pool = try PostgresPool(
            configuration: try PostgresConfiguration(
                connectionString: cluster.connectionString(),
                connectTimeout: .seconds(60)
            ),
            size: 2
        )
        func error(deadline: Duration) async -> PostgresError? {
            await #expect(throws: PostgresError.self) {
                try await pool.withConnection(deadline: deadline) { _ in }
            }
        }
        try cluster.stop()
        #expect(await error(deadline: .seconds(20))?.isConnection == true)
        try cluster.start()
        try cluster.freeze()
        // Jobs are refused until the backoff has passed; then one of them tries, in vain.
        while await error(deadline: .milliseconds(100)) != .poolTimeout {}
        #expect(pool.numbers == [0, 1, 0])
        #expect(await error(deadline: .seconds(20))?.isConnection == true)
        try cluster.freeze(false)
        await eventually("the worker that tries gets through") { pool.numbers == [1, 0, 0] }
        try await pool.withConnection(deadline: .seconds(20)) { try $0.execute(script: "select 1") }
        await pool.shutdown()
    }

    @Test("idle connections of a server that was restarted are replaced without an error")
    func restarted() async throws {
        #expect(try await ask() == 1)
        try cluster.restart(immediately: true)
        #expect(try await ask() == 1)
        await pool.shutdown()
    }
}
