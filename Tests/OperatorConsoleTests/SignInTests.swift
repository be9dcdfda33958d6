import LastcallTestKit
import Testing

@Suite("Signing in to the console", .lastcallDatabase)
struct SignInTests {
    @Test("nobody sees a page without a session; after signing in they are where they wanted to go")
    func wayIn() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        let turned = try await browser.get("/console/i/op/clients?cursor=")
        #expect(turned.status == 303)
        #expect(
            turned.value(of: "location") == "/console/sign-in?next=%2Fconsole%2Fi%2Fop%2Fclients%3Fcursor%3D"
        )
        #expect(!turned.body.contains("rp"))
        let entered = try await browser.signIn(
            ConsoleWorld.operatorKey,
            next: "%2Fconsole%2Fi%2Fop%2Fclients"
        )
        #expect(entered.status == 303)
        #expect(entered.value(of: "location") == "/console/i/op/clients")
        #expect(try await browser.get("/console/i/op/clients").status == 200)
    }

    @Test("the way back leads nowhere but to a page of the console")
    func wayBack() async throws {
        let world = try await ConsoleWorld()
        for next in [
            "https://evil.example/", "//evil.example", "/console%5C%5Cevil.example", "/consolex",
            "javascript:alert(1)",
            "/v1/issuers", "/console%0D%0ASet-Cookie:+x=y",
        ] {
            let entered = try await Browser(world).signIn(ConsoleWorld.operatorKey, next: next)
            #expect(entered.value(of: "location") == "/console", "\(next)")
        }
    }

    @Test("a key that does not hold opens nothing, and twenty of them in a minute close the door for a while")
    func wrongKeys() async throws {
        let world = try await ConsoleWorld()
        let browser = Browser(world)
        for _ in 1...20 {
            let refused = try await browser.signIn("lc_0123456789")
            #expect(refused.status == 401)
            #expect(browser.cookies["lastcall-console"] == nil)
        }
        let limited = try await browser.signIn(ConsoleWorld.operatorKey)
        #expect(limited.status == 429)
        #expect(limited.value(of: "retry-after") == "60")
        #expect(try world.count("select count(*) from lastcall.console_sessions") == 0)
    }

    @Test("sign-ins that succeed are not counted against the limit")
    func rightKeys() async throws {
        let world = try await ConsoleWorld()
        for _ in 1...22 { #expect(try await Browser(world).signIn(ConsoleWorld.operatorKey).status == 303) }
    }

    @Test("a session holds on every process, and signing out ends it on all of them")
    func fleet() async throws {
        let first = try await ConsoleWorld()
        let second = try await ConsoleWorld()
        let browser = Browser(first)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let elsewhere = Browser(second, cookies: browser.cookies)
        #expect(try await elsewhere.get("/console").status == 200)
        #expect(try await browser.submit("/console/sign-out", from: "/console").status == 303)
        #expect(browser.cookies.isEmpty)
        #expect(try await elsewhere.get("/console").status == 303)
    }

    @Test("signing in again ends the session before")
    func again() async throws {
        let world = try await ConsoleWorld()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let old = Browser(world, cookies: browser.cookies)
        try await browser.signIn(ConsoleWorld.operatorKey)
        #expect(try await old.get("/console").status == 303)
        #expect(try await browser.get("/console").status == 200)
    }

    @Test("the cookie is kept from scripts and other sites; behind TLS it is for TLS and this host alone")
    func cookies() async throws {
        let plain = try await ConsoleWorld()
        let entered = try await Browser(plain).signIn(ConsoleWorld.operatorKey)
        let cookie = try #require(
            entered.values(of: "set-cookie").first { $0.hasPrefix("lastcall-console=") }
        )
        for flag in ["; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"] {
            #expect(cookie.contains(flag))
        }
        #expect(!cookie.contains("Domain"))
        let secure = try await ConsoleWorld(["LASTCALL_CONSOLE_BEHIND_TLS": "true"])
        let again = try await Browser(secure).signIn(ConsoleWorld.operatorKey)
        #expect(!again.values(of: "set-cookie").isEmpty)
        for field in again.values(of: "set-cookie") {
            #expect(field.hasPrefix("__Host-lastcall-"))
            #expect(field.hasSuffix("; HttpOnly; SameSite=Strict; Secure"))
        }
    }

    @Test("without TLS no key is asked for beyond this machine")
    func unsafeListener() async throws {
        let world = try await ConsoleWorld(["LASTCALL_LISTEN": "0.0.0.0:0"])
        for path in ["/console", "/console/sign-in"] {
            let page = try await Browser(world).get(path)
            #expect(page.status == 403)
            #expect(!page.body.contains("<form"))
        }
        let other = try await ConsoleWorld([
            "LASTCALL_LISTEN": "0.0.0.0:0", "LASTCALL_CONSOLE_BEHIND_TLS": "true",
        ])
        #expect(try await Browser(other).get("/console/sign-in").status == 200)
    }

    @Test("where the console is switched off there is none")
    func off() async throws {
        let world = try await ConsoleWorld(["LASTCALL_CONSOLE": "false"])
        #expect(try await Browser(world).get("/console/sign-in").status == 401)
    }
}
