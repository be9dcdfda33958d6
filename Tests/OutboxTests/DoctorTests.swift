import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Doctor", .lastcallDatabase, .serialized, .timeLimit(.minutes(30)))
struct DoctorTests {
    @Test("every check is reported, in its order; a new database has nothing wrong with it")
    func healthy() async throws {
        let bench = try await Workbench()
        try await bench.sealAll()
        let findings = try await bench.examine()
        #expect(findings.map(\.check) == DoctorFinding.Check.allCases)
        // What is of the whole server may be another test's doing; this one is careless on purpose.
        let server: Set<DoctorFinding.Check> = [
            .crashSafety, .connections, .checkpoints, .snapshot, .preparedTransactions, .replicationSlots,
            .auditSeals,
        ]
        for finding in findings where !server.contains(finding.check) {
            #expect(finding.severity == .ok && finding.remedy == nil, "\(finding)")
        }
        #expect(findings.first { $0.check == .crashSafety }?.severity == .error)
        for finding in findings { #expect(!finding.figure.contains("\n")) }
    }

    @Test("rows in a default partition, and a day without a partition, are found")
    func partitions() async throws {
        let bench = try await Workbench()
        try bench.addHistory(3, age: -20, tables: ["attempts"], isDefault: true)
        try bench.run("drop table lastcall.audit_events_\(try bench.suffix(age: -3))")
        var findings = try await bench.examine()
        let rows = try #require(findings[.defaultPartitions])
        #expect(rows.severity == .warning && rows.figure == "3 in attempts_default")
        let horizon = try #require(findings[.partitionHorizon])
        #expect(
            horizon.severity == .warning && horizon.figure.contains("audit_events is prepared for 2 days")
        )
        try bench.run("drop table lastcall.audit_events_\(try bench.suffix(age: -1))")
        findings = try await bench.examine()
        #expect(findings[.partitionHorizon]?.severity == .error)
    }

