import Foundation
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Pages of the console", .lastcallDatabase)
struct PageTests {
    /// Every address on a page that leads into the console.
    private static func links(_ page: String) -> [String] {
        page.matches(of: /(?:href|src)="([^"]*)"/).map { String($0.1).replacing("&amp;", with: "&") }
    }

    @Test(
        "every page that a link leads to is there, hardened, and holds no script, style or secret of its own"
    )
    func everyPage() async throws {
        let rp = try ScriptedRelyingParty(authority: try TestAuthority.shared().authority)
        let bad = try ScriptedRelyingParty(
            authority: try TestAuthority.shared().authority,
            standing: .status(
                400,
                headers: ["Content-Type: application/json"],
                body:
                    #"{"error": "</td><script>alert(4)</script>", "error_description": "\"\u0301 onmouseover=alert(5) <img src=x>"}"#
            )
        )
        defer {
            rp.stop()
            bad.stop()
        }
        let world = try await ConsoleWorld(role: "up")
        try await world.prepare(clients: [
            "good": "\(rp.uri())", "bad": "\(bad.uri())", "none-yet": "https://127.0.0.1:9/bcl",
        ])
        try await world.logout(
            #"{"client_id": "good", "sub": "alice", "sid": "s1"}, {"client_id": "bad", "sub": "alice", "sid": "s2"}"#,
            waiting: true
        )
        let token = try #require(
            rp.received.first.map {
                String(decoding: $0.body, as: UTF8.self).dropFirst("logout_token=".count)
            }
        )
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let cookie = try #require(browser.cookies["lastcall-console"])
        let redelivery = try await browser.submit(
            "/console/i/op/failed/redeliver",
            "dry_run=true&status=failed",
            from: "/console/i/op/failed"
        )
        var waiting = [
            "/console", "/console/i/op/search?q=alice", "/console/i/op/where?by=sub&value=alice",
            "/console/nowhere",
            try #require(redelivery.value(of: "location")),
        ]
        var seen: Set<String> = []
        var shown: [String] = []
        while let path = waiting.popLast() {
            guard seen.insert(path).inserted else { continue }
            let page = try await browser.get(path)
            #expect(page.status == (path == "/console/nowhere" ? 404 : 200), "\(path)")
            let policy = try #require(page.value(of: "content-security-policy"))
            #expect(policy.hasPrefix("default-src 'none'; ") && !policy.contains("unsafe"))
            for (name, value) in [
                ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"),
                ("referrer-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
            ] { #expect(page.value(of: name) == value, "\(path)") }
            guard page.value(of: "content-type")?.hasPrefix("text/html") == true else { continue }
            #expect(page.value(of: "cache-control") == "no-store")
            shown.append(page.body)
            #expect(!page.body.contains(/<style| style=|<script>| on[a-z]+="|javascript:/), "\(path)")
            for secret in [ConsoleWorld.operatorKey, cookie, String(token)] {
                #expect(!page.body.contains(secret), "\(path)")
            }
            #expect(!page.body.contains(/eyJ[A-Za-z0-9_-]+\.|lc_[0-9a-f]{32}_/), "\(path)")
            for link in Self.links(page.body) {
                let target = link.hasPrefix("?") ? path.prefix { $0 != "?" } + link : link
                #expect(target.hasPrefix("/console") || target == "#main", "\(path): \(link)")
                if target.hasPrefix("/console") { waiting.append(target) }
            }
        }
        #expect(
            shown.contains { $0.contains("&lt;/td&gt;&lt;script&gt;alert(4)") },
            "the RP's error is shown"
        )
        #expect(shown.allSatisfy { !$0.contains("<img src=x") })
        // By bytes: a quotation mark that is still one ends an attribute, whatever follows it.
        #expect(shown.allSatisfy { !$0.utf8.contains(Array("\"\u{301}".utf8)) })
        #expect(seen.count > 25)
        #expect(seen.contains { $0.hasPrefix("/console/i/op/deliveries/") })
    }

    @Test("a browser keeps style and script only under the version of what it was given")
    func assets() async throws {
        let world = try await ConsoleWorld()
        let browser = Browser(world)
        let page = try await browser.get("/console/sign-in").body
        let links = page.matches(of: /"(\/console\/assets\/[a-z.]+)\?v=([A-Za-z0-9_-]+)"/)
        #expect(Set(links.map { String($0.1) }).count == 2)
        for link in links {
            let kept = try await browser.get("\(link.1)?v=\(link.2)")
            #expect(kept.value(of: "cache-control") == "public, max-age=31536000, immutable", "\(link.1)")
            for query in ["", "?v=", "?v=of-a-newer-1", "?w=\(link.2)"] {
                let other = try await browser.get("\(link.1)\(query)")
                #expect(other.status == 200 && other.body == kept.body)
                #expect(other.value(of: "cache-control") == "no-store", "\(link.1)\(query)")
            }
        }
    }

    @Test("whatever clients, users and RPs are called stays text")
    func hostileNames() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare(clients: [:])
        // The second has a quotation mark that a combining character follows: one character to Swift, two to a browser.
        for (id, name) in [
            ("a%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", #"\"><img src=x onerror=alert(1)>"#),
            ("b", "x\\\"\u{301} autofocus onfocus=alert(1) y='{{csrf}}' {{{main}}}"),
        ] {
            let metadata =
                #"{"backchannel_logout_uri": "https://127.0.0.1:9/bcl", "client_name": "\#(name)"}"#
            try await world.api("PUT", "/v1/issuers/op/clients/\(id)", metadata)
        }
        try await world.logout(
            #"{"client_id": "b", "sub": "</td><script>alert(2)</script>", "sid": "\"\u0301 onmouseover=alert(3) \""}"#
        )
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let event = try #require(
            try await world.api("GET", "/v1/issuers/op/logout-events")["items"]?.elements.first?["id"]?.string
        )
        for path in [
            "/clients", "/clients/b", "/clients/a%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            "/events/\(event)", "/audit",
            "/events?sub=%3C%2Ftd%3E%3Cscript%3Ealert(2)%3C%2Fscript%3E&sid=%22%CC%81+onmouseover%3Dalert(3)+%22",
            "/where?by=sub&value=%3C%2Ftd%3E%3Cscript%3Ealert(2)%3C%2Fscript%3E",
            "/search?q=%22%CC%81+onfocus%3D1+%3Cscript%3E",
        ] {
            let page = try await browser.get("/console/i/op\(path)")
            #expect(page.status == 200)
            #expect(!page.body.contains("<script>"), "\(path)")
            #expect(!page.body.contains("<img src=x"), "\(path)")
            // By bytes: a quotation mark that is still one ends an attribute, whatever follows it.
            #expect(!page.body.utf8.contains(Array("\"\u{301}".utf8)), "\(path)")
        }
        #expect(try await browser.get("/console/i/op/clients/b").body.contains("{{csrf}}"))
    }

    @Test("a receiver of Shared Signals is shown as one: where it is told, and what its token says")
    func receiver() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare(clients: [:])
        let terms =
            #"{"method": "urn:ietf:rfc:8935", "endpoint_url": "https://127.0.0.1:9/events", "aud": "signals", "authorization_header": "Bearer abcdefgh-0123"}"#
        try await world.api(
            "PUT",
            "/v1/issuers/op/clients/receiver",
            #"{"shared_signals": \#(terms), "id_token_signed_response_alg": "ES256"}"#
        )
        try await world.logout(#"{"client_id": "receiver", "sub": "alice", "sid": "s1"}"#)
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        for path in ["/clients", "/clients/receiver"] {
            let page = try await browser.get("/console/i/op\(path)").body
            #expect(page.contains("https://127.0.0.1:9/events") && !page.contains("not covered"), "\(path)")
            #expect(!page.contains("abcdefgh"), "\(path)")
        }
        let delivery = try #require(
            try await world.api("GET", "/v1/issuers/op/deliveries")["items"]?.elements.first?["id"]?.string
        )
        let page = try await browser.get("/console/i/op/deliveries/\(delivery)").body
        for word in ["secevent+jwt", "signals", "event-type/session-revoked", "sub_id session"] {
            #expect(page.contains(word), "\(word)")
        }
        #expect(!page.contains("logout+jwt") && page.contains("What the next token says"))
        // Nobody knows any more what it was.
        try await world.api("DELETE", "/v1/issuers/op/clients/receiver")
        let gone = try await browser.get("/console/i/op/deliveries/\(delivery)").body
        #expect(gone.contains("No client of this name is registered now"))
        #expect(!gone.contains("logout+jwt") && !gone.contains("secevent+jwt"))
    }

    @Test("what a token says is of the next one; of the last, only what was written down")
    func lastToken() async throws {
        let rp = try ScriptedRelyingParty(authority: try TestAuthority.shared().authority)
        defer { rp.stop() }
        let world = try await ConsoleWorld(role: "up")
        try await world.prepare(clients: ["rp": "\(rp.uri())"])
        try await world.logout(#"{"client_id": "rp", "sub": "alice"}"#, waiting: true)
        try await world.api("POST", "/v1/issuers/op/signing-keys", #"{"alg": "RS256"}"#)
        try await world.api(
            "PUT",
            "/v1/issuers/op/clients/rp",
            #"{"backchannel_logout_uri": "\#(rp.uri())", "id_token_signed_response_alg": "RS256"}"#
        )
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        let delivery = try #require(
            try await world.api("GET", "/v1/issuers/op/deliveries")["items"]?.elements.first?["id"]?.string
        )
        let last = try #require(
            try await world.api("GET", "/v1/issuers/op/deliveries/\(delivery)")["attempts"]?.elements.last
        )
        let page = try await browser.get("/console/i/op/deliveries/\(delivery)").body
        func row(_ label: String, _ value: String) -> Bool {
            page.contains("<dt>\(label)</dt><dd class=\"mono\">\(value)</dd>")
        }
        #expect(row("alg · header", "RS256") && row("kid · header", "of the key that is active then"))
        #expect(row("jti · claim", "new for each attempt"))
        for (label, member) in [("kid", "kid"), ("jti", "jti"), ("sent", "started_at")] {
            #expect(row("\(label) · last token", try #require(last[member]?.string)), "\(label)")
        }
    }

    @Test("addresses that mean nothing are not found, and nonsense in a query is refused in words")
    func nothing() async throws {
        let world = try await ConsoleWorld()
        try await world.prepare()
        let browser = Browser(world)
        try await browser.signIn(ConsoleWorld.operatorKey)
        for path in Self.nowhere { #expect(try await browser.get(path).status == 404, "\(path)") }
        for query in Self.nonsense {
            #expect([200, 400].contains(try await browser.get("/console/i/op\(query)").status), "\(query)")
        }
    }

    private static let nowhere = [
        "/console/i", "/console/i/", "/console/i/op/clients/%FF", "/console/i/op/clients/%00",
        "/console/i/op/events/x",
        "/console/assets/../sign-in", "/console/assets/none.css", "/console/i/op/redeliveries/0",
        "/console/i/op/clients/a/b/c",
        "/console/i/OP", "/console/i/op/deliveries/00000000-0000-0000-0000-000000000000",
    ]
    private static let nonsense = [
        "/events?cursor=x", "/events?status=gone", "/clients?cursor=%FF&cursor=x",
        "/failed?page=999999999999&days=x", "/audit?before=x&type=none",
        "/where?by=none&value=%01", "/search?q=%01", "/search?q=00000000-0000-0000-0000-000000000000&back=x",
    ]
}

extension Sequence<UInt8> {
    /// Whether these bytes stand somewhere in it.
    fileprivate func contains(_ needle: [UInt8]) -> Bool { Array(self).firstRange(of: needle) != nil }
}
