public import DeliveryPolicy
public import LogoutTokens

/// What the operator decides about the API.
public struct APISettings: Sendable {
    /// Which addresses and schemes clients may register.
    public var addressRule: AddressRule
    /// The installation's lists of hosts, ports and blocks.
    public var egress = EgressRule.none
    /// The operator key from the configuration, if any.
    public var operatorKey: String?
    /// What private keys are sealed under; without one none can be added here. It opens nothing, and so does the API.
    public var keyEncryptionKey: SealingKey?
    /// Whether a client certificate of a name is configured; `nil` where this process does not know.
    public var isTLSCertificate: (@Sendable (String) -> Bool)?
    /// Whether an authority of a name is configured; `nil` where this process does not know.
    public var isAuthority: (@Sendable (String) -> Bool)?
    /// How long a key is in the JWK Set before it may sign.
    public var keyPublication: Duration
    /// How long a retired key stays in the JWK Set.
    public var retiredKeyPublication: Duration
    /// The largest body, in bytes.
    public var bodyLimit: Int
    /// How many calls of a kind may wait for a group commit.
    public var queueLimit: Int
    /// How many calls may wait for the end of an event; beyond them a call is answered at once.
    public var waitLimit: Int
    /// How many calls may be worked on at once; neither those that wait for the end of an event nor open streams.
    public var inProgressLimit: Int
    /// How many streams of the audit trail may be open at once.
    public var auditStreamLimit: Int
    /// How many calls a second an API key may make that has no limit of its own; 0: no limit.
    public var keyCallsPerSecond: Int
    /// How many calls such a key may make at once.
    public var keyBurstCalls: Int
    /// How many authentications may fail in a second before others are refused unseen; 0: no limit.
    public var failedAuthenticationsPerSecond: Int

    /// The defaults of every setting.
    public init(addressRule: AddressRule) {
        self.addressRule = addressRule
        keyPublication = .seconds(3_600)
        retiredKeyPublication = .seconds(86_400)
        bodyLimit = 1_048_576
        queueLimit = 10_000
        waitLimit = 10_000
        inProgressLimit = 2_000
        auditStreamLimit = 1_000
        keyCallsPerSecond = 20_000
        keyBurstCalls = 20_000
        failedAuthenticationsPerSecond = 200
    }
}
