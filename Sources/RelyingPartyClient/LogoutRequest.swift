public import DeliveryPolicy

/// One POST of a logout token to one RP.
///
/// Source: OpenID Connect Back-Channel Logout 1.0 §2.5, the request; the token is the caller's affair.
public struct LogoutRequest: Sendable {
    /// Whose request it is: connections and TLS sessions are shared inside a lane and never between two.
    public let lane: Int64

    /// The registered `backchannel_logout_uri`; its path and query are sent byte for byte.
    public let url: String

    /// The form, complete: `logout_token=<jwt>`. At most a few kilobytes.
    public let body: [UInt8]

    /// One deadline for everything from here on: waiting, resolving, connecting, TLS, the answer.
    public let timeout: Duration

    /// Judges each address at the moment of the attempt, on new and on reused connections.
    public let rule: AddressRule

    /// Whether `http` is allowed; even then only to loopback addresses.
    public let allowHTTP: Bool

    /// Describes one POST.
    ///
    /// - Parameters:
    ///   - lane: the client's identity; see ``lane``.
    ///   - url: the address as it was registered; see ``url``.
    ///   - body: the form, complete; see ``body``.
    ///   - timeout: how long the attempt may take as a whole.
    ///   - rule: the address rule as it stands now.
    ///   - allowHTTP: whether `http` is allowed; no unless told.
    public init(
        lane: Int64,
        url: String,
        body: [UInt8],
        timeout: Duration,
        rule: AddressRule,
        allowHTTP: Bool = false
    ) {
        self.lane = lane
        self.url = url
        self.body = body
        self.timeout = timeout
        self.rule = rule
        self.allowHTTP = allowHTTP
    }
}
