import DeliveryPolicy
import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("An issuer's egress", .lastcallDatabase)
struct EgressTests {
    static let line = "PUT /v1/issuers/acme"

    private static func body(_ egress: String, _ more: String = "") -> String {
        #"{"issuer": "https://acme.example", "egress": \#(egress)\#(more)}"#
    }

    private static func client(_ uri: String) -> String { #"{"backchannel_logout_uri": "\#(uri)"}"# }

    @Test("the rules are shown as they are kept, in PUT, GET and the list, until a PUT leaves them out")
    func lifeCycle() async throws {
        let api = try TestAPI()
        let egress =
            #"{"allow_cidrs": ["10.0.0.0/8"], "deny_ports": [25], "deny_hosts": ["*.Evil.example"], "allow_ports": []}"#
        let made = await api.call(Self.line, json: Self.body(egress))
        try made.require(201)
        #expect(Set(made["egress"]?.names ?? []) == ["allow_cidrs", "deny_ports", "deny_hosts"])
        #expect(made["egress"]?["allow_cidrs"]?.elements == [.string("10.0.0.0/8")])
        #expect(made["egress"]?["deny_ports"]?.elements.first?.int == 25)
        #expect(made["egress"]?["deny_hosts"]?.elements == [.string("*.evil.example")])
        #expect(await api.call("GET /v1/issuers/acme")["egress"] == made["egress"])
        #expect(await api.call("GET /v1/issuers")["items"]?.elements.first?["egress"] == made["egress"])
        let again = await api.call(Self.line, json: #"{"issuer": "https://acme.example"}"#)
        #expect(again.status == 200 && again["egress"]?.names == [])
    }

    @Test(
        "rules that break a rule are refused with a pointer to the entry, and nothing is changed",
        arguments: [
            ("1", "/egress"), (#"{"allow": []}"#, "/egress/allow"),
            (#"{"allow_cidrs": {}}"#, "/egress/allow_cidrs"),
            (#"{"allow_cidrs": ["10.0.0.1/8"]}"#, "/egress/allow_cidrs/0"),
            (#"{"allow_cidrs": ["10.0.0.0/8", "169.254.169.254/32"]}"#, "/egress/allow_cidrs/1"),
            (#"{"deny_ports": [1, 0]}"#, "/egress/deny_ports/1"),
            (#"{"allow_hosts": ["rp.example."]}"#, "/egress/allow_hosts/0"),
        ]
    )
    func refused(egress: String, pointer: String) async throws {
        let api = try await TestAPI.withIssuer()
        #expect(
            await api.call(Self.line, json: Self.body(egress)).refusal
                == .init(400, "invalid_request", pointer)
        )
        #expect(await api.call("GET /v1/issuers/acme")["egress"]?.names == [])
    }

    @Test("a client is judged by its issuer's rules when it is registered, and by those of no other")
    func clients() async throws {
        let api = try TestAPI { $0.egress.denyHosts = [HostPattern("*.denied.example")].compactMap { $0 } }
        let egress =
            #"{"allow_cidrs": ["10.0.0.0/8"], "allow_ports": [443, 8443], "deny_hosts": ["evil.example"]}"#
        try await api.call(Self.line, json: Self.body(egress)).require(201)
        try await api.makeIssuer("other")
        let pointer = "/backchannel_logout_uri"
        let cases: [(uri: String, acme: Int, other: Int)] = [
            ("https://rp.example/", 201, 201), ("https://rp.example:8443/", 201, 201),
            ("https://rp.example:444/", 400, 201),
            ("https://evil.example/", 400, 201), ("https://EVIL.example/", 400, 201),
            ("https://10.0.0.1/", 201, 400),
            ("https://a.denied.example/", 400, 400), ("https://denied.example/", 201, 201),
            ("https://192.168.0.1/", 400, 400),
            ("https://localhost/", 400, 400), ("https://metadata.google.internal/", 400, 400),
        ]
        for (number, row) in cases.enumerated() {
            for (issuer, status) in [("acme", row.acme), ("other", row.other)] {
                let path = "/v1/issuers/\(issuer)/clients/rp\(number)"
                let answer = await api.call("PUT \(path)", json: Self.client(row.uri))
                #expect(answer.status == status, "\(row.uri) of \(issuer)")
                guard status == 400 else { continue }
                #expect(answer.refusal == .init(400, "invalid_client_metadata", pointer))
                #expect(await api.call("GET \(path)").status == 404)
            }
        }
    }

    @Test("a client whose URI is not allowed any more is shown with a warning")
    func warning() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp", #"{"backchannel_logout_uri": "https://rp.example:8443/"}"#)
        try await api.makeClient("bare", "{}")
        for (egress, warnings) in [
            (#"{"allow_ports": [443]}"#, ["no_active_key_for_alg", "backchannel_logout_uri_not_allowed"]),
            (#"{"allow_ports": [8443]}"#, ["no_active_key_for_alg"]),
        ] {
            try await api.call(Self.line, json: Self.body(egress)).require(200)
            let expected = JSON.array(warnings.map(JSON.string))
            #expect(await api.call("GET /v1/issuers/acme/clients/rp")["warnings"] == expected)
            let list = await api.call("GET /v1/issuers/acme/clients")["items"]?.elements ?? []
            #expect(list.map { $0["warnings"] } == [.array([]), expected])
        }
    }

    @Test("six full lists are kept, shown and audited")
    func fullLists() async throws {
        let api = try await TestAPI.withIssuer()
        let label = String(repeating: "a", count: 58)
        let hosts = (100..<356).map { #""*.\#($0).\#(label).\#(label).\#(label).\#(label).example""# }.joined(
            separator: ","
        )
        let cidrs = (0..<256).map { #""2001:db8:ffff:ffff:ffff:ffff:\#($0 + 1_000):0/112""# }.joined(
            separator: ","
        )
        let ports = (0..<256).map { "\(65_000 + $0)" }.joined(separator: ",")
        let egress = ["allow", "deny"].map {
            #""\#($0)_hosts": [\#(hosts)], "\#($0)_cidrs": [\#(cidrs)], "\#($0)_ports": [\#(ports)]"#
        }.joined(separator: ",")
        let answer = await api.call(Self.line, json: Self.body("{\(egress)}"))
        try answer.require(200)
        for list in ["allow_hosts", "deny_hosts", "allow_cidrs", "deny_cidrs", "allow_ports", "deny_ports"] {
            #expect(answer["egress"]?[list]?.elements.count == 256)
        }
        #expect(await api.call("GET /v1/issuers/acme")["egress"] == answer["egress"])
        let notes = try await api.all("/v1/issuers/acme/audit-events", limit: 10, "&type=issuer.changed")
        #expect(notes.last?["data"]?["egress"]?["deny_hosts"]?.elements.count == 256)
    }

    @Test("a completion webhook is judged by the rules that come with it")
    func webhook() async throws {
        let api = try TestAPI()
        let webhook =
            #", "completion_webhook": {"url": "https://hook.example:8443/", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#
        let refusal = Answer.Refusal(400, "invalid_request", "/completion_webhook/url")
        for egress in [#"{"deny_ports": [8443]}"#, #"{"allow_hosts": ["rp.example"]}"#] {
            #expect(await api.call(Self.line, json: Self.body(egress, webhook)).refusal == refusal)
        }
        #expect(await api.call("GET /v1/issuers/acme").status == 404)
        try await api.call(Self.line, json: Self.body(#"{"allow_ports": [8443]}"#, webhook)).require(201)
    }

    @Test("no key of an issuer changes its rules")
    func operatorsOnly() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", TestAPI.scopes)
        let answer = await api.call(Self.line, key: key, json: Self.body(#"{"allow_cidrs": ["10.0.0.0/8"]}"#))
        #expect(answer.refusal == .init(403, "insufficient_scope"))
        #expect(await api.call("GET /v1/issuers/acme", key: key)["egress"]?.names == [])
    }

    @Test("the audit trail says what was changed, before and after, and nothing where nothing was")
    func audited() async throws {
        let api = try await TestAPI.withIssuer()
        let rules = [
            #"{"deny_ports": [25, 26]}"#, #"{"deny_ports": [25, 26]}"#, #"{"allow_cidrs": ["10.0.0.0/8"]}"#,
            "{}",
        ]
        for egress in rules { try await api.call(Self.line, json: Self.body(egress)).require(200) }
        let notes = try await api.all("/v1/issuers/acme/audit-events", limit: 100, "&type=issuer.changed").map
        { $0["data"] }
        #expect(notes.count == 5)
        #expect(notes[0]?["egress"] == nil && notes[0]?["old_egress"] == nil)
        #expect(notes[1]?["egress"]?.names == ["deny_ports"] && notes[1]?["old_egress"]?.names == [])
        #expect(notes[2]?["egress"] == nil && notes[2]?["old_egress"] == nil)
        #expect(notes[3]?["egress"]?["allow_cidrs"]?.elements == [.string("10.0.0.0/8")])
        #expect(notes[3]?["old_egress"]?["deny_ports"]?.elements.count == 2)
        #expect(notes[4]?["egress"]?.names == [] && notes[4]?["old_egress"]?.names == ["allow_cidrs"])
    }
}
