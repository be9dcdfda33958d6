import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient

/// What a receiver of Shared Signals needs besides what every client does: read once for each version of the client.
struct RecipientSignals: Sendable {
    /// The audience of its tokens.
    let aud: String
    /// The headers of its requests, its credential among them; or why there are none, and nothing is sent.
    let headers: Result<PushHeaders, SigningKeyProblem>

    /// Reads what a client registered; `nil` where it takes logout tokens. What cannot be read is never taken for that.
    init?(_ client: KnownClient, issuer: KnownIssuer, with ring: KeyRing) {
        guard let stored = client.sharedSignals else { return nil }
        let terms = SharedSignals(stored: stored, hasAuthorizationHeader: client.sealedSecret != nil)
        aud = terms?.aud ?? client.clientID
        headers = terms == nil ? .failure(.cannotBeOpened) : Self.headers(of: client, issuer, ring)
    }

    private static func headers(
        of client: KnownClient,
        _ issuer: KnownIssuer,
        _ ring: KeyRing
    ) -> Result<PushHeaders, SigningKeyProblem> {
        var authorization: String?
        if let sealed = client.sealedSecret {
            let owner = AuthorizationHeader.Owner(
                issuer: issuer.name,
                clientID: client.clientID,
                url: client.backchannelLogoutURI ?? ""
            )
            guard let opened = try? AuthorizationHeader(opening: sealed, of: owner, with: ring) else {
                return .failure(.cannotBeOpened)
            }
            authorization = opened.reveal()
        }
        return PushHeaders(authorization: authorization).map(Result.success) ?? .failure(.cannotBeOpened)
    }
}

extension Recipient {
    private static let form = Array("logout_token=".utf8)

    /// The body that carries a token: the form of OIDC Back-Channel Logout 1.0 section 2.5, or of a push the token alone
    /// (RFC 8935 section 2).
    func body(of token: [UInt8]) -> [UInt8] { signals == nil ? Self.form + token : token }
}

extension DeliveryID {
    /// The `jti` of the statement that a receiver gets, the same at each attempt.
    ///
    /// A digest, because the id itself begins like those of the event's other deliveries: receivers that know a user by
    /// different names could tell from it that they mean the same one.
    var statementID: UUID { .digest(of: "security-event-token.\(text)") }

    /// The `txn` of the statements of its logout that one client gets: those of other clients have another, for the same reason.
    func transactionID(for clientKey: Int32) -> UUID {
        .digest(of: "security-event-transaction.\(event.text).\(clientKey)")
    }
}

extension UUID {
    /// RFC 9562 section 5.8.
    fileprivate static func digest(of text: String) -> UUID {
        UUID(bytes: Digests.sha256(Array(text.utf8)), version: 8)
    }
}
