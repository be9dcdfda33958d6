import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Clients that take Security Event Tokens", .lastcallDatabase)
struct SharedSignalsTests {
    static let line = "PUT /v1/issuers/acme/clients/rp"
    static let get = "GET /v1/issuers/acme/clients/rp"
    static let revoked = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"
    static let secret = "Bearer abcdefgh-0123456789"

    /// A registration: the members beside method and endpoint, and those beside them all.
    private static func body(
        _ rest: String = "",
        url: String = "https://rp.example/events?a=%2F",
        beside: String = ""
    ) -> String {
        #"{"shared_signals": {"method": "urn:ietf:rfc:8935", "endpoint_url": "\#(url)"\#(rest)}\#(beside)}"#
    }

    private static let authorized = #", "authorization_header": "\#(secret)""#

    private func header(_ answer: Answer) -> JSON? { answer["shared_signals"]?["has_authorization_header"] }

    @Test("a receiver is shown by its terms, with their defaults, and by no header")
    func shown() async throws {
        let api = try await TestAPI.withIssuer()
        let made = await api.call(Self.line, json: Self.body())
        #expect(made.status == 201)
        #expect(Set(made.json.names) == ClientTests.members.union(["shared_signals"]))
        #expect(made["backchannel_logout_uri"] == .null)
        #expect(made["warnings"]?.elements == [.string("no_active_key_for_alg")])
        let terms = try #require(made["shared_signals"])
        #expect(
            Set(terms.names) == ["method", "endpoint_url", "events_requested", "has_authorization_header"]
        )
        #expect(terms["method"] == .string("urn:ietf:rfc:8935"))
        #expect(terms["endpoint_url"] == .string("https://rp.example/events?a=%2F"))
        #expect(terms["events_requested"]?.elements == [.string(Self.revoked)])
        #expect(terms["has_authorization_header"] == .bool(false))
        #expect(await api.call(Self.get).body == made.body)
        #expect(await api.call("GET /v1/issuers/acme/clients")["items"]?.elements.first == made.json)
    }

    @Test("terms are kept as they were given, and what is shown may be put back")
    func kept() async throws {
        let api = try await TestAPI.withIssuer()
        let events = #", "events_requested": ["https://x.example/other", "\#(Self.revoked)"]"#
        let made = await api.call(
            Self.line,
            json: Self.body(#", "aud": "https://rp.example/""# + events + Self.authorized)
        )
        #expect(made.status == 201 && header(made) == .bool(true))
        #expect(made["shared_signals"]?["aud"] == .string("https://rp.example/"))
        #expect(made["shared_signals"]?["events_requested"]?.elements.count == 2)
        let again = await api.call(Self.line, json: made.text)
        #expect(again.status == 200 && again["shared_signals"] == made["shared_signals"])
        #expect(try api.sqlTexts("select has_secret::text from lastcall.clients") == ["true"])
    }

    @Test("a PUT makes a receiver of an RP and an RP of a receiver, and the header goes with the terms")
    func changes() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        #expect(header(await api.call(Self.line, json: Self.body(Self.authorized))) == .bool(true))
        let back = await api.call(
            Self.line,
            json: #"{"backchannel_logout_uri": "https://rp.example/events?a=%2F"}"#
        )
        #expect(back.status == 200 && back["shared_signals"] == nil)
        #expect(back["backchannel_logout_uri"] == .string("https://rp.example/events?a=%2F"))
        #expect(try api.sqlTexts("select has_secret::text from lastcall.clients") == ["false"])
        // What was dropped is not remembered, though the URL is the same.
        #expect(header(await api.call(Self.line, json: Self.body())) == .bool(false))
    }

    @Test("a header stays with its endpoint, goes with null, and never to another endpoint unsaid")
    func authorization() async throws {
        let api = try await TestAPI.withIssuer()
        let other = "https://other.example/"
        try await api.call(Self.line, json: Self.body(Self.authorized)).require(201)
        let seal = "select encode(sealed_secret, 'hex') from lastcall.clients"
        let sealed = try api.sqlTexts(seal)
        #expect(header(await api.call(Self.line, json: Self.body())) == .bool(true))
        #expect(try api.sqlTexts(seal) == sealed)
        let refused = await api.call(Self.line, json: Self.body(url: other))
        #expect(
            refused.refusal
                == .init(400, "invalid_client_metadata", "/shared_signals/authorization_header")
        )
        #expect(await api.call(Self.get)["shared_signals"]?["endpoint_url"] != .string(other))
        let none = #", "authorization_header": null"#
        #expect(header(await api.call(Self.line, json: Self.body(none, url: other))) == .bool(false))
        #expect(header(await api.call(Self.line, json: Self.body(url: other))) == .bool(false))
        #expect(header(await api.call(Self.line, json: Self.body(Self.authorized))) == .bool(true))
        #expect(header(await api.call(Self.line, json: Self.body(none))) == .bool(false))
    }

    @Test(
        "terms that break a rule are refused with a pointer to it, and nothing is registered",
        arguments: [
            (#"{"shared_signals": 1}"#, "/shared_signals"), (#"{"shared_signals": []}"#, "/shared_signals"),
            (#"{"shared_signals": {}}"#, "/shared_signals/method"),
            (#"{"shared_signals": {"method": "urn:ietf:rfc:8935"}}"#, "/shared_signals/endpoint_url"),
            (#"{"shared_signals": {"method": "urn:ietf:rfc:8936"}}"#, "/shared_signals/method"),
            (#"{"shared_signals": {"method": "push"}}"#, "/shared_signals/method"),
            (#"{"shared_signals": {"method": null}}"#, "/shared_signals/method"),
            (body(url: ""), "/shared_signals/endpoint_url"),
            (body(url: "http://rp.example/"), "/shared_signals/endpoint_url"),
            (body(url: "https://127.0.0.1/"), "/shared_signals/endpoint_url"),
            (body(url: "https://169.254.169.254/"), "/shared_signals/endpoint_url"),
            (body(url: "https://u:p@rp.example/"), "/shared_signals/endpoint_url"),
            (body(url: "https://rp.example/#f"), "/shared_signals/endpoint_url"),
            (
                body(url: "https://rp.example/" + String(repeating: "a", count: 2_030)),
                "/shared_signals/endpoint_url"
            ),
            (body(#", "aud": """#), "/shared_signals/aud"),
            (body(#", "aud": ["rp"]"#), "/shared_signals/aud"),
            (body(#", "aud": "a\nb""#), "/shared_signals/aud"),
            (body(#", "aud": "\#(String(repeating: "a", count: 1_025))""#), "/shared_signals/aud"),
            (body(#", "events_requested": []"#), "/shared_signals/events_requested"),
            (body(#", "events_requested": ["https://x.example/"]"#), "/shared_signals/events_requested"),
            (body(#", "events_requested": "\#(revoked)""#), "/shared_signals/events_requested"),
            (body(#", "events_requested": ["\#(revoked)", 1]"#), "/shared_signals/events_requested/1"),
            (body(#", "authorization_header": """#), "/shared_signals/authorization_header"),
            (body(#", "authorization_header": "Bearer""#), "/shared_signals/authorization_header"),
            (body(#", "authorization_header": "Bearer x\r\nX: y""#), "/shared_signals/authorization_header"),
            (body(#", "authorization_header": "Bearer é""#), "/shared_signals/authorization_header"),
            (body(#", "authorization_header": 1"#), "/shared_signals/authorization_header"),
            (body(#", "has_authorization_header": "yes""#), "/shared_signals/has_authorization_header"),
            (body(#", "stream_id": "1""#), "/shared_signals/stream_id"),
            (body(beside: #", "backchannel_logout_uri": "https://rp.example/""#), "/shared_signals"),
            (
                body(beside: #", "backchannel_logout_session_required": true"#),
                "/backchannel_logout_session_required"
            ),
            (
                body(
                    beside:
                        #", "id_token_encrypted_response_alg": "RSA-OAEP", "jwks_uri": "https://rp.example/jwks""#
                ),
                "/id_token_encrypted_response_alg"
            ),
            (body(beside: #", "id_token_signed_response_alg": "none""#), "/id_token_signed_response_alg"),
            (#"{"shared_signals_endpoint_url": "https://rp.example/"}"#, "/shared_signals_endpoint_url"),
        ]
    )
    func refused(metadata: String, pointer: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: metadata)
        #expect(answer.refusal == .init(400, "invalid_client_metadata", pointer), "\(answer.text)")
        #expect(await api.call(Self.get).status == 404)
        #expect(try await api.all("/v1/issuers/acme/audit-events", limit: 9, "&client_id=rp").isEmpty)
    }

    @Test("null is no terms, and members of an RP that say nothing of logout tokens may stand beside them")
    func beside() async throws {
        let api = try await TestAPI.withIssuer()
        #expect(await api.call(Self.line, json: #"{"shared_signals": null}"#)["shared_signals"] == nil)
        let rest = #", "backchannel_logout_uri": null, "client_name": "R", "delivery": {"max_in_flight": 1}"#
        let answer = await api.call(Self.line, json: Self.body(beside: rest))
        #expect(answer.status == 200 && answer["client_name"] == .string("R"))
        #expect(answer["delivery"]?["max_in_flight"]?.int == 1)
    }

    @Test("an endpoint that the rules have closed since is warned of")
    func warnings() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.call(Self.line, json: Self.body()).require(201)
        let egress = #"{"issuer": "https://acme.example", "egress": {"deny_hosts": ["rp.example"]}}"#
        try await api.call("PUT /v1/issuers/acme", json: egress).require(200)
        #expect(await api.call(Self.get)["warnings"]?.elements.last == .string("endpoint_url_not_allowed"))
    }

    @Test("the audit trail says how terms were and are, and that a header is another, whenever it is so")
    func audit() async throws {
        let api = try await TestAPI.withIssuer()
        for body in [
            Self.body(Self.authorized), Self.body(), Self.body(#", "aud": "a""#),
            Self.body(Self.authorized, url: "https://other.example/"), "{}",
        ] {
            #expect([200, 201].contains(await api.call(Self.line, json: body).status))
        }
        let audit = try await api.all("/v1/issuers/acme/audit-events", limit: 9, "&client_id=rp")
        let data = audit.map { $0["data"] }
        #expect(
            data.map { $0?["authorization_header_changed"] } == [
                .bool(true), nil, nil, .bool(true), .bool(true),
            ]
        )
        #expect(data[0]?["shared_signals"]?["endpoint_url"] == .string("https://rp.example/events?a=%2F"))
        #expect(data[0]?["old_shared_signals"] == nil && data[1]?["shared_signals"] == nil)
        #expect(
            data[2]?["shared_signals"]?["aud"] == .string("a")
                && data[2]?["old_shared_signals"]?["aud"] == nil
        )
        #expect(data[3]?["shared_signals"]?["endpoint_url"] == .string("https://other.example/"))
        #expect(data[4]?["shared_signals"] == .null && data[4]?["old_shared_signals"]?["aud"] == nil)
        #expect(data.allSatisfy { $0?["backchannel_logout_uri"] == .null })
    }

    @Test("a header is in no answer, no log line, no audit event and no column that can be read")
    func secrecy() async throws {
        let api = try await TestAPI.withIssuer()
        let bare = String(Self.secret.dropFirst(7))
        var answers = [await api.call(Self.line, json: Self.body(Self.authorized))]
        #expect(header(answers[0]) == .bool(true))
        answers.append(await api.call(Self.line, json: Self.body(Self.authorized, url: "http://rp.example/")))
        answers.append(
            await api.call(Self.line, json: Self.body(Self.authorized.replacing(bare, with: bare + "\\n")))
        )
        for path in ["clients", "clients/rp", "audit-events", "deliveries"] {
            answers.append(await api.call("GET /v1/issuers/acme/\(path)"))
        }
        try api.sql("alter table lastcall.clients add check (client_id <> 'rp') not valid")
        answers.append(await api.call(Self.line, json: Self.body(Self.authorized)))
        #expect(answers.last?.status == 500 && api.logs.lines.contains { $0.contains("call failed") })
        let hex = bare.utf8.map { String($0, radix: 16) }.joined()
        let columns = try api.sqlTexts(
            "select row(c.*)::text from lastcall.clients c union all select row(a.*)::text from lastcall.audit_events a"
        )
        for text in answers.map(\.text) + api.logs.lines + columns {
            #expect(!text.contains(bare) && !text.contains(hex), "\(text)")
        }
    }

    @Test("a process without a key-encryption key takes receivers without a header, and keeps none")
    func withoutKey() async throws {
        let api = try await TestAPI.withIssuer { $0.keyEncryptionKey = nil }
        #expect(
            await api.call(Self.line, json: Self.body(Self.authorized)).refusal == .init(503, "unavailable")
        )
        #expect(await api.call(Self.get).status == 404)
        try await api.call(Self.line, json: Self.body()).require(201)
    }

    @Test(
        "a receiver is covered as an RP is: logouts wait for it, and an RP without a URI is not covered beside it"
    )
    func covered() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("receiver", Self.body())
        try await api.makeClient("bare", "{}")
        let event = try await api.makeEvent(
            targets: #"[{"client_id": "receiver", "sub": "s"}, {"client_id": "bare", "sub": "s"}]"#
        )
        let counts = await api.call("GET /v1/issuers/acme/logout-events/\(event)")["delivery_counts"]
        #expect(counts?["pending"]?.int == 1 && counts?["not_covered"]?.int == 1)
    }
}
