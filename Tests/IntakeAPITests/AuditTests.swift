import LastcallTestKit
import StrictJSON
import Testing

@Suite("The audit trail", .lastcallDatabase)
struct AuditTests {
    static let members = [
        "id", "type", "severity", "created_at", "logout_event_id", "delivery_id", "client_id", "actor",
        "session_durability", "data",
    ]

    @Test("every change is noted with who made it, and a refused call is not")
    func changes() async throws {
        let api = try await TestAPI.withIssuer()
        let key = try await api.makeKey(of: "acme", ["admin", "clients", "logout"])
        try await api.call(
            "POST /v1/issuers/acme/signing-keys",
            key: key,
            json: #"{"alg": "ES256", "kid": "k"}"#
        ).require(201)
        try await api.call("PUT /v1/issuers/acme/clients/rp", key: key, json: "{}").require(201)
        for line in [
            "PUT /v1/issuers/acme/clients/rp", "POST /v1/issuers/acme/logout-events", "POST /v1/api-keys",
        ] {
            try await api.call(line, key: key, json: #"{"delivery": 1}"#).require(400)
        }
        try await api.call("POST /v1/issuers/acme/signing-keys/k/retire", key: key).require(409)
        let notes = try await api.all("/v1/issuers/acme/audit-events", limit: 100)
        let types = ["issuer.changed", "api_key.created", "signing_key.created", "client.registered"]
        #expect(notes.map { $0["type"]?.string } == types)
        for note in notes { #expect(note.names == Self.members) }
        #expect(notes.map { $0["actor"]?.string }[...1] == ["operator", "operator"])
        let id = notes[1]["data"]?["api_key_id"]
        #expect(id != nil && notes[2]["actor"] == id && notes[3]["actor"] == id)
        #expect(notes[2]["data"]?["kid"] == .string("k") && notes[3]["client_id"] == .string("rp"))
        for note in notes {
            #expect(note["logout_event_id"] == .null && note["delivery_id"] == .null)
        }
    }

    @Test("the trail can be filtered by each of its members")
    func filters() async throws {
        let api = try await TestAPI.withIssuer()
        let first = try await api.makeEvent(
            targets: #"[{"client_id": "a", "sid": "1"}, {"client_id": "b", "sid": "1"}]"#
        )
        let second = try await api.makeEvent(targets: "[]")
        let failed = "logout.back_channel.failed"
        let delivery = first.dropLast(6) + "000002"
        let cases: [(String, [String])] = [
            ("logout_event_id=\(first)", ["logout.accepted", failed, failed, "logout.ended"]),
            ("delivery_id=\(delivery)", [failed]), ("client_id=a", [failed]),
            ("severity=error", [failed, failed]),
            ("logout_event_id=\(second)&type=logout.ended", ["logout.ended"]),
            ("type=\(failed)&client_id=b", [failed]), ("after=2999-01-01T00:00:00Z", []),
            ("before=2000-01-01T00:00:00Z", []),
            (
                "severity=warning&severity=notice&type=bcl.no_sessions_for_subject",
                ["bcl.no_sessions_for_subject"]
            ),
        ]
        for (query, types) in cases {
            let found = try await api.all("/v1/issuers/acme/audit-events", limit: 2, "&\(query)")
            #expect(found.map { $0["type"]?.string } == types, "\(query)")
        }
        let one = try await api.all("/v1/issuers/acme/audit-events", limit: 2, "&delivery_id=\(delivery)")
            .first
        #expect(one?["logout_event_id"] == .string(first) && one?["delivery_id"] == .string(String(delivery)))
        #expect(one?["data"]?["reason"] == .string("client_not_found"))
    }

    @Test(
        "a malformed filter is refused",
        arguments: [
            "type=nonsense", "type=", "severity=fatal", "client_id=", "logout_event_id=x", "delivery_id=x",
            "delivery_id=01900000-0000-7000-8000-000000000000", "after=x", "before=",
            "created_after=2020-01-01T00:00:00Z",
            "logout_event_id=01900000-0000-7000-8000-000000000000&logout_event_id=01900000-0000-7000-8000-000000000000",
        ]
    )
    func refused(query: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call("GET /v1/issuers/acme/audit-events?\(query)")
        #expect(answer.refusal == .init(400, "invalid_request"))
    }
}
