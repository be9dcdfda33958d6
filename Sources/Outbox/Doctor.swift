public import LogoutModel
import PostgresClient

/// Looks at the database and says what is wrong and what to do about it.
///
/// It only reads, and needs no more rights than Lastcall has; what it may not see it says in its place. Where a figure
/// becomes a warning or an error stands beside each check, and in `docs/doctor.md`.
public struct Doctor: Sendable {
    /// What the settings of this process say, to be held against the database.
    public struct Settings: Sendable {
        /// How long a lease lasts.
        public var lease: Duration
        /// By how much a lease must outlast its attempt.
        public var leaseMargin: Duration
        /// The longest statement.
        public var statementTimeout: Duration
        /// How far the clocks may be apart.
        public var clockSkewLimit: Duration
        /// For how many days partitions are made ahead.
        public var partitionDaysAhead: Int

        /// All of them.
        public init(
            lease: Duration,
            leaseMargin: Duration,
            statementTimeout: Duration,
            clockSkewLimit: Duration,
            partitionDaysAhead: Int
        ) {
            self.lease = lease
            self.leaseMargin = leaseMargin
            self.statementTimeout = statementTimeout
            self.clockSkewLimit = clockSkewLimit
            self.partitionDaysAhead = partitionDaysAhead
        }
    }

    /// From where on a figure is a warning, and from where on an error.
    public struct Threshold: Sendable {
        /// From here on a warning.
        public var warning: Double
        /// From here on an error.
        public var error: Double

        /// A pair of figures; infinity: never.
        public init(warning: Double, error: Double) {
            self.warning = warning
            self.error = error
        }
    }

    /// Where figures become warnings and errors.
    public struct Limits: Sendable {
        /// Age of a snapshot, a transaction or a prepared one, in seconds.
        public var holderSeconds = Threshold(warning: 60, error: 3_600)
        /// Transactions that a replication slot holds back.
        public var slotTransactions = Threshold(warning: 1_000_000, error: 50_000_000)
        /// Connections in use, as a share of all.
        public var connectionShare = Threshold(warning: 0.8, error: 0.95)
        /// Time by which a standby is behind, in seconds.
        public var standbySeconds = Threshold(warning: 10, error: 300)
        /// Dead rows of the queue: twenty times what vacuum comes for, and a thousand times.
        public var deadRows = Threshold(warning: 100_000, error: 5_000_000)
        /// Deliveries that have not ended.
        public var waiting = Threshold(warning: 1_000_000, error: .infinity)
        /// How long a delivery that may be sent has been due, in seconds.
        public var delaySeconds = Threshold(warning: 60, error: 600)
        /// Age of the oldest audit event that is not sealed, in seconds.
        public var unsealedSeconds = Threshold(warning: 60, error: 3_600)
        /// How long a chore has been due, in seconds: workers look every half a minute.
        public var choreSeconds = Threshold(warning: 600, error: .infinity)
        /// The mean time between two checkpoints below which most must not be asked for, in seconds.
        public var checkpointSeconds = 120.0
        /// A next key should have been activated so long after its publication, in days.
        public var nextKeyDays = 7.0
        /// API keys are named so long before they end, in days.
        public var apiKeyDays = 14.0

        /// The usual ones.
        public init() {}
    }

    /// How long one look may take.
    static let patience = Duration.seconds(30)

    let store: OutboxStore
    let settings: Settings
    let limits: Limits
    let now: @Sendable () -> Timestamp

    /// A doctor for the database of a store. `now` is this machine's clock.
    public init(
        store: OutboxStore,
        settings: Settings,
        limits: Limits = Limits(),
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.store = store
        self.settings = settings
        self.limits = limits
        self.now = now
    }

    /// Looks at everything.
    ///
    /// - Returns: at least one finding for each check; without a schema only that it is missing.
    /// - Throws: ``PostgresError`` where the database is away.
    public func examine() async throws -> [DoctorFinding] {
        let schema = try await schema()
        guard schema.severity < .error else { return [schema] }
        var findings = [schema]
        findings += try await looking(.role) { try await role() }
        findings += try await looking(
            .clock,
            .durability,
            .crashSafety,
            .autovacuum,
            .connections,
            .checkpoints
        ) {
            try await server()
        }
        findings += try await looking(.standbys) { try await standbys() }
        findings += try await looking(.snapshot, .preparedTransactions, .replicationSlots) {
            try await holders()
        }
        findings += try await looking(.queueBloat, .queueDepth, .queueDelay) { try await queue() }
        findings += try await looking(.partitionHorizon, .defaultPartitions) { try await partitions() }
        findings += try await looking(.retention, .statistics) { try await chores() }
        findings += try await looking(.leases) { try await leases() }
        findings += try await looking(.auditSeals) { try await auditSeals() }
        findings += try await looking(.signingKeys, .nextKeys) { try await keys() }
        findings += try await looking(.breakers, .heldClients) { try await clients() }
        findings += try await looking(.apiKeys) { try await apiKeys() }
        let order = DoctorFinding.Check.allCases
        return findings.sorted { left, right in
            (order.firstIndex(of: left.check) ?? 0) < (order.firstIndex(of: right.check) ?? 0)
        }
    }

