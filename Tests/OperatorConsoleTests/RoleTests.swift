import LastcallTestKit
import StrictJSON
import Testing

@Suite("What a key may in the console", .lastcallDatabase)
struct RoleTests {
    private static let actions = [
        "events/%E/cancel", "clients/rp/hold", "clients/rp/release", "clients/rp/probe", "keys/generate",
        "failed/redeliver",
        "clients/rp/policy", "deliveries/%D/redeliver",
    ]

    @Test("a key that may only read is shown no button, and its forms do nothing")
    func readOnly() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let event = try await world.logout(#"{"client_id": "rp", "sub": "alice"}"#)
        let id = try #require(event["id"]?.string)
        let delivery = try #require(event["deliveries"]?.elements.first?["id"]?.string)
        let browser = Browser(world)
        try await browser.signIn(try await world.key(#""read""#).key)
        for page in ["", "/events/\(id)", "/deliveries/\(delivery)", "/clients/rp", "/failed", "/keys"] {
            let shown = try await browser.get("/console/i/op\(page)")
            #expect(shown.status == 200)
            #expect(shown.body.contains("read only"))
            let actions = shown.body.matches(of: /method="post" action="([^"]*)"/).map { String($0.1) }
            #expect(actions.allSatisfy { $0 == "/console/sign-out" || $0.hasSuffix("/policy") }, "\(actions)")
        }
        let changed = try #require(
            try await world.api("GET", "/v1/issuers/op/clients/rp")["updated_at"]?.string
        )
        let before = try world.count("select count(*) from lastcall.audit_events")
        for action in Self.actions {
            let path = action.replacing("%E", with: id).replacing("%D", with: delivery)
            let fields =
                switch action {
                case "keys/generate": "alg=ES256"
                case let name where name.hasSuffix("/policy"): "updated_at=\(changed)&max_attempts=3"
                default: "client_id=rp"
                }
            let refused = try await browser.submit("/console/i/op/\(path)", fields, from: "/console/i/op")
            #expect(refused.status == 403, "\(action)")
        }
        #expect(try world.count("select count(*) from lastcall.audit_events") == before)
    }

    @Test(
        "only a key without buttons is called read only",
        arguments: ["", "operate", "clients", "admin", "logout"]
    )
    func roles(scope: String) async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        let scopes = scope.isEmpty ? #""read""# : #""read", "\#(scope)""#
        try await browser.signIn(try await world.key(scopes).key)
        var actions: Set<String> = []
        for page in ["/clients/rp", "/keys"] {
            let shown = try await browser.get("/console/i/op\(page)").body
            actions.formUnion(shown.matches(of: /<button[^>]*>([^<]*)</).map { String($0.1) })
            let isReader = shown.contains("read only")
            #expect(isReader == ["", "logout"].contains(scope), "\(scope)")
        }
        #expect((actions == ["Search", "Sign out"]) == ["", "logout"].contains(scope), "\(actions)")
    }

    @Test("a key that may not read sees nothing but that")
    func noReading() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(try await world.key(#""logout", "operate""#).key)
        for page in ["", "/clients", "/audit", "/search?q=rp"] {
            let refused = try await browser.get("/console/i/op\(page)")
            #expect(refused.status == 403)
            #expect(!refused.body.contains("shop"))
        }
    }

    @Test("what is done here is written down under the key that did it")
    func actor() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let key = try await world.key(#""read", "operate", "clients", "admin""#)
        let browser = Browser(world)
        try await browser.signIn(key.key)
        #expect(
            try await browser.submit("/console/i/op/clients/rp/hold", from: "/console/i/op/clients/rp").status
                == 303
        )
        #expect(
            try await browser.submit("/console/i/op/keys/generate", "alg=ES256", from: "/console/i/op/keys")
                .status == 303
        )
        let written =
            "select count(*) from lastcall.audit_events where actor = '\(key.id)' and type in ('client.held', 'signing_key.created')"
        #expect(try world.count(written) == 2)
    }

    @Test("another issuer's pages look like those of no issuer, whatever is asked")
    func otherIssuer() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare("op")
        try await world.prepare("other", clients: ["secret-rp": "https://127.0.0.1:9/bcl"])
        let event = try await world.logout(#"{"client_id": "secret-rp", "sub": "mallory"}"#, issuer: "other")
        let id = try #require(event["id"]?.string)
        let delivery = try #require(event["deliveries"]?.elements.first?["id"]?.string)
        try await world.logout(
            #"{"client_id": "secret-rp", "sub": "x"}"#,
            issuer: "other",
            under: "foreign-order"
        )
        let browser = Browser(world)
        try await browser.signIn(try await world.key(#""read", "operate", "clients", "admin""#).key)
        #expect(try await browser.get("/console").value(of: "location") == "/console/i/op")
        func plain(_ page: PageCall) -> String { page.body.replacing(/value="[A-Za-z0-9_-]{43}"/, with: "") }
        for page in [
            "", "/events", "/events/\(id)", "/clients", "/clients/secret-rp", "/keys", "/audit",
            "/search?q=mallory",
        ] {
            let foreign = try await browser.get("/console/i/other\(page)")
            let unknown = try await browser.get("/console/i/nobody\(page)")
            #expect(foreign.status == 404)
            #expect(plain(foreign) == plain(unknown))
        }
        for page in ["/events/\(id)", "/deliveries/\(delivery)", "/clients/secret-rp"] {
            #expect(try await browser.get("/console/i/op\(page)").status == 404)
        }
        for page in [
            "/search?q=foreign-order", "/search?q=\(id)", "/search?q=mallory", "/search?q=secret-rp",
            "/events?sub=mallory",
            "/where?by=sub&value=mallory",
        ] {
            let shown = try await browser.get("/console/i/op\(page)")
            #expect(shown.status == 200)
            #expect(!shown.body.contains("/events/\(id)"))
            #expect(!shown.body.contains("clients/secret-rp"))
        }
        #expect(
            try await browser.submit("/console/i/other/clients/secret-rp/hold", from: "/console/i/op").status
                == 404
        )
        #expect(try await browser.get("/console/i/op/search?q=foreign-order").body.contains("Nothing."))
        for page in ["/console/health", "/console/audit"] {
            #expect(try await browser.get(page).status == 404)
        }
        #expect(try world.count("select count(*) from lastcall.clients where held_at is not null") == 0)
    }
}
