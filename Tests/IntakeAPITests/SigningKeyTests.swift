import IntakeAPI
import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("Signing keys", .lastcallDatabase)
struct SigningKeyTests {
    static let line = "POST /v1/issuers/acme/signing-keys"
    static let members = [
        "kid", "alg", "stage", "held_by", "key_reference", "created_at", "published_at", "activated_at",
        "retired_at",
    ]
    static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]

    /// RFC 8037 appendix A.1: nobody's secret.
    static let ed25519D = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
    static let ed25519 = """
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "\(ed25519D)"
        """
    static let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    /// The same key as PKCS #8: sixteen bytes of wrapping, then the key.
    static var pem: String {
        get throws {
            let wrapping: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20]
            let base64 = Base64.encode(wrapping + (try Base64.urlDecode(ed25519D)))
            return "-----BEGIN PRIVATE KEY-----\n\(base64)\n-----END PRIVATE KEY-----\n"
        }
    }

    static func quoted(_ text: String) -> String {
        String(decoding: JSON.string(text).serialized(), as: UTF8.self)
    }

    @Test(
        "a key of each alg is generated, active at once, and shown by its public part alone",
        arguments: [
            ("RS256", "RSA", ["n", "e"]), ("PS256", "RSA", ["n", "e"]), ("ES256", "EC", ["crv", "x", "y"]),
            ("ES384", "EC", ["crv", "x", "y"]), ("ES512", "EC", ["crv", "x", "y"]),
            ("EdDSA", "OKP", ["crv", "x"]),
        ]
    )
    func generate(alg: String, kty: String, parts: [String]) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: #"{"alg": "\#(alg)"}"#)
        #expect(answer.status == 201 && answer.json.names == Self.members)
        #expect(answer["alg"] == .string(alg) && answer["stage"] == .string("active"))
        #expect(answer["activated_at"] != .null && answer["retired_at"] == .null)
        let kid = try answer.text("kid")
        #expect(kid.utf8.count == 43)
        let set = await api.call("GET /issuers/acme/jwks.json", key: nil)
        let jwk = try #require(set["keys"]?.elements.first)
        #expect(jwk.names == ["kty", "use", "alg", "kid"] + parts)
        #expect(jwk["kty"] == .string(kty) && jwk["alg"] == .string(alg) && jwk["kid"] == .string(kid))
        #expect(await api.call("GET /v1/issuers/acme/signing-keys/\(kid)").body == answer.body)
        let list = await api.call("GET /v1/issuers/acme/signing-keys")
        #expect(list["items"] == .array([answer.json]) && list["next_cursor"] == .null)
    }

    @Test(
        "every alg of the contract can be asked for, and no other",
        arguments: [
            ("RS384", 201), ("ES256K", 400), ("HS256", 400), ("none", 400), ("rs256", 400), ("", 400),
        ]
    )
    func algs(alg: String, status: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: #"{"alg": "\#(alg)"}"#)
        #expect(answer.status == status)
        if status == 400 { #expect(answer.refusal == .init(400, "invalid_key", "/alg")) }
    }

    @Test("the JWK Set is public and may be kept for five minutes")
    func jwkSet() async throws {
        let api = try await TestAPI.withIssuer()
        let empty = await api.call("GET /issuers/acme/jwks.json", key: nil)
        #expect(empty.status == 200 && empty.text == #"{"keys":[]}"#)
        #expect(empty.header("Content-Type") == ["application/jwk-set+json"])
        #expect(empty.header("Cache-Control") == ["public, max-age=300"])
        #expect(await api.call("GET /issuers/ghost/jwks.json", key: nil).refusal == .init(404, "not_found"))
        #expect(await api.call("GET /issuers/acme/jwks.json", key: "wrong").status == 200)
    }

    @Test(
        "an imported key keeps its kid, or has its thumbprint for one",
        arguments: [
            (#"{"jwk": {\#(ed25519), "alg": "EdDSA"}}"#, thumbprint),
            (#"{"jwk": {\#(ed25519), "alg": "EdDSA", "kid": "a/b ü"}}"#, "a/b ü"),
            (
                #"{"jwk": {\#(ed25519), "alg": "EdDSA", "kid": "own"}, "kid": "given", "alg": "EdDSA"}"#,
                "given"
            ),
            (#"{"pem": \#((try? pem).map(quoted) ?? ""), "alg": "EdDSA"}"#, thumbprint),
            (#"{"pem": \#((try? pem).map(quoted) ?? ""), "alg": "EdDSA", "kid": "k"}"#, "k"),
        ]
    )
    func importing(body: String, kid: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: body)
        #expect(answer.status == 201 && answer["kid"] == .string(kid), "\(answer.text)")
        let jwk = await api.call("GET /issuers/acme/jwks.json", key: nil)["keys"]?.elements.first
        #expect(jwk?["x"] == .string("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"))
        let again = await api.call(Self.line, json: body)
        #expect(again.refusal == .init(409, "already_exists"))
        let path = kid.replacing("/", with: "%2F").replacing(" ", with: "%20").replacing("ü", with: "%C3%BC")
        #expect(await api.call("GET /v1/issuers/acme/signing-keys/\(path)")["kid"] == .string(kid))
    }

    @Test(
        "a key that cannot be used is refused with a pointer, and no key is made instead",
        arguments: [
            ("{}", "/alg"), (#"{"alg": null}"#, "/alg"), (#"{"alg": 1}"#, "/alg"),
            (#"{"alg": "ES256", "use": "sig"}"#, "/use"),
            (#"{"alg": "ES256", "kid": ""}"#, "/kid"), (#"{"alg": "ES256", "kid": "a\n"}"#, "/kid"),
            (#"{"alg": "ES256", "kid": 1}"#, "/kid"), (#"{"alg": "ES256", "jwk": "x"}"#, "/jwk"),
            (#"{"alg": "ES256", "jwk": []}"#, "/jwk"), (#"{"alg": "ES256", "pem": 1}"#, "/pem"),
            (#"{"alg": "ES256", "pem": ""}"#, nil),
            (#"{"alg": "ES256", "pem": "-----BEGIN PRIVATE KEY-----\nAA==\n"}"#, "/pem"),
            (#"{"alg": "EdDSA", "jwk": {\#(ed25519), "alg": "EdDSA"}, "pem": "x"}"#, "/pem"),
            (#"{"jwk": {}}"#, nil),
            (#"{"alg": "ES256", "jwk": {\#(ed25519), "alg": "EdDSA"}}"#, "/alg"),
            (#"{"jwk": {\#(ed25519), "alg": "EdDSA", "kid": 5}}"#, "/jwk/kid"),
            (#"{"jwk": {\#(ed25519), "alg": "EdDSA", "kid": ""}}"#, "/jwk/kid"),
            (#"{"jwk": {\#(ed25519), "alg": "RS256"}}"#, nil),
            (#"{"jwk": {\#(ed25519), "use": ["sig"]}}"#, "/jwk/use"),
            (#"{"jwk": {\#(ed25519), "alg": 1}}"#, "/jwk/alg"),
            (#"{"jwk": {\#(ed25519), "oth": []}}"#, "/jwk/oth"),
            (#"{"jwk": {\#(ed25519), "key_ops": ["verify"]}}"#, "/jwk/key_ops"),
            (
                #"{"jwk": {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#,
                nil
            ),
            (#"{"jwk": {"kty": "oct", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ"}}"#, nil),
        ]
    )
    func refused(body: String, pointer: String?) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: body)
        #expect(answer.status == 400 && answer.refusal.code == "invalid_key", "\(answer.text)")
        if let pointer { #expect(answer.refusal.pointer == pointer, "\(answer.text)") }
        for secret in [Self.ed25519D, "c2VjcmV0"] { #expect(!answer.text.contains(secret)) }
        #expect(await api.call("GET /v1/issuers/acme/signing-keys")["items"] == .array([]))
    }

    @Test(
        "a later key waits as next, is activated once it was published long enough, and retires the one before"
    )
    func rotation() async throws {
        let api = try await TestAPI.withIssuer()
        for kid in ["one", "two", "three"] {
            try await api.call(Self.line, json: #"{"alg": "ES256", "kid": "\#(kid)"}"#).require(201)
        }
        try await api.call(Self.line, json: #"{"alg": "EdDSA", "kid": "other"}"#).require(201)
        #expect(await stages(api) == ["one": "active", "two": "next", "three": "next", "other": "active"])
        let keys = "POST /v1/issuers/acme/signing-keys"
        #expect(await api.call("\(keys)/two/activate").refusal == .init(409, "key_not_yet_published"))
        let notForced = await api.call("\(keys)/two/activate", json: #"{"force": false}"#)
        #expect(notForced.refusal == .init(409, "key_not_yet_published"))
        try api.sql(
            "update lastcall.signing_keys set published_at = now() - interval '3599 seconds' where kid = 'two'"
        )
        #expect(await api.call("\(keys)/two/activate").refusal == .init(409, "key_not_yet_published"))
        try api.sql(
            "update lastcall.signing_keys set published_at = now() - interval '3600 seconds' where kid = 'two'"
        )
        let activated = await api.call("\(keys)/two/activate")
        #expect(activated.status == 200 && activated["stage"] == .string("active"))
        #expect(await stages(api) == ["one": "retired", "two": "active", "three": "next", "other": "active"])
        let again = await api.call("\(keys)/two/activate")
        #expect(again.status == 200 && again["activated_at"] == activated["activated_at"])
        let forced = await api.call("\(keys)/three/activate", json: #"{"force": true}"#)
        #expect(forced.status == 200)
        #expect(
            await stages(api) == ["one": "retired", "two": "retired", "three": "active", "other": "active"]
        )
        #expect(await api.call("\(keys)/three/retire").refusal == .init(409, "last_active_key"))
        let last = await api.call("\(keys)/three/retire", json: #"{"force": true}"#)
        #expect(last.status == 200 && last["stage"] == .string("retired") && last["retired_at"] != .null)
        let lastAgain = await api.call("\(keys)/three/retire")
        #expect(lastAgain.status == 200 && lastAgain["retired_at"] == last["retired_at"])
        for action in ["activate", "retire"] {
            #expect(await api.call("\(keys)/ghost/\(action)").refusal == .init(404, "not_found"))
            let bad = await api.call("\(keys)/one/\(action)", json: #"{"force": 1}"#)
            #expect(bad.refusal == .init(400, "invalid_request", "/force"))
        }
    }

    @Test("a retired key stays in the JWK Set for a day")
    func retiredKeys() async throws {
        let api = try await TestAPI.withIssuer()
        for kid in ["one", "two"] {
            try await api.call(Self.line, json: #"{"alg": "ES256", "kid": "\#(kid)"}"#).require(201)
        }
        try await api.call("\(Self.line)/two/activate", json: #"{"force": true}"#).require(200)
        #expect(await published(api) == ["one", "two"])
        try api.sql(
            "update lastcall.signing_keys set retired_at = now() - interval '86399 seconds' where kid = 'one'"
        )
        #expect(await published(api) == ["one", "two"])
        try api.sql(
            "update lastcall.signing_keys set retired_at = now() - interval '86400 seconds' where kid = 'one'"
        )
        #expect(await published(api) == ["two"])
        // What is published no more cannot sign again, and whoever lists keys still sees it.
        try api.sql("update lastcall.signing_keys set published_at = now() - interval '9 days'")
        #expect(await api.call("\(Self.line)/one/activate").refusal == .init(409, "key_not_yet_published"))
        #expect(await stages(api)["one"] == "retired")
    }

    @Test("two spellings of a kid are two keys, and a rule judges the one that is named")
    func spellings() async throws {
        let api = try await TestAPI.withIssuer()
        for kid in ["\u{E9}", "e\u{301}"] {
            try await api.call(Self.line, json: #"{"alg": "ES256", "kid": "\#(kid)"}"#).require(201)
        }
        let answer = await api.call("\(Self.line)/e%CC%81/activate")
        #expect(answer.refusal == .init(409, "key_not_yet_published"))
        #expect(await api.call("\(Self.line)/%C3%A9/activate").status == 200)
    }

    @Test("no private part of a key is in any answer, log line or column")
    func secrecy() async throws {
        let api = try await TestAPI.withIssuer()
        let body = #"{"jwk": {\#(Self.ed25519), "alg": "EdDSA", "kid": "k"}}"#
        try await api.call(Self.line, json: body).require(201)
        try await api.call(Self.line, json: #"{"alg": "RS256"}"#).require(201)
        _ = await api.call(Self.line, json: body)
        for line in [
            "GET /v1/issuers/acme/signing-keys", "GET /v1/issuers/acme/signing-keys/k",
            "GET /issuers/acme/jwks.json",
            "GET /v1/issuers/acme/audit-events",
        ] {
            let answer = await api.call(line)
            #expect(answer.status == 200 && !answer.text.contains(Self.ed25519D), "\(line)")
            for name in Self.privateMembers {
                #expect(!answer.text.contains("\"\(name)\":"), "\(line) \(name)")
            }
        }
        #expect(!api.logs.lines.contains { $0.contains(Self.ed25519D) })
        let raw = try Base64.urlDecode(Self.ed25519D).map { String($0, radix: 16) }
            .map { $0.count == 1 ? "0" + $0 : $0 }.joined()
        for row in try api.sqlTexts("select k::text from lastcall.signing_keys k") {
            #expect(!row.contains(Self.ed25519D) && !row.contains(raw))
        }
    }

    @Test("a process without a key-encryption key keeps no signing key, and says so")
    func noEncryptionKey() async throws {
        let api = try await TestAPI.withIssuer { $0.keyEncryptionKey = nil }
        let answer = await api.call(Self.line, json: #"{"alg": "ES256"}"#)
        #expect(answer.refusal == .init(503, "unavailable"))
    }

    private func stages(_ api: TestAPI) async -> [String: String] {
        let keys = await api.call("GET /v1/issuers/acme/signing-keys")["items"]?.elements ?? []
        return Dictionary(
            uniqueKeysWithValues: keys.map { ($0["kid"]?.string ?? "", $0["stage"]?.string ?? "") }
        )
    }

    private func published(_ api: TestAPI) async -> [String?] {
        await api.call("GET /issuers/acme/jwks.json", key: nil)["keys"]?.elements.map { $0["kid"]?.string }
            ?? []
    }
}
