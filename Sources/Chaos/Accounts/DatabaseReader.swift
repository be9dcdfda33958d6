internal import PostgresClient

/// Reads the product's tables as their superuser, for the accounts.
struct DatabaseReader {
    let connection: PostgresConnection

    /// - Throws: `PostgresError`.
    init(_ postgres: ChaosPostgres) throws {
        connection = try PostgresConnection.connect(postgres.directConfiguration)
    }

    /// How many deliveries and events have no end yet.
    func openCount() throws -> Int {
        Int(try connection.query(Self.open).first?.int8(0) ?? 0)
    }

    /// Reads all that is written of deliveries.
    func read(into evidence: inout Evidence) throws {
        evidence.deliveries = try connection.query(Self.deliveries).map { row in
            DeliveryRow(
                id: try row.text(0),
                event: try row.text(1),
                client: try row.text(2),
                sid: try row.optionalText(3) ?? "",
                status: try row.text(4),
                attempts: Int(try row.int4(5)),
                endedAt: try row.optionalTimestamp(6) ?? 0
            )
        }
        evidence.attempts = try connection.query(Self.attempts).map { row in
            AttemptRow(
                delivery: try row.text(0),
                number: Int(try row.int4(1)),
                startedAt: try row.timestamp(2),
                outcome: try row.text(3),
                worker: try row.optionalText(4) ?? "",
                jti: try row.optionalText(5),
                isLate: try row.bool(6)
            )
        }
        evidence.events = try connection.query(Self.events).map { row in
            var counts: [String: Int] = [:]
            let names = ["open", "delivered", "failed", "expired", "cancelled", "not_covered"]
            for (place, name) in names.enumerated() { counts[name] = Int(try row.int4(2 + place)) }
            return EventRow(id: try row.text(0), status: try row.text(1), counts: counts)
        }
        evidence.audit = try connection.query(Self.audit).map { row in
            AuditCount(
                subject: try row.text(0),
                type: try row.text(1),
                word: try row.text(2),
                count: Int(try row.int8(3))
            )
        }
    }

    /// The delivery of a session.
    func row(ofSid sid: String) throws -> DeliveryRow? {
        var evidence = Evidence()
        try read(into: &evidence)
        return evidence.deliveries.first { $0.sid == sid }
    }

    private static let open = PostgresStatement(
        name: "chaos_open",
        text:
            "select (select count(*) from lastcall.delivery_queue) + (select count(*) from lastcall.logout_events where status = 'in_progress')",
        access: .readOnly
    )
    private static let deliveries = PostgresStatement(
        name: "chaos_deliveries",
        text: """
            select delivery_id::text, lastcall.event_of(delivery_id)::text, client_id, sid, status::text, attempt_count, ended_at
            from lastcall.deliveries
            union all
            select q.delivery_id::text, lastcall.event_of(q.delivery_id)::text, c.client_id, q.sid, 'open', q.attempt_count, null
            from lastcall.delivery_queue q join lastcall.clients c using (client_key)
            """,
        access: .readOnly
    )
    private static let attempts = PostgresStatement(
        name: "chaos_attempts",
        text: """
            select a.delivery_id::text, a.number, a.started_at, a.outcome::text, w.name, a.jti::text, a.late_http_status is not null
            from lastcall.attempts a left join lastcall.workers w using (worker_key) order by a.delivery_id, a.number
            """,
        access: .readOnly
    )
    private static let events = PostgresStatement(
        name: "chaos_events",
        text: """
            select event_id::text, status::text, open_count, delivered, failed, expired, cancelled, not_covered from lastcall.logout_events
            """,
        access: .readOnly
    )
    private static let audit = PostgresStatement(
        name: "chaos_audit",
        text: """
            select subject_id::text, type::text, coalesce(data ->> 'outcome', data ->> 'status', ''), count(*)
            from lastcall.audit_events where type::text like 'logout.%' and subject_id is not null group by 1, 2, 3
            """,
        access: .readOnly
    )
}
