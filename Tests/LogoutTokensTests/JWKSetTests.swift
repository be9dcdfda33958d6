import LogoutTokens
import Testing

@Suite("JWK Set")
struct JWKSetTests {
    @Test("members come in one order, whatever the key")
    func document() throws {
        let keys = try [
            PrivateKey(jwk: JWKMembers(KeyFixtures.ed25519)).publicJWK(kid: "a"),
            PrivateKey(jwk: JWKMembers(KeyFixtures.ec)).publicJWK(kid: "b\"\\"),
            PrivateKey(jwk: JWKMembers(KeyFixtures.rsa)).publicJWK(kid: "c"),
        ]
        let expected =
            #"{"keys":[{"kty":"OKP","use":"sig","alg":"EdDSA","kid":"a","crv":"Ed25519","#
            + #""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},"#
            + #"{"kty":"EC","use":"sig","alg":"ES256","kid":"b\"\\","crv":"P-256","#
            + #""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","#
            + #""y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},"#
            + #"{"kty":"RSA","use":"sig","alg":"RS256","kid":"c","n":""# + KeyFixtures.rsaN
            + #"","e":"AQAB"}]}"#
        #expect(String(decoding: JWKSet.document(keys), as: UTF8.self) == expected)
    }

    @Test("an issuer without keys has an empty set")
    func empty() {
        #expect(String(decoding: JWKSet.document([]), as: UTF8.self) == #"{"keys":[]}"#)
    }
}