    @Test("what is due and not sent, what waits, and dead rows are counted")
    func queue() async throws {
        let bench = try await Workbench()
        let lane = try await bench.putClient("rp")
        let event = try await bench.accept(5, for: "rp").event.id
        #expect(try await bench.examine()[.queueDelay]?.severity == .ok)
        for (age, severity) in [(30, "ok"), (61, "warning"), (570, "warning"), (601, "error")] {
            try bench.run("update lastcall.delivery_queue set due_at = now() - interval '\(age) s'")
            let found = try await bench.examine()[.queueDelay]
            #expect(found?.severity.rawValue == severity, "\(age)")
        }
        let depth = try await bench.examine { $0.waiting = Doctor.Threshold(warning: 5, error: 6) }
        #expect(depth[.queueDepth]?.severity == .warning)
        #expect(depth[.queueDepth]?.figure == "5 deliveries have not ended")
        try await eventually("the count of dead rows") {
            try bench.run("select pg_stat_force_next_flush()")
            let found = try await bench.examine {
                $0.deadRows = Doctor.Threshold(warning: 1, error: 1_000_000)
            }
            return found[.queueBloat]?.severity == .warning
                && found[.queueBloat]?.figure.contains("5 live") == true
        }
        try bench.run("alter table lastcall.delivery_queue set (autovacuum_enabled = false)")
        #expect(try await bench.examine()[.queueBloat]?.severity == .error)

        // What is held or behind a breaker is not late, but named.
        try bench.run("update lastcall.clients set held_at = now() where client_key = \(lane)")
        var findings = try await bench.examine()
        #expect(findings[.queueDelay]?.severity == .ok)
        #expect(findings[.heldClients]?.severity == .warning)
        #expect(findings[.heldClients]?.figure.hasPrefix("acme/rp: 5 waiting, held for ") == true)
        try bench.run(
            "update lastcall.clients set held_at = null, breaker_trips = 2 where client_key = \(lane)"
        )
        findings = try await bench.examine()
        #expect(findings[.queueDelay]?.severity == .ok && findings[.heldClients]?.severity == .ok)
        #expect(findings[.breakers]?.figure == "1 not closed: acme/rp (5 waiting)")
        #expect(findings[.breakers]?.severity == .warning)
        // Nor is what its client is sent bit by bit since that is back.
        try bench.run(
            """
            update lastcall.clients set breaker_trips = 0, breaker_closed_at = now(), breaker_recovered_at = now() + interval '60 s'
            where client_key = \(lane)
            """
        )
        #expect(try await bench.examine()[.queueDelay]?.severity == .ok)
        #expect(
            try bench.number("select count(*) from lastcall.logout_events where event_id = '\(event.text)'")
                == 1
        )
    }

    @Test("clocks that differ are found, by whichever is ahead", arguments: [0, 2, -2, 6, -6])
    func clock(skew: Int) async throws {
        let bench = try await Workbench()
        let found = try await bench.examine(skew: .seconds(skew))[.clock]
        let expected: DoctorFinding.Severity = abs(skew) > 5 ? .error : abs(skew) > 1 ? .warning : .ok
        #expect(found?.severity == expected)
    }

    @Test(
        "a schema that is not this program's is found, and nothing else is looked at where it is older or other"
    )
    func schema() async throws {
        let bench = try await Workbench()
        let count = try bench.number("select count(*) from lastcall.schema_migrations")
        try bench.run(
            "insert into lastcall.schema_migrations select (jsonb_populate_record(m, jsonb_build_object('number', \(count) + 1, 'name', 'later'))).* from lastcall.schema_migrations m where number = 1"
        )
        try bench.run("update lastcall.schema_migrations set breaking = null where number = \(count) + 1")
        #expect(try await bench.examine()[.schema]?.severity == .warning)
        try bench.run("delete from lastcall.schema_migrations where number >= \(count)")
        let pending = try await bench.examine()
        #expect(pending.map(\.check) == [.schema])
        #expect(
            pending[.schema]?.severity == .error
                && pending[.schema]?.figure == "1 of \(count) migrations are missing"
        )
        try bench.run("update lastcall.schema_migrations set checksum = 'other' where number = 2")
        #expect(try await bench.examine().map(\.severity) == [.error])
    }

    @Test("timeouts that outlast a lease are found, and who asks for long attempts")
    func leases() async throws {
        let bench = try await Workbench()
        #expect(try await bench.examine(statement: 10)[.leases]?.severity == .ok)
        #expect(try await bench.examine(statement: 11)[.leases]?.severity == .warning)
        try await bench.putClient("slow", delivery: #"{"attempt_timeout_seconds": 30}"#)
        let found = try await bench.examine()[.leases]
        #expect(found?.severity == .ok)
        #expect(
            found?.figure.contains("that of acme/slow, 30 s; 1 ask for more") == true,
            "\(String(describing: found))"
        )
    }

    @Test("audit events that nobody seals are found by their age")
    func auditSeals() async throws {
        let bench = try await Workbench()
        try await bench.sealAll()
        #expect(try await bench.examine()[.auditSeals]?.figure == "every event is sealed")
        try bench.addAudit(1)
        try bench.addHistory(2, age: 2, tables: ["audit_events"])
        let found = try await bench.examine()[.auditSeals]
        #expect(
            found?.severity == .error
                && found?.figure.hasPrefix("3 events are not sealed, the oldest is ") == true
        )
    }

    @Test("algs without an active key, next keys that wait and API keys that end are named")
    func keys() async throws {
        let bench = try await Workbench()
        try await bench.putClient("rp")
        var findings = try await bench.examine()
        #expect(findings[.signingKeys]?.severity == .error)
        #expect(findings[.signingKeys]?.figure.hasPrefix("1 clients of acme ask for RS256") == true)
        try bench.run(
            """
            insert into lastcall.signing_keys (issuer_key, kid, alg, stage, public_jwk, sealed_private_key, published_at) values
                (\(bench.issuer), 'k1', 'RS256', 'active', '{}', 'secret', now() - interval '30 days'),
                (\(bench.issuer), 'k2', 'RS256', 'next', '{}', 'secret', now() - interval '6 days');
            insert into lastcall.api_keys (issuer_key, name, scopes, secret_hash, expires_at, revoked_at) values
                (\(bench.issuer), 'gone', '{read}', sha256(''), now() - interval '1 day', null),
                (\(bench.issuer), 'revoked', '{read}', sha256(''), now() + interval '1 day', now()),
                (\(bench.issuer), 'late', '{read}', sha256(''), now() + interval '15 days', null)
            """
        )
        findings = try await bench.examine()
        for check in [DoctorFinding.Check.signingKeys, .nextKeys, .apiKeys] {
            #expect(findings[check]?.severity == .ok)
        }
        try bench.run(
            """
            update lastcall.signing_keys set published_at = now() - interval '8 days' where kid = 'k2';
            update lastcall.api_keys set expires_at = now() + interval '13 days 1 hour' where name = 'late'
            """
        )
        findings = try await bench.examine()
        #expect(findings[.nextKeys]?.figure == "k2 of acme has been published for 8 days")
        #expect(findings[.apiKeys]?.figure == "end soon: late (acme) in 13 days")
        for check in [DoctorFinding.Check.nextKeys, .apiKeys] {
            #expect(findings[check]?.severity == .warning)
        }
        for finding in findings { #expect(!finding.figure.contains("secret")) }
    }

    @Test("chores that nobody does are found")
    func chores() async throws {
        let bench = try await Workbench()
        try bench.run(
            "update lastcall.chores set due_at = now() - interval '1 hour' where name = 'retention'"
        )
        var findings = try await bench.examine()
        #expect(findings[.retention]?.severity == .warning && findings[.statistics]?.severity == .ok)
        _ = try await bench.store.take(.retention, every: .seconds(60))
        try await bench.store.finish(.retention)
        findings = try await bench.examine()
        #expect(
            findings[.retention]?.severity == .ok && findings[.retention]?.figure.hasPrefix("done ") == true
        )
    }

    @Test("what may not be seen is said in its place, and nothing fails")
    func rights() async throws {
        let bench = try await Workbench()
        try bench.run(
            """
            do $$ begin create role doctor_of_tests login; exception when duplicate_object or unique_violation then null; end $$;
            grant usage on schema lastcall to doctor_of_tests;
            grant select on lastcall.schema_migrations, lastcall.chores to doctor_of_tests
            """
        )
        let string = try ScratchDatabase.current.connectionString.replacing(
            "user=postgres",
            with: "user=doctor_of_tests"
        )
        let pool = try PostgresPool(configuration: PostgresConfiguration(connectionString: string), size: 1)
        let findings = try await Workbench.doctor(Workbench.store(pool)).examine()
        #expect(findings.map(\.check) == DoctorFinding.Check.allCases)
        for check in [
            DoctorFinding.Check.queueDepth, .leases, .auditSeals, .signingKeys, .breakers, .apiKeys,
        ] {
            #expect(findings[check]?.severity == .unknown)
            #expect(findings[check]?.figure.contains("permission denied") == true)
            #expect(findings[check]?.remedy?.contains("pg_monitor") == true)
        }
        #expect(findings[.schema]?.severity == .ok && findings[.retention]?.severity == .ok)
        await pool.shutdown()
    }
}

extension [DoctorFinding] {
    fileprivate subscript(check: DoctorFinding.Check) -> DoctorFinding? { first { $0.check == check } }
}

extension Workbench {
    /// What the doctor says of this test's database.
    func examine(
        skew: Duration = .zero,
        statement: Int = 10,
        limits change: (inout Doctor.Limits) -> Void = { _ in }
    ) async throws -> [DoctorFinding] {
        var limits = Doctor.Limits()
        change(&limits)
        return try await Self.doctor(store, limits, skew: skew, statement: statement).examine()
    }

    static func doctor(
        _ store: OutboxStore,
        _ limits: Doctor.Limits = Doctor.Limits(),
        skew: Duration = .zero,
        statement: Int = 10
    ) -> Doctor {
        Doctor(
            store: store,
            settings: Doctor.Settings(
                lease: .seconds(10),
                leaseMargin: .seconds(3),
                statementTimeout: .seconds(statement),
                clockSkewLimit: .seconds(5),
                partitionDaysAhead: 3
            ),
            limits: limits
        ) {
            Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)).advanced(by: skew)
        }
    }
}
