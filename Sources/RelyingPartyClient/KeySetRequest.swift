public import DeliveryPolicy

/// One GET of the JWK Set that a client publishes at its `jwks_uri`: it carries nothing of anybody's.
///
/// Everything that holds for a POST holds here: one deadline, no redirects, the same way out, the address rule at the socket,
/// caps on headers and body.
public struct KeySetRequest: Sendable {
    /// Whose request it is, apart from every lane that logout tokens are posted in; see ``LogoutRequest/lane``.
    public let lane: Int64

    /// The registered `jwks_uri`, sent byte for byte.
    public let url: String

    /// One deadline for everything from here on.
    public let timeout: Duration

    /// Judges each address at the moment of the attempt.
    public let rule: AddressRule

    /// Whether `http` is allowed; even then only to loopback addresses.
    public let allowHTTP: Bool

    /// What this side shows and trusts; the configured authorities unless told.
    public let identity: TLSIdentity?

    /// Describes one GET.
    ///
    /// - Parameters:
    ///   - lane: see ``lane``.
    ///   - url: see ``url``.
    ///   - timeout: how long it may take as a whole.
    ///   - rule: the address rule as it stands now.
    ///   - allowHTTP: whether `http` is allowed; no unless told.
    ///   - identity: see ``identity``.
    public init(
        lane: Int64,
        url: String,
        timeout: Duration,
        rule: AddressRule,
        allowHTTP: Bool = false,
        identity: TLSIdentity? = nil
    ) {
        self.lane = lane
        self.url = url
        self.timeout = timeout
        self.rule = rule
        self.allowHTTP = allowHTTP
        self.identity = identity
    }

    /// What the engine carries in its place: no body, and no token to put into one.
    var carrier: LogoutRequest {
        LogoutRequest(
            lane: lane,
            url: url,
            body: [],
            timeout: timeout,
            rule: rule,
            allowHTTP: allowHTTP,
            identity: identity
        )
    }
}

extension RelyingPartyClient {
    /// Fetches one document and waits for it.
    ///
    /// - Parameter request: what to fetch, and how long it may take.
    /// - Returns: the answer; with status 200 and a body within its cap also the ``Answer/document``.
    public func get(_ request: KeySetRequest) async -> Answer {
        await withCheckedContinuation { continuation in
            post([
                Accepted(request.carrier, isFetch: true, at: monotonicNanoseconds()) { answer in
                    continuation.resume(returning: answer)
                }
            ])
        }
    }
}
