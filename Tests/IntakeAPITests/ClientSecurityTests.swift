import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Clients: encryption and connections", .lastcallDatabase)
struct ClientSecurityTests {
    static let line = "PUT /v1/issuers/acme/clients/rp"
    /// A key on P-256: RFC 7518 appendix C, Bob's.
    static let p256 =
        #"{"kty": "EC", "crv": "P-256", "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "#
        + #""y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"}"#

    private func metadata(_ alg: String, _ key: String, enc: String? = nil) -> String {
        let enc = enc.map { #""id_token_encrypted_response_enc": "\#($0)", "# } ?? ""
        return #"{"id_token_encrypted_response_alg": "\#(alg)", \#(enc)"jwks": {"keys": [\#(key)]}}"#
    }

    @Test(
        "each alg is taken with a key that fits it, each enc with it",
        arguments: [
            ("RSA-OAEP", ClientKeyPair.Kind.rsa, "A128GCM"), ("RSA-OAEP-256", .rsa, "A256GCM"),
            ("ECDH-ES", .p256, "A128CBC-HS256"), ("ECDH-ES+A128KW", .p521, "A256CBC-HS512"),
            ("ECDH-ES+A256KW", .x25519, "A128GCM"), ("ECDH-ES", .p384, "A256GCM"),
        ]
    )
    func accepted(alg: String, kind: ClientKeyPair.Kind, enc: String) async throws {
        let api = try await TestAPI.withIssuer()
        let pair = try ClientKeyPair(kind, kid: "k1")
        let answer = await api.call(Self.line, json: metadata(alg, pair.jwk(["use": #""enc""#]), enc: enc))
        #expect(answer.status == 201, "\(answer.text)")
        #expect(answer["id_token_encrypted_response_alg"] == .string(alg))
        #expect(answer["id_token_encrypted_response_enc"] == .string(enc))
        #expect(answer["jwks"]?["keys"]?.elements.first?["kid"] == .string("k1"))
        #expect(await api.call("GET /v1/issuers/acme/clients/rp").body == answer.body)
    }

    @Test("enc is A128CBC-HS256 unless given, and a PUT without encryption takes it away")
    func defaults() async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: metadata("ECDH-ES", Self.p256))
        #expect(answer["id_token_encrypted_response_enc"] == .string("A128CBC-HS256"))
        let plain = await api.call(Self.line, json: "{}")
        #expect(plain.status == 200 && Set(plain.json.names) == ClientTests.members)
        let audit = try await api.all("/v1/issuers/acme/audit-events", limit: 9, "&client_id=rp")
        #expect(audit[0]["data"]?["id_token_encrypted_response_alg"] == .string("ECDH-ES"))
        #expect(audit[1]["data"]?["old_id_token_encrypted_response_alg"] == .string("ECDH-ES"))
        #expect(audit[1]["data"]?["id_token_encrypted_response_alg"] == .null)
        #expect(audit.map { $0["data"]?["jwks_changed"] } == [.bool(true), .bool(true)])
        #expect(audit.allSatisfy { $0["data"]?["jwks"] == nil })
    }

    @Test("a jwks_uri is taken without being called, and encryption may use it")
    func keySetURI() async throws {
        let api = try await TestAPI.withIssuer()
        let uri = "https://rp.example/jwks?a=%2F"
        let answer = await api.call(
            Self.line,
            json: #"{"id_token_encrypted_response_alg": "RSA-OAEP", "jwks_uri": "\#(uri)"}"#
        )
        #expect(answer.status == 201 && answer["jwks_uri"] == .string(uri))
    }

    static let refusals: [(String, String)] = [
        (#"{"id_token_encrypted_response_alg": "RSA-OAEP"}"#, "/id_token_encrypted_response_alg"),
        (
            #"{"id_token_encrypted_response_alg": "RSA1_5", "jwks": {"keys": []}}"#,
            "/id_token_encrypted_response_alg"
        ),
        (
            #"{"id_token_encrypted_response_alg": "dir", "jwks": {"keys": []}}"#,
            "/id_token_encrypted_response_alg"
        ),
        (#"{"id_token_encrypted_response_alg": "none"}"#, "/id_token_encrypted_response_alg"),
        (#"{"id_token_encrypted_response_alg": "rsa-oaep"}"#, "/id_token_encrypted_response_alg"),
        (#"{"id_token_encrypted_response_alg": 1}"#, "/id_token_encrypted_response_alg"),
        (#"{"id_token_encrypted_response_enc": "A128GCM"}"#, "/id_token_encrypted_response_enc"),
        (
            #"{"id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A192GCM"}"#,
            "/id_token_encrypted_response_enc"
        ),
        (#"{"id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": []}}"#, "/jwks"),
        (#"{"id_token_encrypted_response_alg": "ECDH-ES", "jwks": {}}"#, "/jwks"),
        (#"{"id_token_encrypted_response_alg": "RSA-OAEP", "jwks": {"keys": [\#(p256)]}}"#, "/jwks"),
        (
            #"{"id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [{"kty": "EC", "crv": "P-256"}]}}"#,
            "/jwks/keys/0/x"
        ),
        (
            #"{"id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [{"kty": "OKP", "crv": "X25519", "#
                + #""x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}}"#, "/jwks/keys/0/x"
        ),
        (
            #"{"id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [\#(p256.replacing("yck", with: "yco"))]}}"#,
            "/jwks/keys/0"
        ),
        (#"{"jwks": {"keys": [{"kty": "oct", "k": "AA"}]}}"#, "/jwks/keys/0/k"),
        (#"{"jwks": {"keys": [{}, {"kty": "EC", "d": "AA"}]}}"#, "/jwks/keys/1/d"),
        (#"{"jwks": {"keys": 5}}"#, "/jwks"),
        (#"{"jwks_uri": "http://rp.example/jwks"}"#, "/jwks_uri"),
        (#"{"jwks_uri": "file:///etc/passwd"}"#, "/jwks_uri"),
        (#"{"jwks_uri": "https://169.254.169.254/"}"#, "/jwks_uri"),
        (#"{"jwks_uri": "https://u:p@rp.example/"}"#, "/jwks_uri"),
        (#"{"jwks_uri": "https://127.0.0.1/"}"#, "/jwks_uri"),
        (#"{"tls_client_certificate": "../us"}"#, "/tls_client_certificate"),
        (#"{"tls_client_certificate": "Us"}"#, "/tls_client_certificate"),
        (#"{"tls_client_certificate": 5}"#, "/tls_client_certificate"),
        (#"{"tls_client_certificate": "unknown"}"#, "/tls_client_certificate"),
        (#"{"ca": "/etc/ssl/ca"}"#, "/ca"), (#"{"ca": "unknown"}"#, "/ca"),
    ]

    @Test("what cannot be done is refused with a pointer to it, and nothing is changed", arguments: refusals)
    func refused(metadata: String, pointer: String) async throws {
        let api = try await TestAPI.withIssuer {
            $0.isTLSCertificate = { $0 == "us" }
            $0.isAuthority = { $0 == "theirs" }
        }
        let answer = await api.call(Self.line, json: metadata)
        #expect(answer.refusal == .init(400, "invalid_client_metadata", pointer), "\(answer.text)")
        #expect(await api.call("GET /v1/issuers/acme/clients/rp").status == 404)
        #expect(try await api.all("/v1/issuers/acme/audit-events", limit: 9, "&client_id=rp").isEmpty)
    }

    @Test("a weak RSA key is refused, and its size is told")
    func weakKey() async throws {
        let api = try await TestAPI.withIssuer()
        let pair = try ClientKeyPair(.rsa, rsaBits: 1_024)
        let answer = await api.call(Self.line, json: metadata("RSA-OAEP", pair.jwk()))
        #expect(answer.refusal == .init(400, "invalid_client_metadata", "/jwks/keys/0"))
        #expect(try answer.text("detail").contains("1024"))
    }

    @Test("names that are configured are kept and shown; where nothing is known of names, any is")
    func names() async throws {
        let body = #"{"tls_client_certificate": "us", "ca": "theirs_2"}"#
        let knowing = try await TestAPI.withIssuer {
            $0.isTLSCertificate = { $0 == "us" }
            $0.isAuthority = { $0 == "theirs_2" }
        }
        let answer = await knowing.call(Self.line, json: body)
        #expect(answer.status == 201)
        #expect(answer["tls_client_certificate"] == .string("us") && answer["ca"] == .string("theirs_2"))
        #expect(try await TestAPI().call(Self.line, json: body).status == 200)
        let audit = try await knowing.all("/v1/issuers/acme/audit-events", limit: 9, "&client_id=rp")
        #expect(audit[0]["data"]?["ca"] == .string("theirs_2"))
    }
}
