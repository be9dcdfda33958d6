internal import Glibc
package import PostgresClient
internal import Synchronization

/// The Postgres of a world: a primary with what is shipped (`fsync`, `full_page_writes`, `synchronous_commit` on), a standby, a proxy
/// or a pooler before it where the setup asks for them.
///
/// The product connects as `lastcall`, the owner of its database, who is no superuser. All calls block, for as long as it takes.
package final class ChaosPostgres: Sendable {
    /// The first server; after ``promoteStandby()`` it is history.
    package let primary: PostgresServer
    /// The server that follows it.
    package let standby: PostgresServer?
    /// What the product's connections go through.
    package let proxy: CuttingProxy?
    /// What the product's transactions go through.
    package let pooler: TransactionPooler?
    private let watch: ClusterWatch
    private let isFailedOver = Mutex(false)

    /// Makes a folder and in it the servers, and starts them.
    ///
    /// - Parameters:
    ///   - setup: which standby, proxy, pooler and disk.
    ///   - folder: where the folder goes; it must be on the disk that Postgres is to use, with a short path.
    /// - Throws: ``ChaosError`` with the last words of a server; then nothing is left behind.
    package init(setup: WorldSetup, folder: String) throws {
        var path = Array("\(folder)/lastcall-chaos-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&path) != nil else {
            throw ChaosError("no folder below \(folder): errno \(errno)")
        }
        let base = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The server runs as a user of its own, who must get to its data.
        unsafe chmod(base, 0o755)
        watch = try ClusterWatch(base)
        do {
            primary = try PostgresServer(folder: base + "/primary", disk: setup.disk)
            try primary.start()
            try Self.makeDatabase(primary)
            standby =
                setup.standby == .none
                ? nil : try Self.makeStandby(base, primary, isSynchronous: setup.standby == .synchronous)
            proxy = setup.viaProxy ? try CuttingProxy(upstream: primary.folder + "/.s.PGSQL.5432") : nil
            pooler = setup.viaPooler ? try TransactionPooler(folder: base + "/pooler", server: primary) : nil
        } catch {
            watch.end()
            throw error
        }
    }

    // MARK: How to reach it

    /// For the product; through the proxy or the pooler where there is one.
    package var connectionString: String {
        if let port = proxy?.port ?? pooler?.port {
            return "host=127.0.0.1 port=\(port) \(Self.database) sslmode=disable gssencmode=disable"
        }
        return "\(servers) \(Self.database)"
    }

    /// How the product is told, by the names of its settings in the environment.
    package var productSettings: [String: String] {
        var settings = ["LASTCALL_DATABASE_URL": connectionString]
        if pooler != nil {
            settings["LASTCALL_DATABASE_LISTEN_URL"] = "\(servers) \(Self.database)"
            settings["LASTCALL_DATABASE_PREPARED_STATEMENTS"] = "false"
        }
        return settings
    }

    /// For the accounts: as a superuser, never through a proxy, to whichever server takes writes.
    package var directConfiguration: PostgresConfiguration {
        get throws {
            try PostgresConfiguration(
                connectionString: "\(servers) user=postgres dbname=lastcall",
                applicationName: "lastcall-chaos",
                connectTimeout: .seconds(5),
                statementTimeout: .seconds(120),
                lockTimeout: .zero,
                idleInTransactionTimeout: .zero
            )
        }
    }

    private static let database = "user=lastcall dbname=lastcall"

    private var servers: String {
        guard let standby else { return "host=\(primary.folder) port=5432" }
        return "host=\(primary.folder),\(standby.folder) port=5432,5432"
    }

    // MARK: What happens to it

    /// The server that takes writes.
    package var current: PostgresServer { isFailedOver.withLock { $0 } ? standby ?? primary : primary }

    /// Stops the server that takes writes as a crash would.
    ///
    /// - Throws: ``ChaosError``.
    package func stopImmediate() throws { try current.stop(.immediate) }

    /// Starts it again, and waits until it takes connections.
    ///
    /// - Throws: ``ChaosError``.
    package func start() throws { try current.start() }

    /// Crashes and starts it.
    ///
    /// - Throws: ``ChaosError``.
    package func restart() throws {
        try stopImmediate()
        try start()
    }

    /// Makes the standby the primary; the first server should not run any more.
    ///
    /// - Throws: ``ChaosError`` where there is no standby, or it does not become one.
    package func promoteStandby() throws {
        guard let standby else { throw ChaosError("this world has no standby") }
        try standby.promote()
        isFailedOver.withLock { $0 = true }
        proxy?.retarget(to: standby.folder + "/.s.PGSQL.5432")
    }

    /// Opens a connection as the superuser, with two minutes for each statement.
    ///
    /// - Returns: the connection; it is for one task at a time.
    /// - Throws: `PostgresError`.
    package func connect() throws -> PostgresConnection {
        try PostgresConnection.connect(try directConfiguration)
    }

    /// Runs SQL as the superuser.
    ///
    /// - Parameter script: one or several statements.
    /// - Throws: `PostgresError`.
    package func execute(_ script: String) throws { try connect().execute(script: script) }

    /// Asks for one number as the superuser.
    ///
    /// - Parameter query: of one `bigint`.
    /// - Returns: what it says; 0 without a row.
    /// - Throws: `PostgresError`.
    package func number(_ query: String) throws -> Int {
        let statement = PostgresStatement(name: "number", text: query, access: .readOnly)
        return Int(try connect().query(statement).first?.optionalInt8(0) ?? 0)
    }

    /// Ends sessions of the product.
    ///
    /// - Parameter condition: on a row of `pg_stat_activity`; all of them unless told.
    /// - Returns: how many.
    /// - Throws: `PostgresError`.
    @discardableResult
    package func terminateBackends(matching condition: String = "true") throws -> Int {
        try signalBackends("pg_terminate_backend", condition)
    }

    /// Cancels what sessions of the product are doing.
    ///
    /// - Parameter condition: on a row of `pg_stat_activity`; all of them unless told.
    /// - Returns: how many.
    /// - Throws: `PostgresError`.
    @discardableResult
    package func cancelBackends(matching condition: String = "true") throws -> Int {
        try signalBackends("pg_cancel_backend", condition)
    }

    private func signalBackends(_ function: String, _ condition: String) throws -> Int {
        try number(
            "select count(\(function)(pid)) from pg_stat_activity where usename = 'lastcall' and (\(condition))"
        )
    }

    /// Ends everything and removes its folder.
    package func close() {
        proxy?.close()
        watch.end()
    }
}

