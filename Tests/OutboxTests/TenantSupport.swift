import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

extension Workbench {
    /// What an issuer's transaction may run, as the outbox runs it.
    static func identity(of issuer: Int32) -> ActingIdentity {
        ActingIdentity(role: "lastcall_tenant", setting: "lastcall.issuer", value: String(issuer))
    }

    /// The first column of a query that acts for an issuer, as text.
    func texts(actingFor issuer: Int32, _ text: String) throws -> [String] {
        let statement = PostgresStatement(
            name: "acting \(text)",
            text: "select x::text from (\(text)) t(x)",
            access: .readOnly
        )
        return try connection.query(statement, parameters: [], as: Self.identity(of: issuer)).map {
            try $0.optionalText(0) ?? "null"
        }
    }

    /// Runs a script in a transaction that acts for an issuer.
    func run(actingFor issuer: Int32, _ script: String) throws {
        try connection.transaction(TransactionOptions(identity: Self.identity(of: issuer))) {
            try $0.execute(script: script)
        }
    }

    /// How the server refuses a script of a transaction that acts for an issuer.
    func refusal(actingFor issuer: Int32, _ script: String) -> String? {
        do {
            try run(actingFor: issuer, script)
            return nil
        } catch PostgresError.server(let state, _, _, _) {
            return state.code
        } catch {
            return "\(error)"
        }
    }

    /// The tables that know an issuer.
    func tenantTables() throws -> [String] {
        try texts(
            """
            select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'lastcall'::regnamespace
                and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'issuer_key' order by 1
            """
        )
    }

    /// A row of every table that knows an issuer, for this one and another, whose key is returned.
    func fillTables() async throws -> Int32 {
        let other = try await Self.putIssuer("other", in: store)
        for key in [issuer, other] {
            try await putClient("rp", of: key)
            try run(
                """
                insert into lastcall.signing_keys (issuer_key, kid, alg, stage, public_jwk, sealed_private_key)
                    values (\(key), 'k', 'RS256', 'active', '{}', 'secret');
                insert into lastcall.api_keys (issuer_key, name, scopes, secret_hash) values (\(key), 'n', '{read}', sha256(''));
                insert into lastcall.participations (issuer_key, client_key, session_id, sub)
                    select \(key), client_key, 'op', 's' from lastcall.clients where issuer_key = \(key);
                insert into lastcall.operations (issuer_key, kind, filter, actor) values (\(key), 'redeliver', '{}', 'x');
                insert into lastcall.probes (issuer_key, client_key, actor, expires_at)
                    select \(key), client_key, 'x', now() from lastcall.clients where issuer_key = \(key);
                insert into lastcall.idempotency_keys values (\(key), 'k', current_date, 'b', lastcall.new_event_id());
                insert into lastcall.event_subjects values (\(key), 's', lastcall.new_event_id());
                insert into lastcall.audit_seals values (\(key), 1, now(), 1, '1', lastcall.uuid7(), '1', lastcall.uuid7(),
                    decode(repeat('00', 48), 'hex'), sha256(''), sha256(''));
                insert into lastcall.deliveries (delivery_id, issuer_key, status, ended_at, deliver_before, client_id)
                    values (lastcall.uuid7(), \(key), 'failed', now(), now(), 'rp');
                insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome)
                    values (lastcall.uuid7(), \(key), 1, now(), now(), 'timeout');
                """
            )
            var request = request([.sid("rp", "1")])
            request.issuerKey = key
            try await accept(request)
        }
        return other
    }
}
