import Foundation
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox

extension Bench {
    /// What a client registers that wants its tokens encrypted.
    static func encrypted(
        _ alg: KeyManagementAlgorithm,
        enc: ContentEncryption = .a128CBCHS256,
        _ keys: String
    ) -> String {
        """
        {"id_token_encrypted_response_alg": "\(alg.rawValue)", "id_token_encrypted_response_enc": "\(enc.rawValue)", \(keys)}
        """
    }

    /// Decrypts and checks requests as the strictest RP would; returns what their tokens say.
    func decrypted(_ requests: [ReceivedRequest], with pair: ClientKeyPair, aud: String = "rp") async throws
        -> [(token: EncryptedToken, claims: LogoutTokenVerifier.Claims)]
    {
        let keys = try await store.signingKeys(of: issuer)
        let jwks = Array(#"{"keys":[\#(keys.map(\.publicJWK).joined(separator: ","))]}"#.utf8)
        let verifier = try LogoutTokenVerifier(jwks: jwks, iss: Self.iss)
        return try requests.map { request in
            let text = try LogoutRequestVerifier.token(
                method: request.method,
                headers: request.headers.map { ($0.name, $0.value) },
                body: request.body,
                encrypted: true
            )
            let token = try EncryptedToken(text)
            let signed = try pair.decrypt(token)
            let now = Int64(Date().timeIntervalSince1970) + 1
            return (token, try verifier.verify(signed, aud: aud, now: now))
        }
    }
}
