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

    // The servers.

    static let listen = Setting.address(
        "listen",
        default: "127.0.0.1:8080",
        unix: true,
        "Where the API and the console answer. Port 0 lets the system choose."
    )
    static let adminListen = Setting.address(
        "admin_listen",
        default: "127.0.0.1:8081",
        unix: false,
        "Where /metrics, /healthz and /readyz answer."
    )
    static let apiConnectionLimit = Setting.integer(
        "api_connection_limit",
        default: 10_000,
        1...1_000_000,
        unit: "connections",
        "Open connections to the API; more are answered 503 and closed until one ends."
    )
    static let apiInProgressLimit = Setting.integer(
        "api_in_progress_limit",
        default: 2_000,
        1...1_000_000,
        unit: "calls",
        "Calls that one process works on at once, without those that wait; more are answered 503."
    )
    static let apiHeaderDeadline = Setting.seconds(
        "api_header_deadline_seconds",
        default: 10,
        from: 0.1,
        to: 300,
        "How long a request's head may take, from the opening of a connection or from its first byte."
    )
    static let apiBodyDeadline = Setting.seconds(
        "api_body_deadline_seconds",
        default: 30,
        from: 0.1,
        to: 3_600,
        "How long a request's body may take, on top of what api_body_floor_bytes_per_second earns it."
    )
    static let apiBodyFloor = Setting.integer(
        "api_body_floor_bytes_per_second",
        default: 32_768,
        1_024...1_073_741_824,
        unit: "bytes per second",
        "How fast a long body must come; time in which Lastcall does not read it does not count."
    )
    static let apiIdle = Setting.seconds(
        "api_idle_seconds",
        default: 75,
        from: 0.1,
        to: 3_600,
        "How long a connection may be open between two requests."
    )
    static let apiWriteDeadline = Setting.seconds(
        "api_write_deadline_seconds",
        default: 30,
        from: 0.1,
        to: 3_600,
        "How long a caller may take to read an answer that fills its connection."
    )
    static let apiHeaderLimit = Setting.integer(
        "api_header_limit_bytes",
        default: 16_384,
        1_024...1_048_576,
        unit: "bytes",
        "The longest request head: the request target and all header fields."
    )
    static let apiHeaderFieldLimit = Setting.integer(
        "api_header_field_limit",
        default: 100,
        10...10_000,
        unit: "fields",
        "The most header fields of a request."
    )
    static let apiTargetLimit = Setting.integer(
        "api_target_limit_bytes",
        default: 8_192,
        1_024...1_048_576,
        unit: "bytes",
        "The longest request target: path and query as they are sent."
    )
    static let bodyLimit = Setting.integer(
        "body_limit_bytes",
        default: 1_048_576,
        1_024...16_777_216,
        unit: "bytes",
        "The longest request body; the import of sessions has a limit of its own."
    )
    static let intakeQueueLimit = Setting.integer(
        "intake_queue_limit",
        default: 10_000,
        1...1_000_000,
        unit: "requests",
        "Requests that may wait for a group commit; more are answered 503."
    )
    static let auditStreamLimit = Setting.integer(
        "audit_stream_limit",
        default: 1_000,
        1...1_000_000,
        unit: "streams",
        "Streams of the audit trail that may be open in one process; more are answered 503."
    )
    static let apiKeyCallsPerSecond = Setting.integer(
        "api_key_calls_per_second",
        default: 20_000,
        0...1_000_000,
        unit: "calls a second",
        "Calls that one API key may make of one process, unless it has a limit of its own; more are answered 429. 0: no limit."
    )
    static let apiKeyBurstCalls = Setting.integer(
        "api_key_burst_calls",
        default: 20_000,
        1...1_000_000,
        unit: "calls",
        "Calls that one API key may make at once after a pause."
    )
    static let failedAuthenticationsPerSecond = Setting.integer(
        "failed_authentications_per_second",
        default: 200,
        0...100_000,
        unit: "calls a second",
        "Calls without a valid API key that one process looks into; more are answered 429 unseen. 0: no limit."
    )

    static let waitLimit = Setting.integer(
        "wait_limit",
        default: 10_000,
        0...1_000_000,
        unit: "calls",
        "Calls that may wait for the end of a logout event; more are answered at once."
    )

    // TLS.

    static let tlsCertificate = Setting.path(
        "tls_certificate_file",
        without: "plain HTTP",
        example: "/etc/lastcall/tls.pem",
        "The API's certificate and those between it and its authority, in PEM. Changed files are taken in."
    )
    static let tlsPrivateKey = Setting.path(
        "tls_private_key_file",
        without: "plain HTTP",
        example: "/etc/lastcall/tls-key.pem",
        "The certificate's private key, in PEM, not encrypted."
    )
    static let tlsMinimumVersion = Setting.word(
        "tls_minimum_version",
        default: "1.2",
        of: ["1.2", "1.3"],
        "The oldest TLS version that is spoken."
    )
    static let tlsClientCA = Setting.path(
        "tls_client_ca_file",
        without: "no client certificates",
        example: "/etc/lastcall/callers-ca.pem",
        "Certificate authorities of callers' certificates, in PEM."
    )
    static let tlsClientCertificates = Setting.word(
        "tls_client_certificates",
        default: "none",
        of: ["none", "optional", "required"],
        "Whether callers show a certificate: not at all, a good one or none, or a good one always."
    )
    static let tlsReload = Setting.seconds(
        "tls_reload_seconds",
        default: 5,
        from: 0.1,
        to: 3_600,
        "How often it is looked whether the TLS files have changed; SIGHUP reads them at once."
    )

    // Keys.

    static let operatorAPIKey = Setting<Secret<String>>.operatorKey(
        "operator_api_key",
        "The first operator key of the API."
    )
    static let keyEncryptionKey = Setting<Secret<[UInt8]>>.encryptionKey(
        "key_encryption_key",
        "What private signing keys are encrypted with at rest. Lose it and they are lost."
    )
    static let previousKeyEncryptionKeys = Setting<Secret<[[UInt8]]>>.encryptionKeys(
        "previous_key_encryption_keys",
        "Key-encryption keys before the current one: they open what lastcall keys reseal has not sealed anew yet."
    )
    static let keyPublication = Setting.seconds(
        "key_publication_seconds",
        default: 3_600,
        from: 0,
        to: 2_592_000,
        "How long a new signing key stands in the JWK Set before it may sign."
    )
    static let retiredKeyPublication = Setting.seconds(
        "retired_key_publication_seconds",
        default: 86_400,
        from: 183,
        to: 31_536_000,
        "How long a retired key stays in the JWK Set: past the end of the last token that it may have signed."
    )
    static let clockSkewLimit = Setting.seconds(
        "clock_skew_limit_seconds",
        default: 5,
        from: 0.1,
        to: 60,
        "How far this machine's clock may be from the database's before signing stops."
    )
    static let signerThreads = Setting.integer(
        "signer_threads",
        default: 0,
        0...256,
        unit: "threads",
        "Threads that sign logout tokens; 0 means one a core."
    )

    static let pkcs11Module = Setting.path(
        "pkcs11_module",
        without: "no HSM",
        example: "/usr/lib/softhsm/libsofthsm2.so",
        "The PKCS#11 library of the HSM that holds signing keys. Only workers load it."
    )
    static let pkcs11PIN = Setting<Secret<String>>.word(
        "pkcs11_pin",
        without: "the token asks for none",
        allowed: "1 to 255 visible ASCII characters",
        example: "the user PIN of the token",
        1...255,
        "The user PIN of the HSM's tokens."
    )
    static let remoteSignerURL = Setting(
        "remote_signer_url",
        .text,
        default: nil,
        without: "no signer",
        allowed: "https:// and so on; http:// to loopback with allow_insecure_loopback",
        example: "https://signer.example.com/v1/sign",
        "The OP's own signer, which holds signing keys. Only workers call it."
    ) { text in
        let isForm = text.hasPrefix("https://") || text.hasPrefix("http://")
        return isForm && text.utf8.allSatisfy { (0x21...0x7E).contains($0) } ? text : nil
    }
    static let remoteSignerToken = Setting<Secret<String>>.word(
        "remote_signer_token",
        without: "none is sent",
        allowed: "1 to 4096 visible ASCII characters",
        example: "printed by: openssl rand -base64 33",
        1...4_096,
        "The bearer token of calls to the signer."
    )
    static let remoteSignerCAFile = Setting.path(
        "remote_signer_ca_file",
        without: "ca_file, or the system's",
        example: "/etc/lastcall/signer-ca.pem",
        "Certificate authorities that the signer is checked against, in PEM."
    )
    static let remoteSignerTimeout = Setting.seconds(
        "remote_signer_timeout_seconds",
        default: 2,
        from: 0.05,
        to: 30,
        "How long the signer may take for a signature; never longer than the delivery's lease allows."
    )
    static let remoteSignerMaxInFlight = Setting.integer(
        "remote_signer_max_in_flight",
        default: 64,
        1...1_024,
        unit: "calls",
        "Calls of the signer at once in one process; as many may wait for their turn."
    )

    // Relying parties.

    static let allowPrivateNetworks = Setting.boolean(
        "allow_private_networks",
        default: false,
        "Whether logout tokens may go to private addresses. Cloud metadata addresses stay forbidden."
    )
    static let allowInsecureLoopback = Setting.boolean(
        "allow_insecure_loopback",
        default: false,
        "Whether they may go to loopback addresses and over plain http there. For development."
    )
    static let caFile = Setting.path(
        "ca_file",
        without: "the system's",
        example: "/etc/lastcall/ca.pem",
        "Certificate authorities that relying parties are checked against, in PEM."
    )
    static let authoritiesDir = Setting.path(
        "ca_dir",
        without: "no authorities to name",
        example: "/etc/lastcall/ca",
        "A folder of certificate authorities, <name>.pem; a client names one as its ca, and only that one is trusted there."
    )
    static let tlsClientCertificatesDir = Setting.path(
        "tls_client_certificates_dir",
        without: "no certificates to name",
        example: "/etc/lastcall/client-certificates",
        "A folder of <name>.pem (certificate, chain and key) or <name>.crt and <name>.key, for tls_client_certificate of clients."
    )
    static let minimumTLSVersion = Setting<String>.word(
        "rp_tls_minimum_version",
        default: "1.2",
        of: ["1.2", "1.3"],
        "The oldest version of TLS that is spoken with relying parties."
    )
    static let clientKeysStale = Setting.seconds(
        "client_jwks_stale_seconds",
        default: 86_400,
        from: 0,
        to: 2_592_000,
        "How long the last good keys of a client serve to encrypt while its jwks_uri gives none."
    )
    static let egressProxy = Setting.proxy(
        "egress_proxy",
        "The proxy that all requests to relying parties are tunnelled through. The environment's proxies never count."
    )
    static let egressProxyCredentials = Setting<Secret<String>>.credentials(
        "egress_proxy_credentials",
        "Sent to that proxy, and to nobody else."
    )
    static let egressProxyResolvesNames = Setting.boolean(
        "egress_proxy_resolves_names",
        default: false,
        "Whether that proxy is given names instead of addresses that Lastcall judged. It must then judge them itself."
    )
    static let propagateTraceContext = Setting.boolean(
        "propagate_trace_context",
        default: false,
        "Whether relying parties get the traceparent of the logout that they are told of."
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

    // Logs.

    static let logLevel = Setting.level(
        "log_level",
        default: .info,
        "The least severe level that is logged."
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
