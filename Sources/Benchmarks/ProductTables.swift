internal import PostgresClient

/// What the benchmark reads of the product's tables, as their superuser: counts for its checks, never on the way of what it
/// measures.
enum ProductTables {
    /// Attempts of all deliveries.
    static let attempts = PostgresStatement(
        name: "bench_attempts",
        text: "select count(*) from lastcall.attempts",
        access: .readOnly
    )

    /// Attempts that have failed, by what they met.
    static let failedAttempts = PostgresStatement(
        name: "bench_failed_attempts",
        text:
            "select outcome::text, count(*) from lastcall.attempts where outcome <> 'delivered' group by 1 order by 1",
        access: .readOnly
    )

    /// Audit events that say a delivery was made.
    static let deliveredAudits = PostgresStatement(
        name: "bench_delivered_audits",
        text: "select count(*) from lastcall.audit_events where type = 'logout.back_channel.delivered'",
        access: .readOnly
    )
}
