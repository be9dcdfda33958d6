import AuditTrail
import Foundation
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox

extension Bench {
    /// Registers a receiver of Shared Signals, or replaces it.
    @discardableResult
    func addReceiver(
        _ clientID: String = "receiver",
        url: String,
        aud: String? = nil,
        authorization: String? = nil,
        alg: SignatureAlgorithm = .es256,
        delivery: String = quick,
        sealedFor sealedURL: String? = nil
    ) async throws -> Client {
        let metadata = Client.Metadata(
            backchannelLogoutURI: url,
            backchannelLogoutSessionRequired: false,
            signedResponseAlg: alg.rawValue,
            other: "{}",
            delivery: delivery,
            sharedSignals: SharedSignals(aud: aud)
        )
        let owner = AuthorizationHeader.Owner(issuer: Self.name, clientID: clientID, url: sealedURL ?? url)
        let sealed = try authorization.flatMap(AuthorizationHeader.init)?.sealed(
            for: owner,
            under: SealingKey(encryptionKey)
        )
        return try await store.putClient(
            clientID,
            of: issuer,
            metadata,
            authorization: sealed.map { .replace($0.bytes) } ?? .remove
        ) { _ in AuditNote(.clientRegistered, clientID: clientID, actor: "test") }.client
    }

    /// Checks pushes as the strictest receiver would; returns what their tokens say.
    func statements(
        _ requests: [ReceivedRequest],
        aud: String = "receiver",
        authorization: String? = nil
    ) async throws -> [SecurityEventVerifier.Statement] {
        let keys = try await store.signingKeys(of: issuer)
        let jwks = Array(#"{"keys":[\#(keys.map(\.publicJWK).joined(separator: ","))]}"#.utf8)
        let verifier = try SecurityEventVerifier(jwks: jwks, iss: Self.iss)
        let now = Int64(Date().timeIntervalSince1970) + 1
        return try requests.map {
            try verifier.verify($0, aud: aud, authorization: authorization, now: now)
        }
    }

    /// A refusal as RFC 8935 section 2.3 asks for it.
    static func refusal(_ err: String, _ description: String = "no") -> ScriptedStep {
        .status(
            400,
            headers: ["Content-Type: application/json", "Content-Language: en"],
            body: #"{"err":"\#(err)","description":"\#(description)"}"#
        )
    }
}
