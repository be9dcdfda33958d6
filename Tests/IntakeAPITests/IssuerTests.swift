import LastcallTestKit
import StrictJSON
import Testing

@Suite("Issuers", .lastcallDatabase)
struct IssuerTests {
    static let line = "PUT /v1/issuers/op"

    @Test("an issuer has its defaults and exactly the members of the contract")
    func defaults() async throws {
        let api = try TestAPI()
        let answer = await api.call(Self.line, json: #"{"issuer": "https://op.example/"}"#)
        #expect(answer.status == 201)
        #expect(
            answer.json.names == [
                "name", "issuer", "session_durability", "session_expiry", "delivery", "egress",
                "completion_webhook", "retention_days", "created_at", "updated_at",
            ]
        )
        #expect(answer["name"] == .string("op") && answer["issuer"] == .string("https://op.example/"))
        #expect(
            answer["session_durability"] == .string("durable")
                && answer["session_expiry"] == .string("ignore")
        )
        #expect(answer["retention_days"]?.int == 30 && answer["completion_webhook"] == .null)
        #expect(await api.call("GET /v1/issuers/op").body == answer.body)
    }

    @Test("PUT answers 201 and then 200 and replaces, DELETE 204 and then 404")
    func lifeCycle() async throws {
        let api = try TestAPI()
        let full = """
            {"name": "op", "issuer": "https://op.example", "session_durability": "volatile", "session_expiry": "logout",
             "retention_days": 1, "completion_webhook": null, "delivery": {"max_in_flight": 1024}}
            """
        let first = await api.call(Self.line, json: full)
        #expect(first.status == 201 && first["session_durability"] == .string("volatile"))
        #expect(first["delivery"]?["max_in_flight"]?.int == 1_024)
        let second = await api.call(Self.line, json: #"{"issuer": "https://op.example/2"}"#)
        #expect(second.status == 200 && second["session_durability"] == .string("durable"))
        #expect(second["delivery"]?.names == [] && second["retention_days"]?.int == 30)
        #expect(await api.call("DELETE /v1/issuers/op").status == 204)
        for line in ["GET /v1/issuers/op", "DELETE /v1/issuers/op"] {
            #expect(await api.call(line).refusal == .init(404, "not_found"))
        }
    }

    @Test(
        "settings that break a rule are refused with a pointer to them",
        arguments: [
            ("{}", "/issuer"), (#"{"issuer": null}"#, "/issuer"), (#"{"issuer": 1}"#, "/issuer"),
            (#"{"issuer": ""}"#, "/issuer"), (#"{"issuer": "op.example"}"#, "/issuer"),
            (#"{"issuer": "http://op.example"}"#, "/issuer"),
            (#"{"issuer": "https://op.example/?q"}"#, "/issuer"),
            (#"{"issuer": "https://op.example/#f"}"#, "/issuer"),
            (#"{"issuer": "https://op.example", "name": "other"}"#, "/name"),
            (#"{"issuer": "https://op.example", "session_durability": "Durable"}"#, "/session_durability"),
            (#"{"issuer": "https://op.example", "session_expiry": "both"}"#, "/session_expiry"),
            (#"{"issuer": "https://op.example", "retention_days": 0}"#, "/retention_days"),
            (#"{"issuer": "https://op.example", "retention_days": 3651}"#, "/retention_days"),
            (#"{"issuer": "https://op.example", "retention_days": 4294967297}"#, "/retention_days"),
            (
                #"{"issuer": "https://op.example", "completion_webhook": {"url": "https://x.example"}}"#,
                "/completion_webhook/secret"
            ),
            (
                #"{"issuer": "https://op.example", "delivery": {"max_attempts": 1000001}}"#,
                "/delivery/max_attempts"
            ),
            (#"{"issuer": "https://op.example", "iss": "x"}"#, "/iss"),
        ]
    )
    func refused(settings: String, pointer: String) async throws {
        let api = try TestAPI()
        #expect(await api.call(Self.line, json: settings).refusal == .init(400, "invalid_request", pointer))
        #expect(await api.call("GET /v1/issuers").text == #"{"items":[],"next_cursor":null}"#)
    }

    @Test(
        "a name follows its grammar",
        arguments: [
            (String(repeating: "a", count: 40), 201), (String(repeating: "a", count: 41), 400), ("0-", 201),
            ("-a", 400), ("A", 400), ("a_b", 400), ("a.b", 400), ("%20", 400), ("", 400), ("a%0A", 400),
        ]
    )
    func name(path: String, status: Int) async throws {
        let api = try TestAPI()
        let answer = await api.call("PUT /v1/issuers/\(path)", json: #"{"issuer": "https://op.example"}"#)
        #expect(answer.status == status)
        if status == 400 { #expect(answer.refusal.code == "invalid_request") }
    }

    @Test("an issuer with open deliveries keeps its URL and stays, unless it is deleted by force")
    func stillInUse() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let event = try await api.makeEvent()
        let inUse = Answer.Refusal(409, "still_in_use")
        #expect(
            await api.call("PUT /v1/issuers/acme", json: #"{"issuer": "https://new.example"}"#).refusal
                == inUse
        )
        let other = #"{"issuer": "https://acme.example", "session_durability": "volatile"}"#
        #expect(await api.call("PUT /v1/issuers/acme", json: other).status == 200)
        #expect(await api.call("DELETE /v1/issuers/acme").refusal == inUse)
        #expect(await api.call("DELETE /v1/issuers/acme?force=false").refusal == inUse)
        #expect(await api.call("DELETE /v1/issuers/acme?force=yes").refusal == .init(400, "invalid_request"))
        #expect(await api.call("GET /v1/issuers/acme/logout-events/\(event)").status == 200)
        #expect(await api.call("DELETE /v1/issuers/acme?force=true").status == 204)
        #expect(try api.sqlTexts("select delivery_id::text from lastcall.delivery_queue").isEmpty)
        // One of the same name is another issuer, and sees nothing of the first one.
        try await api.makeIssuer("acme")
        #expect(
            await api.call("GET /v1/issuers/acme/logout-events/\(event)").refusal == .init(404, "not_found")
        )
        #expect(await api.call("GET /v1/issuers/acme/clients/rp").refusal == .init(404, "not_found"))
    }
}
