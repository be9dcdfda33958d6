import LastcallTestKit
import StrictJSON
import Testing

@Suite("Clients", .lastcallDatabase)
struct ClientTests {
    static let line = "PUT /v1/issuers/acme/clients/rp"
    static let members: Set<String> = [
        "client_id", "backchannel_logout_uri", "backchannel_logout_session_required",
        "id_token_signed_response_alg",
        "delivery", "held", "breaker", "warnings", "created_at", "updated_at",
    ]

    @Test("a client has its defaults and exactly the members of the contract")
    func defaults() async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: "{}")
        #expect(answer.status == 201)
        #expect(Set(answer.json.names) == Self.members && answer.json.names.count == Self.members.count)
        #expect(answer["client_id"] == .string("rp"))
        #expect(answer["backchannel_logout_uri"] == .null)
        #expect(answer["backchannel_logout_session_required"] == .bool(false))
        #expect(answer["id_token_signed_response_alg"] == .string("RS256"))
        #expect(answer["held"] == .bool(false) && answer["breaker"] == .string("closed"))
        // Nothing is signed for a client that is not covered.
        #expect(answer["warnings"] == .array([]))
        #expect(await api.call("GET /v1/issuers/acme/clients/rp").body == answer.body)
    }

    @Test("PUT answers 201 and then 200, DELETE 204 and then 404, and a PUT replaces")
    func lifeCycle() async throws {
        let api = try await TestAPI.withIssuer()
        let full = """
            {"client_id": "rp", "backchannel_logout_uri": "https://rp.example/a", "backchannel_logout_session_required": true,
             "id_token_signed_response_alg": "ES256", "client_name": "Ŕ", "jwks": {"keys": [{"kty": "RSA", "n": "1"}]},
             "delivery": {"attempt_timeout_seconds": 0.5, "retry_waits_seconds": [1, 2.5], "max_attempts": null}}
            """
        let first = await api.call(Self.line, json: full)
        #expect(first.status == 201)
        #expect(first["client_name"] == .string("Ŕ") && first["jwks"]?["keys"]?.elements.count == 1)
        #expect(Set(first["delivery"]?.names ?? []) == ["attempt_timeout_seconds", "retry_waits_seconds"])
        let second = await api.call(Self.line, json: #"{"backchannel_logout_uri": "https://rp.example/b"}"#)
        #expect(second.status == 200)
        #expect(Set(second.json.names) == Self.members)
        #expect(second["delivery"]?.names == [])
        #expect(second["id_token_signed_response_alg"] == .string("RS256"))
        #expect(await api.call("DELETE /v1/issuers/acme/clients/rp").status == 204)
        #expect(await api.call("DELETE /v1/issuers/acme/clients/rp").refusal == .init(404, "not_found"))
        #expect(await api.call("GET /v1/issuers/acme/clients/rp").refusal == .init(404, "not_found"))
        let audit = try await api.all("/v1/issuers/acme/audit-events", limit: 100, "&client_id=rp")
        #expect(
            audit.map { $0["type"]?.string } == ["client.registered", "client.changed", "client.deleted"]
        )
        #expect(audit[1]["data"]?["old_backchannel_logout_uri"] == .string("https://rp.example/a"))
        #expect(audit[1]["data"]?["backchannel_logout_uri"] == .string("https://rp.example/b"))
    }

    @Test(
        "a URI is kept byte for byte",
        arguments: [
            "https://rp.example", "https://rp.example/", "HTTPS://RP.Example:443/a/../b;c?q=%2f%2F&x=a+b&&=",
            "https://rp.example/?", "https://xn--e1afmkfd.example/%E2%82%AC", "https://rp.example:8443/'!*()",
        ]
    )
    func uri(text: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: #"{"backchannel_logout_uri": "\#(text)"}"#)
        #expect(answer.status == 201)
        #expect(answer["backchannel_logout_uri"] == .string(text))
        #expect(await api.call("GET /v1/issuers/acme/clients/rp")["backchannel_logout_uri"] == .string(text))
    }

    @Test("a URI has at most 2048 bytes", arguments: [(2_048, 201), (2_049, 400)])
    func uriLength(bytes: Int, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let head = "https://rp.example/"
        let uri = head + String(repeating: "a", count: bytes - head.utf8.count)
        #expect(await api.call(Self.line, json: #"{"backchannel_logout_uri": "\#(uri)"}"#).status == status)
    }

    @Test(
        "metadata that breaks a rule is refused with a pointer to it",
        arguments: [
            (#"{"backchannel_logout_uri": "http://rp.example/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "ftp://rp.example/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "file:///etc/passwd"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "//rp.example/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://u:p@rp.example/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example/#f"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://127.0.0.1/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://127.1/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://2130706433/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://0x7f.0.0.1/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://[::ffff:169.254.169.254]/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://169.254.169.254/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example:0/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example:65536/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example/a b"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example/%zz"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example\\@evil/"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example/é"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": "https://rp.example/\r\nX: y"}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": ""}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": 1}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_uri": ["https://rp.example/"]}"#, "/backchannel_logout_uri"),
            (#"{"backchannel_logout_session_required": true}"#, "/backchannel_logout_session_required"),
            (#"{"backchannel_logout_session_required": "true"}"#, "/backchannel_logout_session_required"),
            (#"{"id_token_signed_response_alg": "none"}"#, "/id_token_signed_response_alg"),
            (#"{"id_token_signed_response_alg": "HS256"}"#, "/id_token_signed_response_alg"),
            (#"{"id_token_signed_response_alg": "rs256"}"#, "/id_token_signed_response_alg"),
            (#"{"backchannel_logout_url": "https://rp.example/"}"#, "/backchannel_logout_url"),
            (#"{"backchannel_": 1}"#, "/backchannel_"), (#"{"client_id": "other"}"#, "/client_id"),
            (#"{"client_id": 1}"#, "/client_id"), (#"{"client_name": ""}"#, "/client_name"),
            (#"{"client_name": {}}"#, "/client_name"), (#"{"jwks": []}"#, "/jwks"),
            (#"{"jwks": "x"}"#, "/jwks"),
            (#"{"jwks": {"keys": [{"n": 1e131071}]}}"#, "/jwks"),
            (#"{"jwks": {"keys": []}, "jwks_uri": "https://rp.example/jwks"}"#, "/jwks_uri"),
            (#"{"jwks_uri": 5}"#, "/jwks_uri"), (#"{"delivery": []}"#, "/delivery"),
            (#"{"delivery": {"nonsense": 1}}"#, "/delivery/nonsense"),
            (#"{"delivery": {"attempt_timeout_seconds": 0.49}}"#, "/delivery/attempt_timeout_seconds"),
            (#"{"delivery": {"attempt_timeout_seconds": 60.1}}"#, "/delivery/attempt_timeout_seconds"),
            (#"{"delivery": {"attempt_timeout_seconds": "5"}}"#, "/delivery/attempt_timeout_seconds"),
            (#"{"delivery": {"attempt_timeout_seconds": 1e999}}"#, "/delivery/attempt_timeout_seconds"),
            (#"{"delivery": {"deliver_within_seconds": 0}}"#, "/delivery/deliver_within_seconds"),
            (#"{"delivery": {"deliver_within_seconds": 2592001}}"#, "/delivery/deliver_within_seconds"),
            (
                #"{"delivery": {"deliver_within_seconds": 99999999999999999999}}"#,
                "/delivery/deliver_within_seconds"
            ),
            (#"{"delivery": {"max_attempts": 0}}"#, "/delivery/max_attempts"),
            (#"{"delivery": {"max_in_flight": 0}}"#, "/delivery/max_in_flight"),
            (#"{"delivery": {"max_in_flight": 1025}}"#, "/delivery/max_in_flight"),
            (#"{"delivery": {"max_in_flight": 1.5}}"#, "/delivery/max_in_flight"),
            (#"{"delivery": {"retry_waits_seconds": []}}"#, "/delivery/retry_waits_seconds"),
            (#"{"delivery": {"retry_waits_seconds": [1, 0]}}"#, "/delivery/retry_waits_seconds/1"),
            (#"{"delivery": {"retry_waits_seconds": [1, null]}}"#, "/delivery/retry_waits_seconds/1"),
            (#"{"delivery": {"retry_after_cap_seconds": -1}}"#, "/delivery/retry_after_cap_seconds"),
            (#"{"delivery": {"token_lifetime_seconds": 29}}"#, "/delivery/token_lifetime_seconds"),
            (#"{"delivery": {"token_lifetime_seconds": 121}}"#, "/delivery/token_lifetime_seconds"),
        ]
    )
    func refused(metadata: String, pointer: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: metadata)
        #expect(answer.refusal == .init(400, "invalid_client_metadata", pointer), "\(answer.text)")
        #expect(await api.call("GET /v1/issuers/acme/clients/rp").status == 404)
        #expect(try await api.all("/v1/issuers/acme/audit-events", limit: 9, "&client_id=rp").isEmpty)
    }

    @Test("what RFC 7591 knows and Lastcall does not is ignored, and null counts as absent")
    func ignored() async throws {
        let api = try await TestAPI.withIssuer()
        let metadata = """
            {"redirect_uris": ["x"], "grant_types": 1, "": {}, "Backchannel_logout_uri": "x", "backchannel": 1, "ca": null,
             "backchannel_logout_uri": null, "id_token_encrypted_response_alg": null, "delivery": null, "jwks": null,
             "jwks_uri": null, "client_name": null, "id_token_signed_response_alg": null}
            """
        let answer = await api.call(Self.line, json: metadata)
        #expect(answer.status == 201)
        #expect(Set(answer.json.names) == Self.members)
    }

    @Test(
        "a client_id is 1 to 255 visible ASCII characters or spaces",
        arguments: [
            (String(repeating: "c", count: 255), 201), (String(repeating: "c", count: 256), 400),
            ("%20", 201),
            ("%7E", 201), ("%7F", 400), ("%1F", 400), ("%C3%A9", 400), ("", 400), ("%0A", 400),
        ]
    )
    func clientID(path: String, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call("PUT /v1/issuers/acme/clients/\(path)", json: "{}")
        #expect(answer.status == status)
        if status == 400 { #expect(answer.refusal == .init(400, "invalid_client_metadata", "/client_id")) }
    }

    @Test("a covered client whose alg has no active key is warned of")
    func warnings() async throws {
        let api = try await TestAPI.withIssuer()
        let warned = JSON.array([.string("no_active_key_for_alg")])
        let metadata =
            #"{"backchannel_logout_uri": "https://rp.example/", "id_token_signed_response_alg": "ES256"}"#
        #expect(await api.call(Self.line, json: metadata)["warnings"] == warned)
        try await api.call("POST /v1/issuers/acme/signing-keys", json: #"{"alg": "EdDSA", "kid": "ed"}"#)
            .require(201)
        #expect(await api.call("GET /v1/issuers/acme/clients/rp")["warnings"] == warned)
        try await api.call("POST /v1/issuers/acme/signing-keys", json: #"{"alg": "ES256", "kid": "es"}"#)
            .require(201)
        #expect(await api.call("GET /v1/issuers/acme/clients/rp")["warnings"] == .array([]))
        let list = await api.call("GET /v1/issuers/acme/clients")
        #expect(list["items"]?.elements.first?["warnings"] == .array([]))
        try await api.call("POST /v1/issuers/acme/signing-keys/es/retire", json: #"{"force": true}"#).require(
            200
        )
        #expect(await api.call(Self.line, json: metadata)["warnings"] == warned)
    }

    @Test("deleting a client ends its waiting deliveries, and another client of its name is another client")
    func delete() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        try await api.makeClient("other")
        let event = try await api.makeEvent(
            targets:
                #"[{"client_id": "rp", "sid": "1"}, {"client_id": "rp", "sid": "2"}, {"client_id": "other", "sid": "3"}]"#
        )
        try await api.call("DELETE /v1/issuers/acme/clients/rp").require(204)
        try await api.makeClient("rp")
        let answer = await api.call("GET /v1/issuers/acme/logout-events/\(event)")
        #expect(answer["status"] == .string("in_progress"))
        #expect(
            answer["delivery_counts"]?["failed"]?.int == 2 && answer["delivery_counts"]?["pending"]?.int == 1
        )
        let found = try await api.all("/v1/issuers/acme/deliveries", limit: 9, "&client_id=rp&status=failed")
        #expect(found.map { $0["reason"]?.string } == ["client_not_found", "client_not_found"])
        #expect(
            try await api.all("/v1/issuers/acme/deliveries", limit: 9, "&client_id=rp&status=pending").isEmpty
        )
    }
}
