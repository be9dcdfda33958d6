/// A delivery as the database has it.
package struct DeliveryRow: Sendable, Hashable {
    /// Its id.
    package var id: String
    /// Its event.
    package var event: String
    /// Its client.
    package var client: String
    /// Its session.
    package var sid: String
    /// Its end; `open` while it has none.
    package var status: String
    /// Attempts that were counted.
    package var attempts: Int
    /// When it ended, in microseconds since 1970; 0 while it has not.
    package var endedAt: Int64 = 0
}

/// An attempt as the database has it.
package struct AttemptRow: Sendable, Hashable {
    /// Its delivery.
    package var delivery: String
    /// Counted from 1.
    package var number: Int
    /// When it began, in microseconds since 1970.
    package var startedAt: Int64
    /// What it met.
    package var outcome: String
    /// Who made it; the name ends with the process id.
    package var worker: String
    /// The `jti` of its token, where its worker lived to write it.
    package var jti: String?
    /// Whether its RP's answer came after the lease was lost.
    package var isLate = false
}

/// A logout event as the database has it.
package struct EventRow: Sendable, Hashable {
    /// Its id.
    package var id: String
    /// How it ended.
    package var status: String
    /// Deliveries by status, as the event counts them, and those that are `open`.
    package var counts: [String: Int]
}

/// How often the audit trail says one thing of one event or delivery.
package struct AuditCount: Sendable, Hashable {
    /// The event or the delivery.
    package var subject: String
    /// The type of the audit event.
    package var type: String
    /// The status or the outcome in its data; empty where it has neither.
    package var word: String
    /// How often.
    package var count: Int
}

/// A worker that was lost.
package struct WorkerLoss: Sendable, Hashable {
    /// Its process.
    package var pid: Int32
    /// When, in microseconds since 1970.
    package var at: Int64
}
