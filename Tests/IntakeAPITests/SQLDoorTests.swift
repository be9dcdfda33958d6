import LastcallTestKit
import StrictJSON
import Testing

@Suite("The SQL door", .lastcallDatabase)
struct SQLDoorTests {
    /// An API with an issuer, two clients, and a function that tells what a call through the door was refused with.
    static func api() async throws -> TestAPI {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        try await api.makeClient("bare", "{}")
        try api.sql(
            """
            create function public.try(call text) returns text language plpgsql as $$
            declare detail text; hint text; state text; answer text;
            begin
                execute call into answer;
                return answer;
            exception when others then
                get stacked diagnostics state = returned_sqlstate, detail = pg_exception_detail, hint = pg_exception_hint;
                return state || ' ' || detail || ' ' || hint;
            end $$
            """
        )
        return api
    }

    static func enqueue(_ body: String, key: String? = nil, issuer: String = "acme") -> String {
        let key = key.map { "'\($0.replacing("'", with: "''"))'" } ?? "null"
        return "select lastcall.enqueue_logout('\(issuer)', '\(body.replacing("'", with: "''"))', \(key))"
    }

    static func attempt(_ call: String, _ api: TestAPI) throws -> String? {
        try api.sqlTexts("select coalesce(public.try($call$\(call)$call$), '')").first
    }