extension ChaosPostgres {
    /// The product's role may make `lastcall_tenant`, and look at what `/readyz` and `lastcall doctor` report.
    private static func makeDatabase(_ server: PostgresServer) throws {
        let configuration = try PostgresConfiguration(
            connectionString: server.administration + " dbname=postgres"
        )
        let connection = try PostgresConnection.connect(configuration)
        try connection.execute(
            script: "create role lastcall login createrole; grant pg_read_all_stats to lastcall"
        )
        try connection.execute(script: "create database lastcall owner lastcall template template0")
    }

    private static func makeStandby(
        _ base: String,
        _ primary: PostgresServer,
        isSynchronous: Bool
    ) throws -> PostgresServer {
        let standby = try PostgresServer(folder: base + "/standby", following: primary, as: "standby")
        try standby.start()
        let configuration = try PostgresConfiguration(
            connectionString: primary.administration + " dbname=postgres"
        )
        let connection = try PostgresConnection.connect(configuration)
        if isSynchronous {
            try connection.execute(script: "alter system set synchronous_standby_names = 'standby'")
            try connection.execute(script: "select pg_reload_conf()")
        }
        let following = PostgresStatement(
            name: "following",
            text: """
                select count(*) from pg_stat_replication
                where state = 'streaming' and sync_state = '\(isSynchronous ? "sync" : "async")'
                """,
            access: .readOnly
        )
        let deadline = ContinuousClock.now + .seconds(30)
        while try connection.query(following).first?.int8(0) != 1 {
            guard ContinuousClock.now < deadline else {
                throw ChaosError("the standby does not follow: \(standby.log.suffix(2_000))")
            }
            usleep(20_000)
        }
        return standby
    }
}
