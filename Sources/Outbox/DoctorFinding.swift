/// One thing that the doctor looked at: how it stands, the figure behind that, and what to do where it is wrong.
public struct DoctorFinding: Sendable, Hashable {
    /// How bad it is.
    public enum Severity: String, Sendable, Hashable, CaseIterable, Comparable {
        /// As it should be.
        case ok
        /// It could not be looked at.
        case unknown
        /// It will hurt.
        case warning
        /// It hurts.
        case error

        /// By how bad it is.
        public static func < (left: Severity, right: Severity) -> Bool {
            left.rank < right.rank
        }

        private var rank: Int {
            switch self {
            case .ok: 0
            case .unknown: 1
            case .warning: 2
            case .error: 3
            }
        }
    }

    /// What was looked at: a name that stays, listed in `docs/doctor.md`.
    public let check: Check
    /// How bad it is.
    public let severity: Severity
    /// The figure behind it, as a sentence.
    public let figure: String
    /// What to do; `nil` where nothing is to be done.
    public let remedy: String?

    init(_ check: Check, _ severity: Severity, _ figure: String, _ remedy: String? = nil) {
        self.check = check
        self.severity = severity
        self.figure = figure
        self.remedy = severity == .ok ? nil : remedy
    }

    /// Everything that is looked at, in the order of the report.
    public enum Check: String, Sendable, Hashable, CaseIterable {
        /// Whether the schema is this program's.
        case schema
        /// Whether statements can act for an issuer.
        case role
        /// This machine's clock and the database's.
        case clock
        /// What an acknowledged commit survives.
        case durability
        /// What crashes the server's files survive.
        case crashSafety = "crash_safety"
        /// How far standbys are behind.
        case standbys
        /// Whether dead rows are cleaned up at all.
        case autovacuum
        /// Connections in use.
        case connections
        /// How often Postgres writes everything out.
        case checkpoints
        /// The oldest snapshot and who holds it.
        case snapshot
        /// Prepared transactions that nobody has ended.
        case preparedTransactions = "prepared_transactions"
        /// Replication slots that hold dead rows back.
        case replicationSlots = "replication_slots"
        /// Dead rows in the queue.
        case queueBloat = "queue_bloat"
        /// How much waits in the queue.
        case queueDepth = "queue_depth"
        /// How late the oldest delivery is that could be sent.
        case queueDelay = "queue_delay"
        /// For how many days partitions are there.
        case partitionHorizon = "partition_horizon"
        /// What has missed its partition.
        case defaultPartitions = "default_partitions"
        /// Whether history that is past is dropped.
        case retention
        /// Whether the planner knows the partitioned tables.
        case statistics
        /// Leases against timeouts.
        case leases
        /// Audit events that are not sealed.
        case auditSeals = "audit_seals"
        /// Clients whose tokens nobody can sign.
        case signingKeys = "signing_keys"
        /// Keys that nobody activates.
        case nextKeys = "next_keys"
        /// Clients that fail.
        case breakers
        /// Clients that an operator has told to wait.
        case heldClients = "held_clients"
        /// API keys that end soon.
        case apiKeys = "api_keys"
    }
}
