import AuditTrail
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Row-level security", .lastcallDatabase, .timeLimit(.minutes(30)))
struct TenantTests {
    /// What acts for one issuer has no business with these.
    static let closed = ["audit_marks", "idempotency_keys", "past_issuers"]

    @Test("a statement that forgets its issuer sees the acting issuer's rows alone; without one, none")
    func forgetful() async throws {
        let bench = try await Workbench()
        let other = try await bench.fillTables()
        let tables = try bench.tenantTables()
        #expect(tables.count >= 14)
        for table in tables where !Self.closed.contains(table) {
            let all = "select distinct issuer_key from lastcall.\(table) where issuer_key > 0 order by 1"
            #expect(try bench.texts(all) == ["\(bench.issuer)", "\(other)"], "\(table)")
            for key in [bench.issuer, other] {
                #expect(try bench.texts(actingFor: key, all) == ["\(key)"], "\(table)")
            }
            #expect(try bench.texts(actingFor: 999, all) == [], "\(table)")
        }
        for view in ["delivery_view", "event_view", "completion_webhooks"] {
            #expect(
                try bench.texts(actingFor: 999, "select count(*) from lastcall.\(view)") == ["0"],
                "\(view)"
            )
        }
        #expect(
            try bench.texts(actingFor: other, "select issuer_key from lastcall.event_view") == ["\(other)"]
        )
        let unset =
            "set local role lastcall_tenant; do $$ begin assert not exists (select from lastcall.clients); end $$"
        try bench.connection.transaction { try $0.execute(script: unset) }
    }

    @Test("rows of another issuer are neither written, nor changed, nor deleted")
    func writes() async throws {
        let bench = try await Workbench()
        let other = try await bench.fillTables()
        let issuer = bench.issuer
        func scripts(_ key: Int32) -> [String] {
            [
                "insert into lastcall.audit_events (issuer_key, type, severity, actor) values (\(key), 'client.held', 'info', 'x')",
                "insert into lastcall.operations (issuer_key, kind, filter, actor) values (\(key), 'cancel', '{}', 'x')",
                "insert into lastcall.probes (issuer_key, client_key, actor, expires_at) values (\(key), 1, 'x', now())",
                """
                insert into lastcall.clients (issuer_key, client_id, backchannel_logout_session_required, id_token_signed_response_alg,
                    metadata, delivery) values (\(key), 'new', false, 'RS256', '{}', '{}')
                """,
                """
                insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
                    values (lastcall.uuid7(), \(key), 1, now(), now())
                """,
            ]
        }
        for script in scripts(issuer) {
            #expect(bench.refusal(actingFor: issuer, script) == nil, "\(script)")
        }
        for script in scripts(other) {
            #expect(bench.refusal(actingFor: issuer, script) == "42501", "\(script)")
        }
        let changes = [
            "update lastcall.clients set held_at = now()", "update lastcall.api_keys set revoked_at = now()",
            "update lastcall.delivery_queue set closing = 'cancelled_by_operator'",
            "update lastcall.logout_events set expanding = true",
            "update lastcall.operations set status = 'done'",
            "delete from lastcall.participations", "delete from lastcall.probes",
            "delete from lastcall.deliveries",
        ]
        let tables = [
            "clients", "api_keys", "delivery_queue", "logout_events", "operations", "participations",
            "probes", "deliveries",
        ]
        func holdings(_ key: Int32) throws -> [String] {
            try tables.flatMap { table in
                try bench.texts(
                    "select coalesce(string_agg(t::text, ' ' order by t::text), '') from lastcall.\(table) t where issuer_key = \(key)"
                )
            }
        }
        let (own, foreign) = (try holdings(issuer), try holdings(other))
        for script in changes { #expect(bench.refusal(actingFor: issuer, script) == nil, "\(script)") }
        #expect(try holdings(other) == foreign)
        #expect(try zip(holdings(issuer), own).allSatisfy { $0 != $1 })
        // Not even by giving one's own away.
        let gift = "update lastcall.audit_events set issuer_key = \(other)"
        #expect(bench.refusal(actingFor: issuer, gift) == "42501")
    }

    @Test("a definer's function that acts for an issuer goes by the setting, whatever it is asked")
    func definer() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        for key in [bench.issuer, other] {
            var filter = ParticipationFilter()
            filter.sessionID = "op"
            var request = LogoutEventRequest(issuerKey: key, scope: .filter(filter), actor: "x")
            request.idempotencyKeyHash = Array(repeating: 7, count: 32)
            _ = try await bench.store.acceptAll([request])
        }
        let naming = "select event_id from lastcall.events_naming('op', null, null, null, null, null)"
        let events = "select event_id from lastcall.logout_events where issuer_key = "
        for key in [bench.issuer, other] {
            let found = try bench.texts(actingFor: key, naming)
            #expect(try found.count == 1 && found == bench.texts(events + "\(key)"))
        }
        #expect(try bench.texts(actingFor: 999, naming) == [])
        #expect(try bench.texts(naming) == [])

        // The same Idempotency-Key of two issuers is two keys.
        let underKey =
            "select lastcall.event_under_key(decode(repeat('07', 32), 'hex')) where lastcall.acting_issuer() is not null"
        for key in [bench.issuer, other] {
            #expect(try bench.texts(actingFor: key, underKey) == bench.texts(events + "\(key)"))
        }
    }

    @Test("the store acts for one issuer, and leaves nothing on its connections", arguments: [true, false])
    func connections(preparedStatements: Bool) async throws {
        var configuration = try ScratchDatabase.current.configuration
        configuration.preparedStatements = preparedStatements
        let pool = try PostgresPool(configuration: configuration, size: 1)
        let store = Workbench.store(pool)
        let issuer = try await Workbench.putIssuer("acme", in: store)
        let other = try await Workbench.putIssuer("other", in: store)
        let bench = try await Workbench()
        try await bench.putClient("rp", of: other)
        #expect(try await store.client("rp", of: issuer) == nil)
        #expect(try await store.client("rp", of: other)?.clientID == "rp")
        await #expect(throws: OutboxError.notFound) {
            try await store.hold("rp", of: issuer, true, note: AuditNote(.clientHeld, actor: "x"))
        }
        _ = try await store.hold("rp", of: other, true, note: AuditNote(.clientHeld, actor: "x"))
        let left = try await pool.withConnection(deadline: Workbench.patience) { connection in
            let who = "select current_user::text || coalesce(current_setting('lastcall.issuer', true), '')"
            return try connection.query(PostgresStatement(name: "who", text: who)).first?.text(0)
        }
        #expect(left == "postgres")
        await pool.shutdown()
    }
}
