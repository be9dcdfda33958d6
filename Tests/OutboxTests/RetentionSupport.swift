import LastcallTestKit
import Outbox
import PostgresClient

extension Workbench {
    /// Sets for how many days an issuer's history is kept.
    func keep(days: Int, of issuer: Int32? = nil) throws {
        try run(
            "update lastcall.issuers set retention_days = \(days) where issuer_key = \(issuer ?? self.issuer)"
        )
    }

    /// Lets go of what is past; the installation's own trail is kept for so many days.
    func retain(_ installationDays: Int) async throws -> Retention.Report {
        try await Retention(store: store, installationDays: installationDays).run()
    }

    /// The end of the name of a day's tables.
    func suffix(age: Int) throws -> String {
        try texts("select to_char((now() at time zone 'utc')::date - \(age), 'YYYYMMDD')")[0]
    }

    func hasTable(_ table: String, age: Int) throws -> Bool {
        try texts("select to_regclass('lastcall.\(table)_\(suffix(age: age))') is not null") == ["true"]
    }

    /// Events with one ended delivery, one attempt, one audit event and one subject each, from noon of that day on.
    func addHistory(
        _ count: Int = 1,
        age: Int,
        issuer: Int32? = nil,
        tables: [String] = RetentionTests.history,
        isDefault: Bool = false
    ) throws {
        let issuer = issuer ?? self.issuer
        let rows = [
            "logout_events": """
            (event_id, issuer_key, scope, initiator, session_durability, priority, status, exclude_initiating_client,
                deliver_before, ended_at, matched, excluded, open_count, delivered)
            select id, \(issuer), '{}', 'idp-logout', 'durable', 'interactive', 'completed', false, at, at, 1, 0, 0, 1
            """,
            "deliveries": """
            (delivery_id, issuer_key, status, ended_at, deliver_before, attempt_count, client_id, sub)
            select lastcall.delivery_id(id, 1), \(issuer), 'delivered', at, at, 1, 'rp', 'user'
            """,
            "attempts": """
            (delivery_id, issuer_key, number, started_at, finished_at, outcome)
            select lastcall.delivery_id(id, 1), \(issuer), 1, at, at, 'delivered'
            """,
            "event_subjects": "(issuer_key, subject, event_id) select \(issuer), 'user', id",
            "audit_events": """
            (audit_id, issuer_key, type, severity, subject_id, actor)
            select lastcall.uuid7(at), \(issuer), 'logout.back_channel.delivered', 'info', lastcall.delivery_id(id, 1), 'system'
            """,
        ]
        let made = "to_regclass('lastcall.attempts_\(try suffix(age: age))') is null and not \(isDefault)"
        let inserts = tables.compactMap { table in
            rows[table].map { "insert into lastcall.\(table) \($0) from made order by n;" }
        }
        try run(
            """
            do $$ begin
                if \(made) then
                    while lastcall.make_partition((now() at time zone 'utc')::date - \(age)) loop null; end loop;
                end if;
            end $$;
            create temp table made as
            select n, at, encode(overlay(uuid_send(lastcall.uuid7(at)) placing '\\x000000'::bytea from 14), 'hex')::uuid as id
            from generate_series(1, \(count)) n cross join lateral (select
                ((now() at time zone 'utc')::date - \(age) + interval '12 hours' + n * interval '1 ms') at time zone 'utc' as at) t;
            \(inserts.joined(separator: "\n"))
            drop table made;
            """
        )
    }

    /// Rows of a day in one table of the history.
    func count(_ table: String, age: Int, issuer: Int32? = nil) throws -> Int {
        let whose = issuer.map { "and issuer_key = \($0)" } ?? ""
        return try number(
            """
            select count(*) from lastcall.\(table), lateral (select (now() at time zone 'utc')::date - \(age) as day) d
            where \(key(of: table)) >= lastcall.uuid7_floor(day::timestamp at time zone 'utc')
                and \(key(of: table)) < lastcall.uuid7_floor((day + 1)::timestamp at time zone 'utc') \(whose)
            """
        )
    }

    /// The ids of the events of a day.
    func events(age: Int) throws -> [String] {
        try texts(
            """
            select event_id from lastcall.logout_events, lateral (select (now() at time zone 'utc')::date - \(age) as day) d
            where event_id >= lastcall.uuid7_floor(day::timestamp at time zone 'utc')
                and event_id < lastcall.uuid7_floor((day + 1)::timestamp at time zone 'utc') order by 1
            """
        )
    }

    /// Puts a delivery of an event into the queue, as a redelivery does.
    func enqueue(_ event: String, ordinal: Int, lane: Int32) throws {
        try run(
            """
            insert into lastcall.delivery_queue (delivery_id, issuer_key, client_key, due_at, deliver_before)
            values (lastcall.delivery_id('\(event)', \(ordinal)), \(issuer), \(lane), now(), now() + interval '1 day')
            """
        )
    }

    private func key(of table: String) -> String {
        switch table {
        case "audit_events": "audit_id"
        case "logout_events", "event_subjects": "event_id"
        default: "delivery_id"
        }
    }
}
