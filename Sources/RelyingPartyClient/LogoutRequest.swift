public import DeliveryPolicy

/// One POST of a logout token to one RP, of a Security Event Token to a receiver, or of a completion webhook to an OP.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.5, the request; the token is the caller's affair.
public struct LogoutRequest: Sendable {
    /// Whose request it is: connections and TLS sessions are shared inside a lane and never between two.
    public let lane: Int64

    /// The registered `backchannel_logout_uri`; its path and query are sent byte for byte.
    public let url: String

    /// The form, complete: `logout_token=<jwt>`; of a push the token alone, of a webhook its JSON. At most a few kilobytes.
    public let body: [UInt8]

    /// What makes it a webhook; `nil` for a logout token, whose headers are always the same.
    public let webhook: WebhookHeaders?

    /// What makes it a push of a Security Event Token; `nil` for all else.
    public let push: PushHeaders?

    /// What makes it a call of a signer; `nil` for everything that goes to an RP or an OP's webhook.
    public let signer: SignerHeaders?

    /// The `traceparent` header of a logout token's request, or of a push; none unless given.
    public let traceParent: String?

    /// One deadline for everything from here on: waiting, resolving, connecting, TLS, the answer.
    public let timeout: Duration

    /// Judges each address at the moment of the attempt, on new and on reused connections.
    public let rule: AddressRule

    /// Whether `http` is allowed; even then only to loopback addresses.
    public let allowHTTP: Bool

    /// What this side shows and trusts; the configured authorities, and no certificate, unless told.
    public let identity: TLSIdentity?

    /// Describes one POST.
    ///
    /// - Parameters:
    ///   - lane: the client's identity; see ``lane``.
    ///   - url: the address as it was registered; see ``url``.
    ///   - body: the form, complete; see ``body``.
    ///   - webhook: the headers of a webhook; none for a logout token.
    ///   - push: the headers of a push; none for a logout token.
    ///   - signer: the headers of a call of a signer; none for a logout token.
    ///   - traceParent: see ``traceParent``.
    ///   - timeout: how long the attempt may take as a whole.
    ///   - rule: the address rule as it stands now.
    ///   - allowHTTP: whether `http` is allowed; no unless told.
    ///   - identity: see ``identity``.
    public init(
        lane: Int64,
        url: String,
        body: [UInt8],
        webhook: WebhookHeaders? = nil,
        push: PushHeaders? = nil,
        signer: SignerHeaders? = nil,
        traceParent: String? = nil,
        timeout: Duration,
        rule: AddressRule,
        allowHTTP: Bool = false,
        identity: TLSIdentity? = nil
    ) {
        self.lane = lane
        self.url = url
        self.body = body
        self.webhook = webhook
        self.push = push
        self.signer = signer
        self.traceParent = traceParent
        self.timeout = timeout
        self.rule = rule
        self.allowHTTP = allowHTTP
        self.identity = identity
    }
}

/// The headers that a webhook has and a logout token has not.
///
/// Source: Standard Webhooks, "Webhook Headers (metadata)".
public struct WebhookHeaders: Sendable, Hashable {
    /// The header lines, `Content-Type` among them.
    let lines: [String]

    /// The headers of one webhook; `nil` where a value could end its line: each is visible ASCII, at most 255 bytes.
    ///
    /// - Parameters:
    ///   - id: tells the message from others, and is the same at each attempt.
    ///   - timestamp: when this attempt was signed, in seconds since 1970-01-01 UTC.
    ///   - signature: over id, timestamp and body.
    public init?(id: String, timestamp: Int64, signature: String) {
        for value in [id, signature] {
            let isVisible = value.utf8.allSatisfy { (0x21...0x7e).contains($0) }
            guard isVisible, (1...255).contains(value.utf8.count) else { return nil }
        }
        lines = [
            "Content-Type: application/json", "webhook-id: \(id)", "webhook-timestamp: \(timestamp)",
            "webhook-signature: \(signature)",
        ]
    }
}
