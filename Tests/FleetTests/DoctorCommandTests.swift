import Foundation
import LastcallTestKit
import PostgresClient
import Testing

@Suite("Doctor and retention commands", .lastcallDatabase, .serialized)
struct DoctorCommandTests {
    @Test(
        "the doctor says how all stands, and ends with 1 where anything is an error, with 69 without a database"
    )
    func doctor() async throws {
        let cluster = try ScratchCluster(settings: ["fsync": "on", "full_page_writes": "on"])
        let fleet = try Fleet([
            "LASTCALL_DATABASE_URL": cluster.connectionString(database: try await cluster.createDatabase()),
            // Within the lease of the tests' settings, or the doctor says so.
            "LASTCALL_DATABASE_STATEMENT_TIMEOUT_SECONDS": "8",
        ])
        let missing = try await LastcallProcess.run(["doctor", "--json"], environment: fleet.environment)
        #expect(missing.end == .exit(1))
        #expect(try AuditCommandTests.lines(missing.output).map { try $0.text("check") } == ["schema"])
        try await fleet.command("migrate")
        let found = try AuditCommandTests.lines(try await fleet.command("doctor", "--json"))
        #expect(found.count > 20)
        #expect(
            try found.allSatisfy { try $0.text("severity") == "ok" && $0["remedy"] is NSNull },
            "\(found)"
        )
        #expect(try await fleet.command("doctor", "--problems").isEmpty)
        let shown = try await fleet.command("doctor").split(separator: "\n")
        #expect(shown.count == found.count && shown.allSatisfy { $0.hasPrefix("ok       ") })

        try await cluster.execute("alter system set autovacuum = off")
        try await cluster.execute("select pg_reload_conf()")
        try await eventually("the error") {
            let wrong = try await LastcallProcess.run(
                ["doctor", "--problems"],
                environment: fleet.environment
            )
            return wrong.end == .exit(1) && wrong.output.hasPrefix("error    autovacuum ")
                && wrong.output.contains(" | Set both to on")
        }
        try cluster.stop()
        let away = try await LastcallProcess.run(["doctor"], environment: fleet.environment)
        #expect(away.end == .exit(69) && away.errors.hasPrefix("lastcall: database: "))
    }

    @Test("workers drop what is past; the command does it at once, and says what it would do")
    func retention() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        try await fleet.command(
            "issuers",
            "put",
            "op",
            "--issuer",
            Fleet.iss,
            "--retention-days",
            "1",
            "--json"
        )
        let old = """
            do $$ begin while lastcall.make_partition((now() at time zone 'utc')::date - 5) loop null; end loop; end $$;
            insert into lastcall.event_subjects (issuer_key, subject, event_id)
            select issuer_key, 'user', lastcall.uuid7(now() - interval '5 days') from lastcall.issuers
            """
        try AuditCommandTests.execute(old)
        let plan = try AuditCommandTests.lines(try await fleet.command("retention", "--dry-run", "--json"))
        #expect(plan.count == 5 && plan.allSatisfy { $0["whole"] as? Bool == true })
        #expect(try await fleet.command("retention", "--dry-run").contains("event_subjects"))
        let done = try object(try await fleet.command("retention", "--json"))
        #expect(done["tables_dropped"] as? Int == 5 && done["passed_over"] as? Bool == false)
        #expect(try fleet.count("select count(*) from lastcall.event_subjects") == 0)
        #expect(try await fleet.command("retention") == "dropped 0 tables, 0 rows, 0 seals, 0 operations\n")

        try AuditCommandTests.execute(old)
        let worker = try await fleet.start("work", ["LASTCALL_RETENTION_INTERVAL_SECONDS": "1"])
        try await eventually("the worker to drop the day") {
            try fleet.count("select count(*) from lastcall.event_subjects") == 0
        }
        try await eventually("the statistics") {
            try fleet.count("select count(*) from lastcall.chores where finished_at is not null") == 2
        }
        let ready = try await LoopbackCall.send("GET", "/readyz", port: worker.port).body
        #expect(
            ready.contains(#""loss_window_seconds":null"#) && ready.contains(#""partition_days_ahead":3"#)
                && ready.contains(#""default_partition_rows":0"#)
        )
        let metrics = try await LoopbackCall.send("GET", "/metrics", port: worker.port).body
        #expect(metrics.contains("lastcall_partition_horizon_seconds 259200"))
        #expect(metrics.contains("lastcall_retention_tables_dropped_total 5"))
        #expect(await worker.process.stop() == .exit(0))
    }
}
