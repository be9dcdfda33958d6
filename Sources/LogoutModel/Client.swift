/// One relying party of one issuer, as registered.
public struct Client: Sendable, Hashable {
    /// The row's key; also the lane of the queue that the client's deliveries wait in. Never shown.
    public let key: Int32
    /// The `client_id`, 1 to 255 visible ASCII characters or spaces (RFC 6749 appendix A.1).
    public let clientID: String
    /// What callers set.
    public let metadata: Metadata
    /// Whether its deliveries wait until they are released.
    public let isHeld: Bool
    /// Whether its breaker lets anything through.
    public let breaker: BreakerState
    /// When it was registered.
    public let createdAt: Timestamp
    /// When it was last replaced.
    public let updatedAt: Timestamp

    /// What a `PUT` of a client replaces. OIDC Back-Channel Logout 1.0 section 2.2.
    public struct Metadata: Sendable, Hashable {
        /// Where logout tokens are sent, kept byte for byte; without one the client is not covered. Of a receiver of Shared
        /// Signals its `endpoint_url`.
        public let backchannelLogoutURI: String?
        /// Whether the RP cannot act on a token without `sid`.
        public let backchannelLogoutSessionRequired: Bool
        /// The JOSE name of the algorithm that its tokens are signed with.
        public let signedResponseAlg: String
        /// The registered members that no statement looks at, as a JSON object: `client_name`, those of encryption
        /// (`id_token_encrypted_response_alg`, `..._enc`, `jwks`, `jwks_uri`), `tls_client_certificate` and `ca`.
        public let other: String
        /// The members of the delivery policy that the client overrides, as a JSON object.
        public let delivery: String
        /// How it takes Security Event Tokens; `nil` where it takes logout tokens.
        public let sharedSignals: SharedSignals?

        /// A client's metadata as a caller gave it, already checked.
        public init(
            backchannelLogoutURI: String?,
            backchannelLogoutSessionRequired: Bool,
            signedResponseAlg: String,
            other: String,
            delivery: String,
            sharedSignals: SharedSignals? = nil
        ) {
            self.backchannelLogoutURI = backchannelLogoutURI
            self.backchannelLogoutSessionRequired = backchannelLogoutSessionRequired
            self.signedResponseAlg = signedResponseAlg
            self.other = other
            self.delivery = delivery
            self.sharedSignals = sharedSignals
        }
    }

    /// A client as the outbox holds it.
    public init(
        key: Int32,
        clientID: String,
        metadata: Metadata,
        isHeld: Bool,
        breaker: BreakerState,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.key = key
        self.clientID = clientID
        self.metadata = metadata
        self.isHeld = isHeld
        self.breaker = breaker
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
