import LastcallTestKit
import Testing

@Suite("Sessions of the console", .lastcallDatabase)
struct SessionTests {
    @Test("the database knows neither the cookie nor the key, only what was made of them")
    func hashes() async throws {
        let world = try await ConsoleWorld()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let cookie = try #require(browser.cookies["lastcall-console"])
        let whole = "select count(*) from lastcall.console_sessions s where s::text like '%' || encode("
        // The secret is the cookie's bytes: base64url without its padding.
        let secret = "decode(translate('\(cookie)', '-_', '+/') || '=', 'base64')"
        for text in ["'\(cookie)'::bytea", "'\(ConsoleWorld.operatorKey)'::bytea", secret] {
            #expect(try world.count(whole + "\(text), 'hex') || '%'") == 0)
        }
        let hashed = "select count(*) from lastcall.console_sessions where session_hash = sha256(\(secret))"
        #expect(try world.count(hashed) == 1)
        #expect(!world.process.errors.contains(cookie))
    }

    @Test("a session ends when it is over")
    func expired() async throws {
        let world = try await ConsoleWorld()
        for change in ["expires_at = now()", "expires_at = now(), ends_at = now()"] {
            let browser = Browser(world)
            try await browser.signIn(ConsoleWorld.operatorKey)
            try world.change("update lastcall.console_sessions set \(change)")
            let turned = try await browser.get("/console")
            #expect(turned.status == 303)
            #expect(browser.cookies["lastcall-console"] == nil)
        }
    }

    @Test("use moves the end of a session on, but never behind its last moment")
    func moves() async throws {
        let world = try await ConsoleWorld()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        try world.change("update lastcall.console_sessions set expires_at = now() + interval '5 minutes'")
        #expect(try await browser.get("/console").status == 200)
        let later =
            "select count(*) from lastcall.console_sessions where expires_at > now() + interval '29 minutes'"
        #expect(try world.count(later) == 1)
        try world.change(
            "update lastcall.console_sessions set ends_at = now() + interval '9 minutes', expires_at = now() + interval '5 minutes'"
        )
        #expect(try await browser.get("/console").status == 200)
        #expect(
            try world.count("select count(*) from lastcall.console_sessions where expires_at = ends_at") == 1
        )
    }

    @Test("a page that updates itself keeps no session alive, and ends with it")
    func idle() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        try world.change("update lastcall.console_sessions set expires_at = now() + interval '5 minutes'")
        let stream = try EventStream("/console/i/op", port: world.port, headers: browser.streamFields)
        try await eventually("the page") { stream.text.contains("event: page") }
        let unmoved =
            "select count(*) from lastcall.console_sessions where expires_at <= now() + interval '5 minutes'"
        #expect(try world.count(unmoved) == 1)
        try world.change("update lastcall.console_sessions set expires_at = now()")
        try await stream.ended()
    }

    @Test("revoking the key ends its sessions at once, and what updates itself with them")
    func revoked() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let key = try await world.key(#""read""#)
        let browser = Browser(world)
        try await browser.signIn(key.key)
        let stream = try EventStream("/console/i/op", port: world.port, headers: browser.streamFields)
        try await eventually("the page") { stream.text.contains("event: page") }
        #expect(stream.text.contains("<h1>Overview</h1>"))
        let cookies = browser.cookies
        try await world.api("DELETE", "/v1/api-keys/\(key.id)")
        // The last of them asks the API for nothing.
        for page in ["", "/clients", "/audit"] {
            #expect(try await browser.get("/console/i/op\(page)").status == 303)
            browser.remember(cookies)
        }
        try await stream.ended()
    }

    @Test("a key that expires ends its sessions")
    func expiredKey() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(try await world.key(#""read""#).key)
        try world.change("update lastcall.api_keys set expires_at = now()")
        #expect(try await browser.get("/console/i/op/audit").status == 303)
    }

    @Test("another operator key in the settings ends what the old one opened")
    func otherOperatorKey() async throws {
        let world = try await ConsoleWorld()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let other = try await ConsoleWorld([
            "LASTCALL_OPERATOR_API_KEY": "another-operator-key-0123456789-0123"
        ])
        #expect(try await Browser(other, cookies: browser.cookies).get("/console").status == 303)
        #expect(try await browser.get("/console").status == 200)
    }

    @Test("a cookie that nobody was given opens nothing")
    func madeUp() async throws {
        let world = try await ConsoleWorld()
        for cookie in ["", "x", String(repeating: "A", count: 43), "%00"] {
            #expect(
                try await Browser(world, cookies: ["lastcall-console": cookie]).get("/console").status == 303
            )
        }
    }

    @Test("as many pages update themselves as the setting says")
    func streamLimit() async throws {
        let world = try await ConsoleWorld(["LASTCALL_CONSOLE_STREAM_LIMIT": "1"])
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let first = try EventStream("/console/i/op", port: world.port, headers: browser.streamFields)
        try await first.opened()
        let second = try EventStream("/console/i/op", port: world.port, headers: browser.streamFields)
        try await eventually("the refusal") { second.text.contains("503") }
        first.leave()
        let free: @Sendable () async throws -> Bool = {
            let third = try EventStream("/console/i/op", port: world.port, headers: browser.streamFields)
            defer { third.leave() }
            try await eventually("an answer") { third.text.contains("\r\n\r\n") }
            return third.text.contains("200 OK")
        }
        try await eventually("the place to be free", holds: free)
    }
}
