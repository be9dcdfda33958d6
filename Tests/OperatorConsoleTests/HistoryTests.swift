import Foundation
import LastcallTestKit
import StrictJSON
import Testing

/// What the pages say where there is more history than one look takes in.
@Suite("The console and long histories", .lastcallDatabase)
struct HistoryTests {
    /// As many deliveries as one look takes in that a page shows nothing of, newer than all that there are: cancelled, and one webhook.
    private static let newer = """
        with e as materialized (select lastcall.new_event_id() as id)
        insert into lastcall.deliveries (delivery_id, issuer_key, status, ended_at, deliver_before, client_id)
        select case n when 20000 then lastcall.webhook_id(e.id, 1) else lastcall.delivery_id(e.id, n) end,
            (select issuer_key from lastcall.issuers where name = 'op'), 'cancelled', now(), now(), 'elsewhere'
        from e, generate_series(1, 20000) n
        """

    @Test("no page says that nothing happened where it has not looked at everything")
    func cut() async throws {
        let bad = try ScriptedRelyingParty(
            authority: try TestAuthority.shared().authority,
            standing: .status(400)
        )
        defer { bad.stop() }
        let world = try await ConsoleWorld(role: "up")
        try await world.prepare(clients: ["rp": "\(bad.uri())", "quiet": "https://127.0.0.1:9/bcl"])
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        func body(_ page: String) async throws -> String {
            try await browser.get("/console/i/op\(page)").body
        }
        let cut = "newest 20\u{202F}000"
        #expect(try await body("/failed").contains("Nothing failed"))
        #expect(try await body("/clients/quiet").contains("Nothing was sent here in the last 24 hours"))
        try await world.logout(#"{"client_id": "rp", "sub": "alice"}"#, waiting: true)
        #expect(try await body("").contains("0 told, 1 not, in an hour"))
        for page in ["", "/failed", "/clients/rp", "/clients/quiet"] {
            #expect(try await !body(page).contains(cut), "\(page)")
        }

        try world.change(Self.newer)
        let failed = try await body("/failed")
        #expect(failed.contains("None failed among the \(cut)") && !failed.contains("Nothing failed"))
        #expect(try await body("").contains("Only the \(cut)"))
        for page in ["/clients/rp", "/clients/quiet"] {
            let client = try await body(page)
            #expect(client.contains("None among the newest attempts that were looked at: 0,"), "\(page)")
            #expect(client.contains(cut) && !client.contains("in the last 24 hours"), "\(page)")
        }
        #expect(try await body("/failed?page=3").contains("There is nothing on this page."))
    }

    @Test("as many deliveries of a client as one look takes in, none of them tried, hide no attempt unsaid")
    func untried() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        try world.change(
            """
            with e as materialized (select lastcall.new_event_id() as id)
            insert into lastcall.deliveries (delivery_id, issuer_key, status, ended_at, deliver_before, client_id)
            select lastcall.delivery_id(e.id, n), (select issuer_key from lastcall.issuers), 'cancelled', now(), now(), 'rp'
            from e, generate_series(1, 120) n
            """
        )
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let client = try await browser.get("/console/i/op/clients/rp").body
        #expect(client.contains("newest 120 deliveries") && !client.contains("in the last 24 hours"))
    }

    @Test("a search for a token goes on where its last step ended, within the attempts of one delivery too")
    func token() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let jti = "01234567-89ab-4def-8123-456789abcdef"
        // The step's edge is between the first attempt of this delivery and the second.
        try world.change(
            """
            with e as materialized (select lastcall.delivery_id(lastcall.new_event_id(), 1) as id)
            insert into lastcall.attempts (delivery_id, issuer_key, number, started_at, finished_at, outcome, jti)
            select e.id, (select issuer_key from lastcall.issuers), n, now(), now(), 'timeout',
                case n when 1 then '\(jti)' else gen_random_uuid() end::uuid
            from e, generate_series(1, 100001) n
            """
        )
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let search = "/console/i/op/search"
        let first = try await browser.get("\(search)?q=\(jti)").body
        #expect(first.contains("100\u{202F}000 attempts were looked at") && first.contains("Nothing."))
        let link = try #require(first.firstMatch(of: /href="(\?[^"]*)">Look further back/)).1
        let second = try await browser.get(search + link.replacing("&amp;", with: "&")).body
        #expect(second.contains("Delivery, by the jti of its token"))
        // And it has an end.
        let other = try await browser.get(
            search + link.replacing("&amp;", with: "&").replacing(jti, with: UUID().uuidString)
        ).body
        #expect(other.contains("1 attempts were looked at") && !other.contains("Look further back"))
    }
}
