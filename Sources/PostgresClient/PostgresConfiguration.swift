/// How to reach a Postgres, and what each connection asks of it.
///
/// The connection string may hold a password, so nothing here prints it: `description`, `debugDescription` and
/// mirrors show hosts, database and user only.
///
/// **Several hosts** (`host=a,b,c`) are tried in order, each with its own ``connectTimeout``. Unless the string
/// says otherwise they are tried with `target_session_attrs=read-write`, so that a failover is followed.
///
/// **Behind pgbouncer in transaction mode** set ``preparedStatements`` to `false`. Then no session state is relied
/// on: statements are sent unprepared, each transaction sets the timeouts with `set local` in the same message as
/// its BEGIN, and a statement outside a transaction has the client's deadline only. `LISTEN` and the migrator need
/// a direct connection there.
public struct PostgresConfiguration: Sendable, Hashable {
    /// Any libpq conninfo string or URI. Secret.
    public let connectionString: String
    /// What `pg_stat_activity` shows, unless the connection string names something itself.
    public let applicationName: String
    /// The longest wait for one host to accept a connection; the addresses of one name share it. Resolving a name is not covered: libpq does it in
    /// one blocking call, so a pool fails the waiting job by its deadline instead.
    public var connectTimeout: Duration
    /// The server cancels a longer statement; zero turns it off. A statement without a deadline of its own is
    /// given up by the client a second later.
    public var statementTimeout: Duration
    /// The server gives up a longer wait for a lock; zero turns it off.
    public var lockTimeout: Duration
    /// The server ends a session that sits idle in a transaction for longer; zero turns it off.
    public var idleInTransactionTimeout: Duration
    /// How often a server of version 14 or newer checks during a statement that its client is still there.
    public var clientCheckInterval: Duration
    /// Whether statements are kept prepared and the session may be configured; `false` behind pgbouncer in
    /// transaction mode.
    public var preparedStatements: Bool

    let targets: [ConnectionTarget]

    /// Checks and keeps a configuration; nothing is sent.
    ///
    /// - Parameters:
    ///   - connectionString: any libpq conninfo string or URI, with one host or several.
    ///   - applicationName: what `pg_stat_activity` shows; `lastcall` unless told.
    ///   - connectTimeout: for each host; 2 s unless told.
    ///   - statementTimeout: on the server; 10 s unless told, zero for none.
    ///   - lockTimeout: on the server; 5 s unless told, zero for none.
    ///   - idleInTransactionTimeout: on the server; 10 s unless told, zero for none.
    ///   - clientCheckInterval: on the server; 2 s unless told, zero for never.
    ///   - preparedStatements: `true` unless told.
    /// - Throws: ``PostgresError/configuration(_:)``, which never quotes the string.
    public init(
        connectionString: String,
        applicationName: String = "lastcall",
        connectTimeout: Duration = .seconds(2),
        statementTimeout: Duration = .seconds(10),
        lockTimeout: Duration = .seconds(5),
        idleInTransactionTimeout: Duration = .seconds(10),
        clientCheckInterval: Duration = .seconds(2),
        preparedStatements: Bool = true
    ) throws(PostgresError) {
        self.connectionString = connectionString
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.idleInTransactionTimeout = idleInTransactionTimeout
        self.clientCheckInterval = clientCheckInterval
        self.preparedStatements = preparedStatements
        targets = try ConnectionTarget.parse(connectionString, applicationName: applicationName)
    }

    /// What is set once for a session; the check for a vanished client needs version 14.
    func sessionSettings(serverVersion: Int32) -> String {
        var settings = [
            "set statement_timeout = \(statementTimeout.wholeMilliseconds)",
            "set lock_timeout = \(lockTimeout.wholeMilliseconds)",
            "set idle_in_transaction_session_timeout = \(idleInTransactionTimeout.wholeMilliseconds)",
            // Short statements over many partitions would be compiled for longer than they run.
            "set jit = off",
            // A plan that was made while a table was small is kept, and would walk all of it once a bulk logout has filled it.
            "set enable_seqscan = off",
        ]
        if serverVersion >= 140_000 {
            settings.append("set client_connection_check_interval = \(clientCheckInterval.wholeMilliseconds)")
        }
        return settings.joined(separator: "; ")
    }

    /// The same for one transaction, where a session cannot be relied on.
    var transactionSettings: [String] {
        [
            "set local statement_timeout = \(statementTimeout.wholeMilliseconds)",
            "set local lock_timeout = \(lockTimeout.wholeMilliseconds)",
            "set local idle_in_transaction_session_timeout = \(idleInTransactionTimeout.wholeMilliseconds)",
        ]
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Hosts, database and user; never the password.
    public var description: String { "postgres(" + targets.map(\.label).joined(separator: ", ") + ")" }

    /// As ``description``.
    public var debugDescription: String { description }

    /// Without children: `dump` and reflecting loggers would print the connection string.
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

extension Duration {
    /// Whole milliseconds, rounded up so that a short wait does not become none, within `0 ... Int32.max`.
    var wholeMilliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds < 2_147_483 else { return .max }
        let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        return Int32(clamping: max(0, milliseconds))
    }
}