    @Test(
        "what HTTP refuses is refused with the same code and pointer, and changes nothing",
        arguments: BadLogoutBody.all
    )
    func refused(_ bad: BadLogoutBody) async throws {
        let api = try await Self.api()
        #expect(
            try Self.attempt(Self.enqueue(bad.body, key: "k"), api)
                == "LC400 \(bad.code) \(bad.pointer ?? "")"
        )
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").isEmpty)
        #expect(try Self.attempt(Self.enqueue(#"{"targets": []}"#, key: "k"), api)?.count == 36)
    }

    @Test(
        "an idempotency key has the grammar of HTTP, an issuer its name",
        arguments: [
            ("", "acme", "LC400 invalid_request "), ("a b", "acme", "LC400 invalid_request "),
            (String(repeating: "k", count: 256), "acme", "LC400 invalid_request "),
            ("k", "nobody", "LC404 not_found "),
            ("k", "ACME", "LC404 not_found "),
        ]
    )
    func arguments(key: String, issuer: String, refusal: String) async throws {
        let api = try await Self.api()
        let answer = try Self.attempt(Self.enqueue(#"{"targets": []}"#, key: key, issuer: issuer), api)
        #expect(answer == refusal)
    }

    @Test(
        "both doors share their idempotency keys, and agree on what a body means",
        arguments: [
            (#"{"targets": []}"#, #"{"initiator": "idp-logout", "targets": []}"#, true),
            (
                #"{"targets": [{"client_id": "rp", "sub": "a"}, {"client_id": "rp", "sid": "b"}], "initiator": "rp-logout"}"#,
                #"{"initiator": "rp-logout", "targets": [{"sid": "b", "client_id": "rp"}, {"client_id": "rp", "sub": "a"}, {"client_id": "rp", "sub": "a", "sid": null}]}"#,
                true
            ),
            (
                #"{"targets": [{"client_id": "rp", "sub": "a"}]}"#,
                #"{"targets": [{"client_id": "rp", "sid": "a"}]}"#, false
            ),
            (
                #"{"sub": "é", "deliver_within_seconds": 60}"#,
                #"{"deliver_within_seconds": 60, "sub": "\u00e9"}"#, true
            ),
            (
                #"{"sub": "s", "deliver_within_seconds": 60}"#,
                #"{"deliver_within_seconds": 61, "sub": "s"}"#, false
            ),
            (#"{"sub": "s"}"#, #"{"sid": "s"}"#, false),
            (#"{"sub": "s", "priority": "bulk"}"#, #"{"sub": "s", "priority": "interactive"}"#, false),
            (
                #"{"sub": "s", "deliver_before": "2026-12-01T10:00:00Z", "initiating_client_id": "x", "exclude_initiating_client": true}"#,
                #"{"sub": "s", "exclude_initiating_client": true, "deliver_before": "2026-12-01T12:00:00.000+02:00", "initiating_client_id": "x"}"#,
                true
            ),
            (#"{"sub": "s", "session_durability": "durable"}"#, #"{"sub": "s"}"#, false),
        ]
    )
    func shared(first: String, second: String, isSame: Bool) async throws {
        let api = try await Self.api()
        // A deadline that is not past on the day of the test.
        let tomorrow = try #require(
            try api.sqlTexts("select to_char(now() + interval '1 day', 'YYYY-MM-DD')").first
        )
        let (first, second) = (
            first.replacing("2026-12-01", with: tomorrow), second.replacing("2026-12-01", with: tomorrow)
        )
        let line = "POST /v1/issuers/acme/logout-events"
        let sent = await api.call(line, json: first, headers: [("idempotency-key", "one")])
        let id = try sent.text("id")
        #expect(
            try Self.attempt(Self.enqueue(second, key: "one"), api)
                == (isSame ? id : "LC409 idempotency_conflict ")
        )
        let other = try #require(try Self.attempt(Self.enqueue(second, key: "two"), api))
        let replay = await api.call(line, json: first, headers: [("idempotency-key", "two")])
        #expect(replay.status == (isSame ? 200 : 409))
        if isSame { #expect(try replay.text("id") == other) }
    }

    @Test("what is rolled back is not there, what is committed is as if HTTP had taken it")
    func transaction() async throws {
        let api = try await Self.api()
        let body =
            #"{"targets": [{"client_id": "rp", "sub": "s", "sid": "1"}, {"client_id": "bare", "sub": "s"}], "initiator": "account-deleted"}"#
        try api.sql("begin; \(Self.enqueue(body, key: "k")); rollback")
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").isEmpty)
        try api.sql("begin; \(Self.enqueue(body, key: "k")); commit")
        let event = try #require(
            await api.call("GET /v1/issuers/acme/logout-events")["items"]?.elements.first
        )
        let over = await api.call("POST /v1/issuers/acme/logout-events", json: body)
        for name in [
            "status", "scope", "initiator", "session_durability", "priority", "matched", "delivery_counts",
        ] {
            #expect(event[name] == over[name], "\(name)")
        }
        // Both doors have one usual deadline.
        let times = try api.sqlTexts(
            """
            select distinct round(extract(epoch from deliver_before - lastcall.uuid7_time(event_id)) / 60)::text
            from lastcall.logout_events
            """
        )
        #expect(times == ["1440"])
        let notes = try await api.all(
            "/v1/issuers/acme/audit-events",
            limit: 9,
            "&logout_event_id=\(event["id"]?.string ?? "")"
        )
        #expect(notes.first?["actor"] == .string("sql"))
    }

    @Test("the same call again answers with the same event")
    func replays() async throws {
        let api = try await Self.api()
        let call = Self.enqueue(#"{"sub": "s"}"#, key: "k")
        let id = try #require(try Self.attempt(call, api))
        #expect(try Self.attempt(call, api) == id)
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events") == [id])
    }

    /// A call that records; `members` is the body of a PUT.
    static func record(_ members: String, session: String = "s", client: String = "rp") -> String {
        let line = #"{"session_id": "\#(session)", "client_id": "\#(client)""#
        let rest = members == "{}" ? "}" : ", " + members.dropFirst()
        return "select lastcall.record_participation('acme', '\((line + rest).replacing("'", with: "''"))')"
    }

    @Test(
        "a participation that HTTP refuses is refused with the same code and pointer",
        arguments: SessionTests.badMembers
    )
    func refusedParticipation(members: String, pointer: String?) async throws {
        let api = try await Self.api()
        #expect(try Self.attempt(Self.record(members), api) == "LC400 invalid_request \(pointer ?? "")")
        #expect(try api.sqlTexts("select sub from lastcall.participations").isEmpty)
    }

    @Test(
        "participations are recorded and ended inside the caller's transaction, and logged out by what both doors recorded"
    )
    func participations() async throws {
        let api = try await Self.api()
        let recording = Self.record(#"{"sub": "alice", "sid": "1", "user_agent_id": "b"}"#)
        try api.sql("begin; \(recording); rollback")
        #expect(try api.sqlTexts("select sub from lastcall.participations").isEmpty)
        try api.sql("begin; \(recording); commit")
        let listed = await api.call("GET /v1/issuers/acme/sessions?sub=alice")["items"]?.elements.first
        #expect(listed?["user_agent_id"] == .string("b") && listed?["user_id"] == .string("alice"))
        try await api.call(
            "PUT /v1/issuers/acme/sessions/s/clients/rp",
            json: #"{"sub": "alice", "sid": "2"}"#
        ).require(201)
        #expect(
            try Self.attempt("select lastcall.end_participation('acme', 's', 'rp', '3')", api)
                == "LC404 not_found "
        )
        #expect(
            try Self.attempt("select lastcall.end_participation('acme', 's', 'nobody')", api)
                == "LC404 not_found "
        )
        #expect(try Self.attempt("select lastcall.end_participation('acme', 's', 'rp', '2')", api) == "")
        let id = try #require(try Self.attempt(Self.enqueue(#"{"session_id": "s"}"#), api))
        let event = await api.call("GET /v1/issuers/acme/logout-events/\(id)")
        #expect(event["matched"]?.int == 1 && event["deliveries"]?.elements.first?["sid"] == .string("1"))
        #expect(
            try Self.attempt(Self.record(#"{"sub": "a"}"#, client: "nobody"), api)
                == "LC404 not_found /client_id"
        )
        #expect(
            try Self.attempt(Self.record(#"{"sub": "a"}"#, client: ""), api)
                == "LC400 invalid_request /client_id"
        )
    }

    @Test("a role may use the door and nothing else, once it was let in and until it is shut out")
    func role() async throws {
        let api = try await Self.api()
        try api.sql("do $$ begin create role door_test; exception when duplicate_object then null; end $$")
        let call = Self.enqueue(#"{"targets": []}"#)
        func attempt(_ call: String) throws -> String? {
            try api.sqlTexts(
                "with role as materialized (select set_config('role', 'door_test', false)) select public.try($call$\(call)$call$) from role"
            )
            .first
        }
        try api.sql(
            "grant usage on schema public to public; grant execute on function public.try(text) to public"
        )
        #expect(try attempt(call)?.hasPrefix("42501") == true)
        try api.sql("select lastcall.open_sql_door('door_test')")
        #expect(try attempt(call)?.count == 36)
        for forbidden in [
            "select count(*) from lastcall.signing_keys", "select count(*) from lastcall.logout_events",
            "select lastcall.open_sql_door('door_test')", "select lastcall.expand_step(1, 1)",
            "select lastcall.uuid7()",
        ] {
            #expect(try attempt(forbidden)?.hasPrefix("42501") == true, "\(forbidden)")
        }
        try api.sql("select lastcall.close_sql_door('door_test')")
        #expect(try attempt(call)?.hasPrefix("42501") == true)
    }

    @Test("no function of the schema may be called by everybody")
    func nothingPublic() async throws {
        let api = try await Self.api()
        let open = try api.sqlTexts(
            """
            select p.oid::regprocedure::text from pg_proc p
            where p.pronamespace = 'lastcall'::regnamespace and has_function_privilege('public', p.oid, 'execute')
            """
        )
        #expect(open.isEmpty)
    }
}
