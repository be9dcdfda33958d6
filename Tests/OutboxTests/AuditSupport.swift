import AuditTrail
import LastcallTestKit
import Outbox
import PostgresClient

extension Workbench {
    /// Waits until every transaction that has written an audit event has ended for everybody: those of other tests on
    /// the same server hold the trail back as much as one's own.
    func awaitSettled() async throws {
        try await eventually("a settled trail") {
            try number(
                "select count(*) from lastcall.audit_events where xact >= pg_snapshot_xmin(pg_current_snapshot())"
            ) == 0
        }
    }

    /// Writes audit events of the issuer, one transaction for all.
    func addAudit(_ count: Int, issuer: Int32? = nil, on connection: PostgresConnection? = nil) throws {
        try (connection ?? self.connection).execute(
            script: """
                insert into lastcall.audit_events (issuer_key, type, severity, actor, data)
                select \(issuer ?? self.issuer), 'client.changed', 'notice', 'test', jsonb_build_object('n', n)
                from generate_series(1, \(count)) n
                """
        )
    }

    /// Seals until nothing is left; returns the sizes of the steps.
    @discardableResult
    func sealAll(_ issuer: Int32? = nil, limit: Int = OutboxStore.maximumSealedAtOnce) async throws -> [Int] {
        try await awaitSettled()
        var steps: [Int] = []
        while let count = try await store.sealAudit(of: issuer ?? self.issuer, limit: limit), count > 0 {
            steps.append(count)
        }
        return steps
    }

    /// Everything that has settled, page by page.
    func settled(after position: AuditPosition = .beginning, limit: Int = 7) async throws -> [AuditEntry] {
        var entries: [AuditEntry] = []
        var page = try await store.settledAudit(after: position, of: issuer, limit: limit)
        entries += page.entries
        while page.isFull {
            page = try await store.settledAudit(after: page.end, of: issuer, limit: limit)
            entries += page.entries
        }
        return entries
    }

    /// The ids of the issuer's events in the order of the trail.
    func auditIDs() throws -> [String] {
        try texts(
            "select audit_id from (select * from lastcall.audit_events where issuer_key = \(issuer) order by xact, audit_id) e"
        )
    }
}
