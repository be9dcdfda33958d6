import LastcallTestKit
import Outbox
import PostgresClient
import Testing

@Suite("What the tenants' role may", .lastcallDatabase, .timeLimit(.minutes(30)))
struct TenantGrantTests {
    @Test("it is nobody who could log in, pass row-level security by, or become somebody else")
    func role() async throws {
        let bench = try await Workbench()
        let flags = """
            select concat_ws(' ', rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication)
            from pg_roles where rolname = 'lastcall_tenant'
            """
        #expect(try bench.texts(flags) == ["f f f f f f"])
        let others = "select roleid::regrole from pg_auth_members where member = 'lastcall_tenant'::regrole"
        #expect(try bench.texts(others) == [])
        let owned = "select count(*) from pg_class where relowner = 'lastcall_tenant'::regrole"
        #expect(try bench.texts(owned) == ["0"])
    }

    @Test("every table that knows an issuer has the one policy, for that role")
    func policies() async throws {
        let bench = try await Workbench()
        let policy =
            "(issuer_key = (NULLIF(current_setting('lastcall.issuer'::text, true), ''::text))::integer)"
        for table in try bench.tenantTables() {
            let guarded = "select relrowsecurity from pg_class where oid = 'lastcall.\(table)'::regclass"
            #expect(try bench.texts(guarded) == ["true"], "\(table)")
            let found = """
                select concat_ws(' / ', roles, permissive, cmd, qual, with_check) from pg_policies
                where schemaname = 'lastcall' and tablename = '\(table)'
                """
            #expect(
                try bench.texts(found) == ["{lastcall_tenant} / PERMISSIVE / ALL / \(policy) / \(policy)"],
                "\(table)"
            )
        }
    }

    @Test("it reads no secret, and of what knows no issuer only the names of workers")
    func secrets() async throws {
        let bench = try await Workbench()
        let unreadable = """
            select c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
            where c.relnamespace = 'lastcall'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition and a.attnum > 0
                and not a.attisdropped and not has_column_privilege('lastcall_tenant', c.oid, a.attnum, 'select') order by 1
            """
        let closed = [
            "audit_marks", "chores", "console_sessions", "idempotency_keys", "installation", "past_issuers",
            "schema_migrations",
        ]
        let found = try bench.texts(unreadable).filter { name in !closed.contains { name.hasPrefix("\($0).") }
        }
        #expect(
            found == [
                "api_keys.secret_hash", "clients.sealed_secret", "signing_keys.sealed_private_key",
                "workers.started_at",
            ]
        )
        for table in closed {
            let any =
                "select has_any_column_privilege('lastcall_tenant', 'lastcall.\(table)', 'select, insert, update')"
            #expect(try bench.texts(any) == ["false"], "\(table)")
        }
    }

    @Test("nobody is granted the way past a parent to a partition, or to a sequence")
    func partitions() async throws {
        let bench = try await Workbench()
        let partitions = """
            select count(*) from pg_class where relnamespace = 'lastcall'::regnamespace and relispartition and relkind = 'r'
            """
        #expect(try bench.number(partitions) >= 18)
        let open = """
            select relname from pg_class where relnamespace = 'lastcall'::regnamespace and relkind in ('r', 'p') and relispartition
                and has_any_column_privilege('lastcall_tenant', oid, 'select, insert, update')
            union all
            select relname from pg_class where relnamespace = 'lastcall'::regnamespace and
                case relkind when 'S' then has_sequence_privilege('lastcall_tenant', oid, 'select, update') end
            """
        #expect(try bench.texts(open) == [])
        // Also of the days to come.
        _ = try bench.texts("select lastcall.make_partition(current_date + 40)")
        #expect(try bench.texts(open) == [])
    }

    @Test("it calls what is pure, or reads as its caller; definers pin their search_path and are few")
    func functions() async throws {
        let bench = try await Workbench()
        let callable = """
            select proname from pg_proc where pronamespace = 'lastcall'::regnamespace
                and has_function_privilege('lastcall_tenant', oid, 'execute') order by 1
            """
        #expect(
            try bench.texts(callable) == [
                "acting_issuer", "breaker_state", "delivery_id", "end_of_deliveries", "event_end", "event_of",
                "event_under_key", "events_naming",
                "is_webhook", "matching", "severity_of", "status_of", "uuid7", "uuid7_floor", "uuid7_time",
                "webhook_id",
            ]
        )
        let definers = """
            select proname || ' ' || array_to_string(proconfig, ' ') from pg_proc
            where pronamespace = 'lastcall'::regnamespace and prosecdef order by 1
            """
        let pinned = "search_path=pg_catalog, pg_temp"
        #expect(
            try bench.texts(definers) == [
                "end_participation \(pinned)", "enqueue_logout \(pinned)",
                "event_under_key enable_seqscan=off \(pinned)", "events_naming enable_seqscan=off \(pinned)",
                "record_participation \(pinned)",
            ]
        )
        let open = """
            select proname from pg_proc where pronamespace = 'lastcall'::regnamespace
                and has_function_privilege('public', oid, 'execute')
            """
        #expect(try bench.texts(open) == [])
    }

    @Test("a role that the SQL door is open to reads no table, and cannot become the tenants' role")
    func door() async throws {
        let bench = try await Workbench()
        try bench.run(
            "do $$ begin create role door_of_tests login; exception when duplicate_object or unique_violation then null; end $$"
        )
        try await bench.store.openSQLDoor(to: "door_of_tests")
        let open = """
            select relname from pg_class where relnamespace = 'lastcall'::regnamespace and relkind in ('r', 'p', 'v')
                and has_any_column_privilege('door_of_tests', oid, 'select, insert, update')
            """
        #expect(try bench.texts(open) == [])
        #expect(
            try bench.texts("select pg_has_role('door_of_tests', 'lastcall_tenant', 'member')") == ["false"]
        )
    }
}
