public import DeliveryPolicy
public import Logging

/// Everything that Lastcall can be told, read and checked.
///
/// Each property is one setting of the reference; times are durations, and secrets print as `<secret>`.
public struct LastcallSettings: Sendable {
    /// The settings file that was read, if any.
    public let config: String?
    /// Where `lastcall up` keeps its Postgres and its keys.
    public let dataDirectory: String
    /// The folder of `initdb` and `postgres`; `nil`: search.
    public let postgresBinDirectory: String?

    /// The database; `nil`: the embedded one.
    public let databaseURL: Secret<String>?
    /// A direct connection for LISTEN; ``databaseURL`` unless told.
    public let databaseListenURL: Secret<String>?
    /// Connections of one process.
    public let databasePoolSize: Int
    /// Whether statements are prepared once a connection.
    public let databasePreparedStatements: Bool
    /// The longest statement.
    public let databaseStatementTimeout: Duration
    /// The longest wait for a lock; shorter than ``databaseStatementTimeout``.
    public let databaseLockTimeout: Duration

    /// Where the API answers.
    public let listen: ListenAddress
    /// Where metrics and health answer; never a Unix socket, and not ``listen``.
    public let adminListen: ListenAddress
    /// Open connections to the API.
    public let apiConnectionLimit: Int
    /// The longest request body, in bytes.
    public let bodyLimit: Int
    /// Requests that may wait for a group commit.
    public let intakeQueueLimit: Int
    /// Calls that may wait for the end of an event.
    public let waitLimit: Int
    /// Streams of the audit trail at once.
    public let auditStreamLimit: Int
    /// Whether the operator's pages are served.
    public let console: Bool
    /// Whether TLS ends in front of the console.
    public let consoleBehindTLS: Bool
    /// How long somebody stays signed in without using the console.
    public let consoleIdle: Duration
    /// How long somebody stays signed in at all.
    public let consoleSession: Duration
    /// Pages that may update themselves at once.
    public let consoleStreamLimit: Int
    /// Calls that are worked on at once.
    public let apiInProgressLimit: Int
    /// How long a request's head may take.
    public let apiHeaderDeadline: Duration
    /// How long a request's body may take, without what its length earns it.
    public let apiBodyDeadline: Duration
    /// How fast a long body must come, in bytes a second.
    public let apiBodyFloor: Int
    /// How long a connection may be open between two requests.
    public let apiIdle: Duration
    /// How long an answer may take to be read.
    public let apiWriteDeadline: Duration
    /// The longest request head, in bytes.
    public let apiHeaderLimit: Int
    /// The most header fields.
    public let apiHeaderFieldLimit: Int
    /// The longest request target, in bytes.
    public let apiTargetLimit: Int

    /// The API's certificate chain; `nil`: plain HTTP.
    public let tlsCertificate: String?
    /// The certificate's private key; there if ``tlsCertificate`` is.
    public let tlsPrivateKey: String?
    /// `1.2` or `1.3`.
    public let tlsMinimumVersion: String
    /// Authorities of callers' certificates; there unless ``tlsClientCertificates`` is `none`.
    public let tlsClientCA: String?
    /// `none`, `optional` or `required`.
    public let tlsClientCertificates: String
    /// The time between two looks at the TLS files.
    public let tlsReload: Duration
    /// Calls a second of one API key; 0: no limit.
    public let apiKeyCallsPerSecond: Int
    /// Calls of one API key at once.
    public let apiKeyBurstCalls: Int
    /// Failing authentications a second that are looked into; 0: no limit.
    public let failedAuthenticationsPerSecond: Int

    /// The first operator key: 32 to 255 visible ASCII characters.
    public let operatorAPIKey: Secret<String>?
    /// What signing keys are encrypted with: exactly 32 bytes.
    public let keyEncryptionKey: Secret<[UInt8]>?
    /// Keys before ``keyEncryptionKey``, which only open: at most 8 of 32 bytes.
    public let previousKeyEncryptionKeys: Secret<[[UInt8]]>?
    /// How long a new key is published before it may sign.
    public let keyPublication: Duration
    /// How long a retired key stays published.
    public let retiredKeyPublication: Duration
    /// How far the clock may be from the database's.
    public let clockSkewLimit: Duration
    /// Signing threads; 0: one a core.
    public let signerThreads: Int
    /// The PKCS#11 library of the HSM that holds signing keys.
    public let pkcs11Module: String?
    /// The user PIN of its tokens.
    public let pkcs11PIN: Secret<String>?
    /// The OP's own signer.
    public let remoteSignerURL: String?
    /// The bearer token of calls to it.
    public let remoteSignerToken: Secret<String>?
    /// Authorities that it is checked against; ``caFile`` unless told.
    public let remoteSignerCAFile: String?
    /// How long it may take for a signature.
    public let remoteSignerTimeout: Duration
    /// Calls of it at once.
    public let remoteSignerMaxInFlight: Int

