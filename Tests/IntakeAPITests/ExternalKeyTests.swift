import IntakeAPI
import LastcallTestKit
import LogoutTokens
import StrictJSON
import Testing

@Suite("Signing keys that somebody else holds", .lastcallDatabase)
struct ExternalKeyTests {
    static let line = "POST /v1/issuers/acme/signing-keys"
    /// RFC 7515 appendix A.3.
    static let ec = """
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", \
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
        """
    static let remote = #""remote": {"key": "main"}"#
    static let pkcs11 = #""pkcs11": {"uri": "pkcs11:token=t;object=k"}"#

    @Test(
        "a key of an HSM or of the OP's signer is shown, published and rotated as any other",
        arguments: [
            (remote, "remote", "main"), (pkcs11, "pkcs11", "pkcs11:token=t;object=k;type=private"),
        ]
    )
    func registered(holder: String, heldBy: String, reference: String) async throws {
        let api = try await TestAPI.withIssuer { $0.keyEncryptionKey = nil }
        let answer = await api.call(
            Self.line,
            json: #"{\#(holder), "alg": "ES256", "jwk": {\#(Self.ec)}}"#
        )
        #expect(answer.status == 201 && answer.json.names == SigningKeyTests.members, "\(answer.text)")
        #expect(answer["held_by"] == .string(heldBy) && answer["key_reference"] == .string(reference))
        #expect(answer["stage"] == .string("active"))
        #expect(try answer.text("kid").utf8.count == 43)
        let next = await api.call(
            Self.line,
            json:
                #"{\#(holder), "alg": "ES256", "kid": "two", "jwk": {\#(Self.ec), "use": "sig", "kid": "x"}}"#
        )
        #expect(next.status == 201 && next["stage"] == .string("next") && next["kid"] == .string("two"))
        let forced = await api.call("\(Self.line)/two/activate", json: #"{"force": true}"#)
        #expect(forced["held_by"] == .string(heldBy) && forced["stage"] == .string("active"))
        let set = await api.call("GET /issuers/acme/jwks.json", key: nil)
        #expect(set["keys"]?.elements.map { $0["kid"] } == [answer["kid"], .string("two")])
        #expect(!set.text.contains(reference))
        let audit = try api.sqlTexts(
            "select data ->> 'held_by' from lastcall.audit_events where type = 'signing_key.created'"
        )
        #expect(audit == [heldBy, heldBy])
        #expect(
            try api.sqlTexts("select held_by from lastcall.signing_keys where sealed_private_key is null")
                .count
                == 2
        )
    }

