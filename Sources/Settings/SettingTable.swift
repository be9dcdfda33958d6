internal import Logging

/// Every setting there is: the one table that names, defaults, limits and words derive from.
enum SettingTable {
    // Where everything is.

    static let config = Setting.path(
        "config",
        without: "no file",
        example: "/etc/lastcall/lastcall.toml",
        places: [.flag, .environment],
        "The settings file, in TOML. Flags come before the environment, the environment before the file."
    )
    static let dataDir = Setting.path(
        "data_dir",
        default: "./lastcall-data",
        "Where lastcall up keeps its Postgres, its first operator key and its encryption key."
    )
    static let postgresBinDir = Setting.path(
        "postgres_bin_dir",
        without: "the newest that is installed",
        example: "/usr/lib/postgresql/15/bin",
        "The folder of initdb and postgres for the embedded Postgres of lastcall up."
    )

    // The database.

    static let databaseURL = Setting<Secret<String>>.connectionString(
        "database_url",
        without: "the embedded Postgres of lastcall up",
        "The Postgres that holds everything, as a libpq connection string."
    )
    static let databaseListenURL = Setting<Secret<String>>.connectionString(
        "database_listen_url",
        without: "database_url",
        "A direct connection for LISTEN, where database_url goes through a pooler in transaction mode."
    )
    static let databasePoolSize = Setting.integer(
        "database_pool_size",
        default: 8,
        1...100,
        "Database connections of one process, without the one for LISTEN."
    )
    static let databasePreparedStatements = Setting.boolean(
        "database_prepared_statements",
        default: true,
        "Whether statements are prepared once a connection; false for a pooler that cannot carry them."
    )
    static let databaseStatementTimeout = Setting.seconds(
        "database_statement_timeout_seconds",
        default: 10,
        from: 1,
        to: 300,
        "How long one statement may take before Postgres ends it."
    )
    static let databaseLockTimeout = Setting.seconds(
        "database_lock_timeout_seconds",
        default: 2,
        from: 0.1,
        to: 60,
        "How long one statement may wait for a lock."
    )

    // Deliveries.

    static let lease = Setting.seconds(
        "lease_seconds",
        default: 10,
        from: 4,
        to: 600,
        "How long a worker owns a delivery. At least 3 seconds more than the default attempt timeout of 5."
    )
    static let slots = Setting.integer(
        "slots",
        default: 512,
        1...65_536,
        unit: "attempts",
        "Attempts in flight in one process."
    )
    static let keptConnections = Setting.integer(
        "kept_connections",
        default: 2_500,
        1...1_000_000,
        unit: "connections",
        """
        Connections to relying parties that one process keeps for their next logout, some 46 kB each. With fewer than \
        there are relying parties, those heard from longest ago are dialled again.
        """
    )
    static let pollInterval = Setting.milliseconds(
        "poll_interval_milliseconds",
        default: 250,
        5...10_000,
        "The longest pause between two looks for due deliveries."
    )
    static let settleBatchSize = Setting.integer(
        "settle_batch_size",
        default: 128,
        1...1_000,
        unit: "outcomes",
        "Outcomes that are written in one transaction."
    )
    static let settleInterval = Setting.milliseconds(
        "settle_interval_milliseconds",
        default: 5,
        0...1_000,
        "How long an outcome waits for others to be written with."
    )
    static let replayRate = Setting.integer(
        "replay_minimum_per_second",
        default: 1,
        1...1_000_000,
        unit: "deliveries a second",
        """
        A client that was down is sent what waits for it at the rate at which that came, or at this rate where it came \
        more slowly; what comes then is sent at once.
        """
    )
    static let drain = Setting.seconds(
        "drain_seconds",
        default: 25,
        from: 1,
        to: 300,
        "How long attempts and requests in flight may take to end when the process is stopped."
    )
    static let partitionDaysAhead = Setting.integer(
        "partition_days_ahead",
        default: 3,
        1...30,
        unit: "days",
        "How far ahead the leader makes the partitions of the history."
    )
    static let retentionInterval = Setting.seconds(
        "retention_interval_seconds",
        default: 21_600,
        from: 1,
        to: 86_400,
        "How often one worker of all drops the history that is older than its issuer's retention_days."
    )
    static let installationRetentionDays = Setting.integer(
        "installation_retention_days",
        default: 30,
        1...3_650,
        unit: "days",
        "How long the installation's own audit trail is kept. Longer than every issuer's: the others' rows of it go one by one."
    )
    static let analyzeInterval = Setting.seconds(
        "analyze_interval_seconds",
        default: 21_600,
        from: 1,
        to: 604_800,
        "How often one worker of all has Postgres gather statistics of the partitioned tables, which autovacuum never does."
    )

    // Logs.

    static let logLevel = Setting.level(
        "log_level",
        default: .info,
        "The least severe level that is logged."
    )
    static let logSubjects = Setting.word(
        "log_subjects",
        default: "hashed",
        of: ["hashed", "plain", "none"],
        "How log lines about a delivery name its sub and sid: by labels that lastcall log-label prints, as they are, not at all."
    )
    static let logBuffer = Setting.integer(
        "log_buffer_bytes",
        default: 4_194_304,
        65_536...1_073_741_824,
        unit: "bytes",
        "Log lines that may wait for a slow reader; more are dropped and counted. Logging never blocks."
    )
    static let coreDumps = Setting.boolean(
        "core_dumps",
        default: false,
        "Whether a crash may leave a core file and print a backtrace with registers. Both can hold keys; for debugging."
    )
}
