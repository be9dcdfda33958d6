/// How deliveries to one client are made: every member is set and in its range.
///
/// The defaults are Lastcall's own choice: waits of 1 s, 5 s, 15 s, 1 min, 5 min, 15 min, then every hour;
/// in 24 hours that is about 30 attempts.
public struct DeliverySettings: Sendable, Hashable {
    /// How long one attempt may take from resolving the name to the end of the answer, in seconds.
    public let attemptTimeoutSeconds: Double
    /// How long after its event a delivery is given up, in seconds.
    public let deliverWithinSeconds: Int
    /// How many attempts count at most; `nil` for as many as the deadline leaves.
    public let maxAttempts: Int?
    /// How many attempts at one client run at once.
    public let maxInFlight: Int
    /// Nominal waits after the first, second, ... failed attempt, in seconds; the last one repeats.
    public let retryWaitsSeconds: [Double]
    /// The longest `Retry-After` that is honoured, in seconds.
    public let retryAfterCapSeconds: Int
    /// How long a token is valid: its `exp` less its `iat`, in seconds.
    public let tokenLifetimeSeconds: Int

    /// The settings where nobody says otherwise.
    public static let standard = DeliverySettings(
        attemptTimeoutSeconds: 5,
        deliverWithinSeconds: 86_400,
        maxAttempts: nil,
        maxInFlight: 16,
        retryWaitsSeconds: [1, 5, 15, 60, 300, 900, 3600],
        retryAfterCapSeconds: 3600,
        tokenLifetimeSeconds: 120
    )

    /// Settings whose members have been checked, each alone, by ``DeliveryOverrides``.
    init(
        attemptTimeoutSeconds: Double,
        deliverWithinSeconds: Int,
        maxAttempts: Int?,
        maxInFlight: Int,
        retryWaitsSeconds: [Double],
        retryAfterCapSeconds: Int,
        tokenLifetimeSeconds: Int
    ) {
        self.attemptTimeoutSeconds = attemptTimeoutSeconds
        self.deliverWithinSeconds = deliverWithinSeconds
        self.maxAttempts = maxAttempts
        self.maxInFlight = maxInFlight
        self.retryWaitsSeconds = retryWaitsSeconds
        self.retryAfterCapSeconds = retryAfterCapSeconds
        self.tokenLifetimeSeconds = tokenLifetimeSeconds
    }
}
