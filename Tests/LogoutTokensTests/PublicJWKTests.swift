import LogoutTokens
import Testing

@Suite("Public JWK")
struct PublicJWKTests {
    @Test(
        "what was stored reads back the same",
        arguments: [KeyFixtures.rsa, KeyFixtures.ec, KeyFixtures.ed25519]
    )
    func roundTrip(members: [String: String]) throws {
        let jwk = try PrivateKey(jwk: JWKMembers(members)).publicJWK(kid: "k")
        let stored = members.merging(["kid": "k", "use": "sig", "alg": jwk.algorithm.rawValue]) { $1 }
        #expect(try PublicJWK(JWKMembers(stored)) == jwk)
    }

    /// RFC 7638 §3.1; the private half of that key is not published, so it is met as a public one.
    @Test("the RFC's own thumbprint comes out")
    func thumbprint() throws {
        let members = [
            "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "n": KeyFixtures.thumbprintN, "e": "AQAB",
        ]
        #expect(
            try PublicJWK(JWKMembers(members)).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        )
    }

    @Test(
        "a stored key that is none is refused by its member",
        arguments: [
            (["kty": "EC"], KeyError.missingMember("kid")),
            (["kid": "", "kty": "EC"], .kidMalformed),
            (["kid": "k"], .missingMember("kty")),
            (["kid": "k", "kty": "RSA", "alg": "RS256", "e": "AQAB"], .missingMember("n")),
            (["kid": "k", "kty": "RSA", "alg": "RS256", "n": "AQAB", "e": "!"], .malformedMember("e")),
            (["kid": "k", "kty": "OKP", "crv": "Ed25519", "x": "AQAB"], .malformedMember("x")),
        ]
    )
    func refuses(members: [String: String], expected: KeyError) {
        #expect(throws: expected) { try PublicJWK(JWKMembers(members)) }
    }
}
