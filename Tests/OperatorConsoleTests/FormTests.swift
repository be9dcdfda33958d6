import LastcallTestKit
import Testing

@Suite("Forms of the console", .lastcallDatabase)
struct FormTests {
    private static let held = "select count(*) from lastcall.clients where held_at is not null"

    @Test("a form without the session's own token does nothing")
    func tokens() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let other = Browser(world)
        try await other.signIn(ConsoleWorld.operatorKey)
        let foreign = try Browser.token(in: try await other.get("/console/i/op").body)
        let own = try Browser.token(in: try await browser.get("/console/i/op").body)
        for fields in ["", "csrf=", "csrf=\(foreign)", "csrf=\(own.dropLast())", "other=\(own)"] {
            let refused = try await browser.post("/console/i/op/clients/rp/hold", fields)
            #expect(refused.status == 403, "\(fields)")
        }
        #expect(try world.count(Self.held) == 0)
        #expect(try await browser.post("/console/i/op/clients/rp/hold", "csrf=\(own)").status == 303)
        #expect(try world.count(Self.held) == 1)
    }

    @Test("a form that a browser says comes from elsewhere does nothing")
    func elsewhere() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let token = try Browser.token(in: try await browser.get("/console/i/op").body)
        for field in [
            ("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            let refused = try await browser.post(
                "/console/i/op/clients/rp/hold",
                "csrf=\(token)",
                headers: [field]
            )
            #expect(refused.status == 403)
        }
        #expect(try world.count(Self.held) == 0)
        let own = [("Origin", "http://127.0.0.1:\(world.port)"), ("Sec-Fetch-Site", "same-origin")]
        #expect(
            try await browser.post("/console/i/op/clients/rp/hold", "csrf=\(token)", headers: own).status
                == 303
        )
    }

    @Test("nobody is signed in with somebody else's key by a form of another site")
    func signIn() async throws {
        let world = try await ConsoleWorld()
        let browser = Browser(world)
        let refused = try await browser.post("/console/sign-in", "key=\(ConsoleWorld.operatorKey)")
        #expect(refused.status == 403)
        #expect(browser.cookies["lastcall-console"] == nil)
    }

    @Test("no address does anything when it is only looked at")
    func looking() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        for action in [
            "clients/rp/hold", "clients/rp/probe", "keys/generate", "failed/redeliver", "audit/verify",
        ] {
            #expect(try await browser.get("/console/i/op/\(action)").status == 404)
        }
        #expect(try await browser.get("/console/sign-out").status == 404)
        #expect(try await browser.get("/console/i/op").status == 200)
        #expect(try world.count(Self.held) == 0)
    }
}
