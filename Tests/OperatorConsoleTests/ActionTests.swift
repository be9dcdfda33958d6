import Foundation
import LastcallTestKit
import StrictJSON
import Testing

@Suite("What is done in the console", .lastcallDatabase)
struct ActionTests {
    @Test(
        "a client is held and released, and its delivery policy changed without the rest of its registration"
    )
    func client() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let page = "/console/i/op/clients/rp"
        let done = try await browser.submit("\(page)/hold", from: page)
        #expect(done.value(of: "location") == "\(page)?done=held")
        #expect(try await browser.get("\(page)?done=held").body.contains("On hold: deliveries wait"))
        #expect(try await browser.submit("\(page)/release", from: page).status == 303)

        let before = try await world.api("GET", "/v1/issuers/op/clients/rp")
        let version = try #require(before["updated_at"]?.string)
        let fields =
            "updated_at=\(version)&max_in_flight=7&attempt_timeout_seconds=2.5&retry_waits_seconds=1,+2,+30&max_attempts="
        #expect(
            try await browser.submit("\(page)/policy", fields, from: page).value(of: "location")
                == "\(page)?done=policy"
        )
        let after = try await world.api("GET", "/v1/issuers/op/clients/rp")
        #expect(after["delivery"]?["max_in_flight"]?.int == 7)
        #expect(after["delivery"]?["attempt_timeout_seconds"]?.double == 2.5)
        #expect(after["delivery"]?["retry_waits_seconds"]?.elements.map(\.int) == [1, 2, 30])
        for member in ["client_name", "backchannel_logout_uri", "id_token_signed_response_alg"] {
            #expect(after[member] == before[member])
        }
        // Made from a page that somebody else has changed meanwhile.
        #expect(try await browser.submit("\(page)/policy", fields, from: page).status == 409)
        let now = try #require(after["updated_at"]?.string)
        let refused = try await browser.submit(
            "\(page)/policy",
            "updated_at=\(now)&max_in_flight=many",
            from: page
        )
        #expect(refused.status == 400)
        #expect(refused.body.contains("Invalid client metadata"))
    }

    @Test("a receiver is shown as one, without its header, which a change of its policy keeps")
    func receiver() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare(clients: [:])
        let url = "https://127.0.0.1:9/events"
        let terms = """
            {"shared_signals": {"method": "urn:ietf:rfc:8935", "endpoint_url": "\(url)",
             "authorization_header": "Bearer abcdefgh-0123456789"}}
            """
        let before = try await world.api("PUT", "/v1/issuers/op/clients/receiver", terms)
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let page = "/console/i/op/clients/receiver"
        for place in ["/console/i/op/clients", page] {
            let body = try await browser.get(place).body
            #expect(body.contains(url) && !body.contains("not covered") && !body.contains("abcdefgh"))
        }
        #expect(try await browser.get(page).body.contains("kept, and never shown"))
        let version = try #require(before["updated_at"]?.string)
        let fields = "updated_at=\(version)&max_in_flight=7"
        #expect(try await browser.submit("\(page)/policy", fields, from: page).status == 303)
        let after = try await world.api("GET", "/v1/issuers/op/clients/receiver")
        #expect(after["delivery"]?["max_in_flight"]?.int == 7)
        // That a header is kept is part of it.
        #expect(after["shared_signals"] == before["shared_signals"])
    }

    @Test("an event is cancelled, its delivery sent again, and failures in bulk after a dry run")
    func deliveries() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let event = try await world.logout(
            #"{"client_id": "rp", "sub": "alice"}, {"client_id": "unknown", "sub": "alice"}"#
        )
        let id = try #require(event["id"]?.string)
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let page = "/console/i/op/events/\(id)"
        #expect(
            try await browser.submit("\(page)/cancel", from: page).value(of: "location")
                == "\(page)?done=cancelled"
        )
        let again = try await browser.submit("\(page)/cancel", from: page)
        #expect(again.status == 409)
        #expect(again.body.contains("It has ended already."))

        let delivery = try #require(
            event["deliveries"]?.elements.first { $0["client_id"]?.string == "rp" }?["id"]?.string
        )
        let place = "/console/i/op/deliveries/\(delivery)"
        #expect(
            try await browser.submit("\(place)/redeliver", from: place).value(of: "location")
                == "\(place)?done=redelivered"
        )
        #expect(
            try await world.api("GET", "/v1/issuers/op/deliveries/\(delivery)")["status"]?.string == "pending"
        )

        let failed = try await browser.get("/console/i/op/failed")
        #expect(failed.body.contains("client not found"))
        let started = try await browser.submit(
            "/console/i/op/failed/redeliver",
            "dry_run=true&client_id=unknown&status=failed&reason=client_not_found",
            from: "/console/i/op/failed"
        )
        let run = try #require(started.value(of: "location"))
        let counted = try await browser.get(run).body
        #expect(counted.contains("Dry run") && counted.contains("Send 1 again"))
        // As the page's form has it; nobody works it off here, so it can still be stopped.
        let fields = "client_id=unknown&status=failed&reason=client_not_found"
        let sent = try await browser.submit("/console/i/op/failed/redeliver", fields, from: run)
        let real = try #require(sent.value(of: "location"))
        #expect(real != run)
        let stopped = try await browser.submit("\(real)/cancel", from: real)
        #expect(stopped.value(of: "location") == "\(real)?done=stopped")
        #expect(try await browser.get(real).body.contains("cancelled"))
    }

    @Test("what is sent again was accepted before it was counted")
    func counted() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let failure = #"{"client_id": "unknown", "sub": "alice"}"#
        try await world.logout(failure)
        let begin = "/console/i/op/failed/redeliver"
        let started = try await browser.submit(
            begin,
            "dry_run=true&client_id=unknown&status=failed&reason=client_not_found",
            from: "/console/i/op/failed"
        )
        let run = try #require(started.value(of: "location"))
        try await world.logout(failure)
        let page = try await browser.get(run).body
        #expect(page.contains("Send 1 again"))
        let form = try #require(page.split(separator: "action=\"\(begin)\"").last?.prefix { $0 != "\n" })
        let fields = form.matches(of: /<input type="hidden" name="([^"]*)" value="([^"]*)">/).map {
            "\($0.1)=\($0.2)"
        }
        let sent = try await browser.post(begin, fields.joined(separator: "&"))
        let real = try #require(sent.value(of: "location")?.split(separator: "/").last)
        let redelivery = try await world.api("GET", "/v1/issuers/op/redeliveries/\(real)")
        #expect(redelivery["matched"]?.int == 1 && redelivery["dry_run"] == .bool(false))
        #expect(redelivery["filter"]?["client_id"]?.string == "unknown")
    }

    @Test("a key is generated, activated before its time only by force, and the old one is retired by it")
    func keys() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let page = "/console/i/op/keys"
        #expect(try await browser.submit("\(page)/generate", "alg=ES256", from: page).status == 303)
        let keys = try await world.api("GET", "/v1/issuers/op/signing-keys")["items"]?.elements ?? []
        let kid = try #require(keys.first { $0["stage"]?.string == "next" }?["kid"]?.string)
        let early = try await browser.submit("\(page)/\(kid)/activate", from: page)
        #expect(early.status == 409)
        #expect(try await browser.submit("\(page)/\(kid)/activate", "force=true", from: page).status == 303)
        let stages = "select count(*) from lastcall.signing_keys where kid = '\(kid)' and stage = 'active'"
        #expect(try world.count(stages) == 1)
        #expect(try world.count("select count(*) from lastcall.signing_keys where stage = 'retired'") == 1)
    }

    @Test("the trail is verified, and one that was changed is called so")
    func audit() async throws {
        let world = try await ConsoleWorld(role: "up")
        try await world.prepare()
        let sealed = """
            select count(*) from lastcall.audit_seals s join lastcall.audit_events e on e.issuer_key = s.issuer_key and s.last_id >= e.audit_id
            where e.type = 'client.registered'
            """
        try await eventually("the seal") { try world.count(sealed) > 0 }
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let sound = try await browser.submit("/console/i/op/audit/verify", from: "/console/i/op/audit")
        #expect(sound.body.contains("The trail is what was sealed"))
        try world.change(
            "update lastcall.audit_events set actor = 'somebody' where type = 'client.registered'"
        )
        let broken = try await browser.submit("/console/i/op/audit/verify", from: "/console/i/op/audit")
        #expect(broken.body.contains("The trail is not what was sealed"))
    }

    @Test("things are found by each name that somebody can have in hand")
    func search() async throws {
        let rp = try ScriptedRelyingParty(authority: try TestAuthority.shared().authority)
        defer { rp.stop() }
        let world = try await ConsoleWorld(role: "up")
        try await world.prepare(clients: ["rp": "\(rp.uri())"])
        try await world.logout(#"{"client_id": "rp", "sub": "alice", "sid": "sid-1"}"#, under: "order-66")
        let event = try #require(
            try await world.api("GET", "/v1/issuers/op/logout-events")["items"]?.elements.first?["id"]?.string
        )
        _ = try await world.api("GET", "/v1/issuers/op/logout-events/\(event)?wait=10")
        let list = try await world.api("GET", "/v1/issuers/op/deliveries?logout_event_id=\(event)")
        let delivery = try #require(list["items"]?.elements.first?["id"]?.string)
        let shown = try await world.api("GET", "/v1/issuers/op/deliveries/\(delivery)")
        let jti = try #require(shown["attempts"]?.elements.first?["jti"]?.string)
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        for (wanted, target) in [
            (event, "events/\(event)"), (delivery, "deliveries/\(delivery)"), ("alice", "events/\(event)"),
            ("sid-1", "events/\(event)"),
            ("rp", "clients/rp"), ("order-66", "events/\(event)"), (jti, "deliveries/\(delivery)"),
        ] {
            let page = try await browser.get("/console/i/op/search?q=\(wanted)")
            #expect(page.body.contains("href=\"/console/i/op/\(target)\""), "\(wanted)")
        }
        #expect(try await browser.get("/console/i/op/search?q=nobody").body.contains("Nothing."))
        let out = try await browser.get("/console/i/op/where?by=sub&value=alice")
        #expect(out.body.contains("confirmed out"))
        let said = try await browser.get("/console/i/op/deliveries/\(delivery)")
        for claim in ["logout+jwt", "https://op.example.com", "sid-1", jti] {
            #expect(said.body.contains(claim))
        }
    }

    @Test("a search that was refused says so, instead of finding nothing")
    func refusedSearch() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        try await world.logout(#"{"client_id": "rp", "sub": "alice", "sid": "sid-1"}"#)
        // The sign-in and the look for a client leave one call for the first of four lists; `sid` is the second.
        let made = try await world.api(
            "POST",
            "/v1/api-keys",
            #"{"name": "slow", "issuer": "op", "scopes": ["read"], "calls_per_second": 3}"#
        )
        let browser = Browser(world)
        try await browser.signIn(try #require(made["key"]?.string))
        var statuses: Set<Int> = []
        for _ in 0..<10 {
            let page = try await browser.get("/console/i/op/search?q=sid-1")
            statuses.insert(page.status)
            #expect(page.status == 429 || page.body.contains("by sid"))
        }
        #expect(statuses.contains(429))
    }

    @Test("what waits is shown as it is")
    func overview() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare(clients: [
            "rp": "https://127.0.0.1:9/bcl", "other": "https://127.0.0.1:9/bcl",
        ])
        try await world.logout(#"{"client_id": "rp", "sub": "alice"}, {"client_id": "other", "sub": "bob"}"#)
        try await world.api("POST", "/v1/issuers/op/clients/rp/hold")
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let page = try await browser.get("/console/i/op").body
        #expect(page.contains(/Waiting<\/h2><p class="big">2</))
        #expect(page.contains("2 clients</a>, 1 on hold"))
        #expect(
            try await browser.get("/console/i/op/clients/rp").body.contains(/Waiting<\/h2><p class="big">1</)
        )
        let health = try await browser.get("/console/health").body
        for check in ["queue bloat", "snapshot", "partition horizon", "durability"] {
            #expect(health.contains(check))
        }
    }
}