    /// Runs one look; what the server refuses becomes a finding, what the network does an error.
    private func looking(
        _ checks: DoctorFinding.Check...,
        look: () async throws -> [DoctorFinding]
    ) async throws -> [DoctorFinding] {
        do {
            return try await look()
        } catch PostgresError.server(let sqlState, let message, _, _) {
            return checks.map {
                DoctorFinding($0, .unknown, "could not be looked at: \(message)", remedy(for: sqlState))
            }
        }
    }

    private func remedy(for sqlState: SQLState) -> String {
        sqlState.code == "42501"
            ? "Give Lastcall's database user the right: grant pg_monitor to it, or make it the owner of its tables."
            : "See the server's log; a query that was cancelled took longer than database_statement_timeout_seconds."
    }

    /// Runs one of the doctor's statements.
    func rows<Result: Sendable>(
        _ statement: PostgresStatement,
        _ values: PostgresValue...,
        read: @escaping @Sendable (inout ColumnReader) throws -> Result
    ) async throws -> [Result] {
        try await store.perform(within: Self.patience) { connection in
            try connection.query(statement, parameters: values).map { row in
                var columns = ColumnReader(row)
                return try read(&columns)
            }
        }
    }

    private func schema() async throws -> DoctorFinding {
        do {
            let state = try await store.perform(within: Self.patience) { connection in
                try Migrator(OutboxSchema.migrations()).state(on: connection)
            }
            guard state.pending.isEmpty else {
                let pending =
                    "\(state.pending.count) of \(state.applied.count + state.pending.count) migrations"
                return DoctorFinding(.schema, .error, "\(pending) are missing", "Run lastcall migrate.")
            }
            guard state.newer.isEmpty else {
                return DoctorFinding(
                    .schema,
                    .warning,
                    "the database has \(state.newer.count) migrations that this program does not know",
                    "Bring this program to the version that the others have."
                )
            }
            return DoctorFinding(.schema, .ok, "\(state.applied.count) migrations, all applied")
        } catch PostgresError.server(let sqlState, let message, _, _) {
            return DoctorFinding(
                .schema,
                .unknown,
                "could not be looked at: \(message)",
                remedy(for: sqlState)
            )
        } catch PostgresError.migration(let problem) {
            return DoctorFinding(
                .schema,
                .error,
                "the database's schema is not this program's: \(problem)",
                "Run the version of Lastcall that the database was migrated with, or a newer one."
            )
        }
    }

    private func role() async throws -> [DoctorFinding] {
        let name = TenantRole.name
        let remedy = "An administrator must run what docs/decisions/0008-tenants.md says of a restore."
        return switch try await store.tenantRole() {
        case .ready: [DoctorFinding(.role, .ok, "statements can act as \(name)")]
        case .missing: [DoctorFinding(.role, .error, "the cluster lacks the role \(name)", remedy)]
        case .forbidden: [DoctorFinding(.role, .error, "Lastcall may not act as \(name)", remedy)]
        }
    }
}

extension DoctorFinding {
    /// A finding whose severity a figure decides: from `warning` on a warning, from `error` on an error.
    init(
        _ check: Check,
        _ value: Double,
        _ threshold: Doctor.Threshold,
        _ figure: String,
        _ remedy: String
    ) {
        let severity: Severity =
            value >= threshold.error ? .error : value >= threshold.warning ? .warning : .ok
        self.init(check, severity, figure, remedy)
    }
}

extension Double {
    /// Seconds as people say them.
    var asTime: String {
        switch self {
        case ..<0: "0 s"
        case ..<10: "\(Int(self * 10) / 10).\(Int(self * 10) % 10) s"
        case ..<120: "\(Int(self)) s"
        case ..<7_200: "\(Int(self / 60)) min"
        case ..<172_800: "\(Int(self / 3_600)) h"
        default: "\(Int(self / 86_400)) days"
        }
    }
}

extension [String] {
    /// The first few of a list, and how many more there are.
    var firstFew: String {
        prefix(3).joined(separator: ", ") + (count > 3 ? " and \(count - 3) more" : "")
    }
}