    /// Whether private addresses are allowed.
    public let allowPrivateNetworks: Bool
    /// Whether loopback addresses and plain http there are allowed.
    public let allowInsecureLoopback: Bool
    /// The lists of hosts, ports and blocks that hold for all issuers.
    public let egress: EgressRule
    /// Certificate authorities; `nil`: the system's.
    public let caFile: String?
    /// Where authorities are that clients may name; `nil`: nowhere.
    public let authoritiesDirectory: String?
    /// Where certificates are that clients may name; `nil`: nowhere.
    public let tlsClientCertificatesDirectory: String?
    /// The oldest version of TLS: `1.2` or `1.3`.
    public let minimumTLSVersion: String
    /// How long the last good keys of a client serve.
    public let clientKeysStale: Duration
    /// What requests to relying parties are tunnelled through; `nil`: nothing.
    public let egressProxy: ProxyAddress?
    /// `user:password` for ``egressProxy``.
    public let egressProxyCredentials: Secret<String>?
    /// Whether ``egressProxy`` is given names instead of judged addresses.
    public let egressProxyResolvesNames: Bool
    /// Whether relying parties get the `traceparent`.
    public let propagateTraceContext: Bool

    /// How long a worker owns a delivery; at least ``shortestLease``.
    public let lease: Duration
    /// Attempts in flight in one process.
    public let slots: Int
    /// Connections to relying parties that one process keeps.
    public let keptConnections: Int
    /// The longest pause between two looks for due deliveries.
    public let pollInterval: Duration
    /// Outcomes in one transaction.
    public let settleBatchSize: Int
    /// How long an outcome waits for others.
    public let settleInterval: Duration
    /// Deliveries a second that a client which was down is sent at least.
    public let replayRate: Int
    /// How long a stop waits for what is in flight.
    public let drain: Duration
    /// Days of partitions made ahead.
    public let partitionDaysAhead: Int
    /// The time between two looks for history that is past.
    public let retentionInterval: Duration
    /// Days for which the installation's own trail is kept.
    public let installationRetentionDays: Int
    /// The time between two rounds of statistics.
    public let analyzeInterval: Duration

    /// The least severe level that is logged.
    public let logLevel: Logger.Level
    /// How the log names `sub` and `sid`: `hashed`, `plain` or `none`.
    public let logSubjects: String
    /// Log lines that may wait, in bytes.
    public let logBuffer: Int
    /// Whether a crash may leave what was in memory.
    public let coreDumps: Bool

    /// Clients with metrics of their own.
    public let metricsClients: Int
    /// Where spans go.
    public let tracesEndpoint: String?
    /// Headers of calls to the collector.
    public let tracesHeadersFile: String?
    /// Authorities that the collector is checked against.
    public let tracesCAFile: String?
    /// Of so many traces that begin here one is recorded.
    public let tracesSampleOneIn: Int
    /// Spans that may wait for the collector.
    public let tracesBuffer: Int

    /// Where each value came from, by setting name; `..._file` names among them.
    public let origins: [String: SettingSource]

    /// The attempt timeout that an issuer has unless told.
    public static let defaultAttemptTimeout: Duration = .seconds(5)
    /// What a lease needs on top of an attempt: to sign, to write the outcome, and to spare.
    public static let leaseMargin: Duration = .seconds(3)
    /// The longest lease of a client's own making: the longest attempt timeout and ``leaseMargin``.
    public static let longestClientLease: Duration = .seconds(60) + leaseMargin
    /// How long a token may live.
    public static let longestTokenLifetime: Duration = .seconds(120)
    /// The shortest lease: ``defaultAttemptTimeout`` and ``leaseMargin``.
    public static var shortestLease: Duration { defaultAttemptTimeout + leaseMargin }
}