    @Test("a key of our own says so")
    func own() async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: #"{"alg": "ES256", "remote": null, "pkcs11": null}"#)
        #expect(answer["held_by"] == .string("lastcall") && answer["key_reference"] == .null)
    }

    @Test(
        "what is no public key of a holder is refused with a pointer, and nothing is kept",
        arguments: [
            (#"{\#(remote), "jwk": {\#(ec)}}"#, "/alg"), (#"{\#(remote), "alg": "ES256"}"#, "/jwk"),
            (#"{\#(remote), "alg": "ES256", "jwk": 1}"#, "/jwk"),
            (#"{\#(remote), \#(pkcs11), "alg": "ES256", "jwk": {\#(ec)}}"#, "/pkcs11"),
            (#"{\#(remote), "alg": "ES256", "jwk": {\#(ec)}, "pem": "x"}"#, "/pem"),
            (#"{\#(remote), "alg": "ES256", "jwk": {\#(ec), "d": "c2VjcmV0"}}"#, "/jwk/d"),
            (#"{\#(remote), "alg": "ES256", "jwk": {\#(ec), "alg": "RS256"}}"#, "/alg"),
            (#"{\#(remote), "alg": "ES384", "jwk": {\#(ec)}}"#, nil),
            (#"{\#(remote), "alg": "ES256", "kid": "", "jwk": {\#(ec)}}"#, "/kid"),
            (#"{\#(remote), "alg": "ES256", "jwk": {\#(ec), "kid": 1}}"#, "/jwk/kid"),
            (#"{\#(remote), "alg": "ES256", "jwk": {\#(ec), "use": "enc"}}"#, "/jwk/use"),
            (#"{\#(remote), "alg": "ES256", "jwk": {\#(ec), "use": null}}"#, "/jwk/use"),
            (#"{\#(remote), "alg": "ES256", "jwk": {\#(ec), "key_ops": ["sign"]}}"#, "/jwk/key_ops"),
            (
                #"{\#(remote), "alg": "ES256", "jwk": {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}}"#,
                "/jwk/x"
            ),
            (#"{"remote": {}, "alg": "ES256", "jwk": {\#(ec)}}"#, "/remote/key"),
            (#"{"remote": {"key": ""}, "alg": "ES256", "jwk": {\#(ec)}}"#, "/remote/key"),
            (#"{"remote": {"key": "a", "url": "b"}, "alg": "ES256", "jwk": {\#(ec)}}"#, "/remote/url"),
            (#"{"remote": "main", "alg": "ES256", "jwk": {\#(ec)}}"#, "/remote"),
            (
                #"{"pkcs11": {"uri": "pkcs11:object=k?pin-value=1"}, "alg": "ES256", "jwk": {\#(ec)}}"#,
                "/pkcs11/uri"
            ),
            (
                #"{"pkcs11": {"uri": "pkcs11:object=k;pin-source=%2fx"}, "alg": "ES256", "jwk": {\#(ec)}}"#,
                "/pkcs11/uri"
            ),
            (
                #"{"pkcs11": {"uri": "pkcs11:object=k?module-path=%2fx"}, "alg": "ES256", "jwk": {\#(ec)}}"#,
                "/pkcs11/uri"
            ),
            (#"{"pkcs11": {"uri": "pkcs11:object=k"}, "alg": "EdDSA", "jwk": {\#(ec)}}"#, "/alg"),
            (
                #"{"pkcs11": {"uri": "pkcs11:object=k", "pin": "1"}, "alg": "ES256", "jwk": {\#(ec)}}"#,
                "/pkcs11/pin"
            ),
        ]
    )
    func refused(body: String, pointer: String?) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call(Self.line, json: body)
        #expect(answer.status == 400 && answer.refusal.code == "invalid_key", "\(answer.text)")
        if let pointer { #expect(answer.refusal.pointer == pointer, "\(answer.text)") }
        #expect(!answer.text.contains("c2VjcmV0"))
        #expect(await api.call("GET /v1/issuers/acme/signing-keys")["items"] == .array([]))
    }

    @Test("the JWK Set may be kept for half of the publication time, and for five minutes at most")
    func cache() async throws {
        let table = [(3_600, 300), (600, 300), (60, 30), (1, 0)]
        for (publication, age) in table {
            let api = try TestAPI { $0.keyPublication = .seconds(publication) }
            if publication == 3_600 { try await api.makeIssuer("acme") }
            let set = await api.call("GET /issuers/acme/jwks.json", key: nil)
            #expect(set.header("Cache-Control") == ["public, max-age=\(age)"])
        }
    }

    @Test("a key that had left the JWK Set is published anew when it is forced to sign again")
    func republished() async throws {
        let api = try await TestAPI.withIssuer()
        for kid in ["one", "two"] {
            try await api.call(Self.line, json: #"{"alg": "ES256", "kid": "\#(kid)"}"#).require(201)
        }
        try await api.call("\(Self.line)/two/activate", json: #"{"force": true}"#).require(200)
        try api.sql(
            """
            update lastcall.signing_keys set published_at = now() - interval '9 days';
            update lastcall.signing_keys set retired_at = now() - interval '2 days' where kid = 'one'
            """
        )
        try await api.call("\(Self.line)/one/activate", json: #"{"force": true}"#).require(200)
        try await api.call("\(Self.line)/two/activate").require(200)
        // It has been in the set for a moment, whatever came before that.
        #expect(await api.call("\(Self.line)/one/activate").refusal == .init(409, "key_not_yet_published"))
    }
}
