import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("An issuer's completion webhook", .lastcallDatabase)
struct CompletionWebhookTests {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let url = "https://hook.example/a?b=%2F"
    static let line = "PUT /v1/issuers/acme"

    private static func body(_ webhook: String) -> String {
        #"{"issuer": "https://acme.example", "completion_webhook": \#(webhook)}"#
    }

    private static func webhook(_ url: String = url, secret: String? = secret) -> String {
        body(#"{"url": "\#(url)"\#(secret.map { #", "secret": "\#($0)""# } ?? "")}"#)
    }

    @Test(
        "a webhook is shown by its URL alone, in PUT, GET and the list, until a PUT leaves it out",
        arguments: ["null", nil]
    )
    func lifeCycle(removal: String?) async throws {
        let api = try TestAPI()
        let shown = try JSON.parse(Array(#"{"url": "\#(Self.url)"}"#.utf8), maximumBytes: 1_000)
        let made = await api.call(Self.line, json: Self.webhook())
        #expect(made.status == 201 && made["completion_webhook"] == shown)
        #expect(await api.call("GET /v1/issuers/acme")["completion_webhook"] == shown)
        #expect(await api.call("GET /v1/issuers")["items"]?.elements.first?["completion_webhook"] == shown)
        let last = removal.map(Self.body) ?? #"{"issuer": "https://acme.example"}"#
        #expect(await api.call(Self.line, json: last)["completion_webhook"] == .null)
        #expect(await api.call("GET /v1/issuers/acme")["completion_webhook"] == .null)
    }

    @Test("a new URL needs a secret, the same one keeps what is stored")
    func secretOfNewURL() async throws {
        let api = try TestAPI()
        let missing = Answer.Refusal(400, "invalid_request", "/completion_webhook/secret")
        let without = Self.webhook(secret: nil)
        #expect(await api.call(Self.line, json: without).refusal == missing)
        #expect(await api.call("GET /v1/issuers/acme").status == 404)
        try await api.call(Self.line, json: Self.webhook()).require(201)
        try await api.call(Self.line, json: without).require(200)
        let other = Self.webhook("https://other.example/", secret: nil)
        #expect(await api.call(Self.line, json: other).refusal == missing)
        #expect(await api.call("GET /v1/issuers/acme")["completion_webhook"]?["url"] == .string(Self.url))
        try await api.call(Self.line, json: Self.webhook("https://other.example/")).require(200)
        try await api.call(Self.line, json: #"{"issuer": "https://acme.example"}"#).require(200)
        // What was removed is not remembered.
        #expect(await api.call(Self.line, json: other).refusal == missing)
    }

    @Test(
        "a webhook that breaks a rule is refused with a pointer to it, and nothing is changed",
        arguments: [
            ("1", ""), ("[]", ""), ("{}", "/url"), (#"{"secret": "\#(secret)"}"#, "/url"),
            (#"{"url": null, "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "hook", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "http://hook.example/", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "https://hook.example/#f", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "https://u:p@hook.example/", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "https://127.0.0.1/", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "https://169.254.169.254/", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "https://[::ffff:10.0.0.1]/", "secret": "\#(secret)"}"#, "/url"),
            (#"{"url": "https://hook.example/", "secret": 1}"#, "/secret"),
            (#"{"url": "https://hook.example/", "secret": ""}"#, "/secret"),
            (#"{"url": "https://hook.example/", "secret": "whsec_"}"#, "/secret"),
            (
                #"{"url": "https://hook.example/", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa"}"#,
                "/secret"
            ),
            (#"{"url": "https://hook.example/", "secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#, "/secret"),
            (#"{"url": "https://hook.example/", "secret": "\#(secret)", "events": []}"#, "/events"),
        ]
    )
    func refused(webhook: String, pointer: String) async throws {
        let api = try TestAPI()
        let answer = await api.call(Self.line, json: Self.body(webhook))
        #expect(
            answer.refusal == .init(400, "invalid_request", "/completion_webhook" + pointer),
            "\(answer.text)"
        )
        #expect(await api.call("GET /v1/issuers/acme").status == 404)
        #expect(try api.sqlTexts("select client_id from lastcall.clients").isEmpty)
    }

    @Test("the audit trail says where webhooks went and go, and that a secret is new, whenever it is so")
    func audit() async throws {
        let api = try TestAPI()
        let other = "https://other.example/"
        for body in [
            Self.webhook(), Self.webhook(secret: nil), Self.webhook(other), Self.body("null"),
            Self.body("null"),
        ] {
            #expect([200, 201].contains(await api.call(Self.line, json: body).status))
        }
        let events =
            await api.call("GET /v1/issuers/acme/audit-events?type=issuer.changed")["items"]?.elements ?? []
        let told = events.map { event in
            ["completion_webhook_url", "old_completion_webhook_url", "completion_webhook_secret_changed"]
                .map { event["data"]?[$0] }
        }
        let (first, second) = (JSON.string(Self.url), JSON.string(other))
        #expect(
            told == [
                [first, .null, .bool(true)], [nil, nil, nil], [second, first, .bool(true)],
                [.null, second, nil],
                [nil, nil, nil],
            ]
        )
    }

    @Test("a secret is in no answer, no log line, no audit event and no readable column")
    func secrecy() async throws {
        let api = try TestAPI()
        let bare = String(Self.secret.dropFirst(6))
        var answers = [await api.call(Self.line, json: Self.webhook())]
        answers.append(await api.call(Self.line, json: Self.webhook("http://hook.example/")))
        answers.append(
            await api.call(Self.line, json: Self.webhook().replacing(bare, with: bare + bare + "é"))
        )
        answers.append(
            await api.call(
                Self.line,
                json: Self.webhook().replacing("acme.example", with: "acme.example\\u0000")
            )
        )
        for path in ["", "/acme", "/acme/clients", "/acme/audit-events", "/acme/deliveries"] {
            answers.append(await api.call("GET /v1/issuers\(path)"))
        }
        try api.sql("alter table lastcall.clients add check (kind <> 'completion_webhook') not valid")
        answers.append(await api.call(Self.line, json: Self.webhook()))
        #expect(answers.last?.status == 500 && api.logs.lines.contains { $0.contains("call failed") })
        let hex = try #require(try api.sqlTexts("select encode(decode('\(bare)', 'base64'), 'hex')").first)
        let columns = try api.sqlTexts(
            "select row(c.*)::text from lastcall.clients c union all select row(a.*)::text from lastcall.audit_events a"
        )
        #expect(columns.count == 2)
        for text in answers.map(\.text) + api.logs.lines + columns {
            #expect(!text.contains(bare) && !text.contains(hex), "\(text)")
        }
    }

    @Test("a process without a key-encryption key keeps no secret, and says so")
    func withoutKey() async throws {
        let api = try TestAPI { $0.keyEncryptionKey = nil }
        #expect(await api.call(Self.line, json: Self.webhook()).refusal == .init(503, "unavailable"))
        #expect(await api.call("GET /v1/issuers/acme").status == 404)
    }

    @Test("two PUTs at once leave one webhook")
    func concurrent() async throws {
        let api = try TestAPI()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await api.call(Self.line, json: Self.webhook("https://hook.example/\(number)")).status
                }
            }
            for try await status in group { #expect([200, 201].contains(status)) }
        }
        #expect(try api.sqlTexts("select count(*)::text from lastcall.clients") == ["1"])
    }

    @Test("an event shows the webhook of its end")
    func event() async throws {
        let api = try TestAPI()
        try await api.call(Self.line, json: Self.webhook()).require(201)
        let event = try await api.makeEvent(targets: "[]")
        let webhook = await api.call("GET /v1/issuers/acme/logout-events/\(event)")["completion_webhook"]
        #expect(webhook?.names == ["status", "attempts"])
        #expect(webhook?["status"] == .string("pending") && webhook?["attempts"]?.int == 0)
        let listed = await api.call("GET /v1/issuers/acme/logout-events")["items"]?.elements.first
        #expect(listed?["completion_webhook"] == webhook)
        #expect(await api.call("GET /v1/issuers/acme/deliveries").text == #"{"items":[],"next_cursor":null}"#)
    }
}
