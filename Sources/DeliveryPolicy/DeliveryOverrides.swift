/// A delivery policy as an issuer or a client writes it: any member may be left out, those that are set are
/// in range.
public struct DeliveryOverrides: Sendable, Hashable {
    /// The members, by their names in the API.
    public enum Member: String, Sendable, Hashable, CaseIterable {
        /// See ``DeliverySettings/attemptTimeoutSeconds``.
        case attemptTimeoutSeconds = "attempt_timeout_seconds"
        /// See ``DeliverySettings/deliverWithinSeconds``.
        case deliverWithinSeconds = "deliver_within_seconds"
        /// See ``DeliverySettings/maxAttempts``.
        case maxAttempts = "max_attempts"
        /// See ``DeliverySettings/maxInFlight``.
        case maxInFlight = "max_in_flight"
        /// See ``DeliverySettings/retryWaitsSeconds``.
        case retryWaitsSeconds = "retry_waits_seconds"
        /// See ``DeliverySettings/retryAfterCapSeconds``.
        case retryAfterCapSeconds = "retry_after_cap_seconds"
        /// See ``DeliverySettings/tokenLifetimeSeconds``.
        case tokenLifetimeSeconds = "token_lifetime_seconds"
    }

    /// What ``attemptTimeoutSeconds`` may be.
    public static let attemptTimeoutRange = 0.5...60.0
    /// What ``deliverWithinSeconds`` may be: 1 second to 30 days.
    public static let deliverWithinRange = 1...2_592_000
    /// What ``maxAttempts`` may be.
    public static let maxAttemptsRange = 1...1_000_000
    /// What ``maxInFlight`` may be.
    public static let maxInFlightRange = 1...1024
    /// What each of ``retryWaitsSeconds`` may be: 10 ms to 30 days.
    public static let retryWaitRange = 0.01...2_592_000.0
    /// How many ``retryWaitsSeconds`` there may be.
    public static let retryWaitCount = 1...32
    /// What ``retryAfterCapSeconds`` may be; 0 ignores `Retry-After`.
    public static let retryAfterCapRange = 0...2_592_000
    /// What ``tokenLifetimeSeconds`` may be: at most two minutes (OpenID Connect Back-Channel Logout 1.0
    /// §2.4).
    public static let tokenLifetimeRange = 30...120

    /// See ``DeliverySettings/attemptTimeoutSeconds``.
    public let attemptTimeoutSeconds: Double?
    /// See ``DeliverySettings/deliverWithinSeconds``.
    public let deliverWithinSeconds: Int?
    /// See ``DeliverySettings/maxAttempts``; `nil` leaves it as it is, so that a client cannot lift its
    /// issuer's limit.
    public let maxAttempts: Int?
    /// See ``DeliverySettings/maxInFlight``.
    public let maxInFlight: Int?
    /// See ``DeliverySettings/retryWaitsSeconds``.
    public let retryWaitsSeconds: [Double]?
    /// See ``DeliverySettings/retryAfterCapSeconds``.
    public let retryAfterCapSeconds: Int?
    /// See ``DeliverySettings/tokenLifetimeSeconds``.
    public let tokenLifetimeSeconds: Int?

    /// Overrides that set nothing.
    public static let none = DeliveryOverrides()

    /// Checks a policy as it was written.
    ///
    /// - Parameters:
    ///   - attemptTimeoutSeconds: in ``attemptTimeoutRange``.
    ///   - deliverWithinSeconds: in ``deliverWithinRange``.
    ///   - maxAttempts: in ``maxAttemptsRange``.
    ///   - maxInFlight: in ``maxInFlightRange``.
    ///   - retryWaitsSeconds: as many as ``retryWaitCount`` says, each in ``retryWaitRange``.
    ///   - retryAfterCapSeconds: in ``retryAfterCapRange``.
    ///   - tokenLifetimeSeconds: in ``tokenLifetimeRange``.
    /// - Throws: ``DeliverySettingsError``, naming the first member that breaks its range.
    public init(
        attemptTimeoutSeconds: Double? = nil,
        deliverWithinSeconds: Int? = nil,
        maxAttempts: Int? = nil,
        maxInFlight: Int? = nil,
        retryWaitsSeconds: [Double]? = nil,
        retryAfterCapSeconds: Int? = nil,
        tokenLifetimeSeconds: Int? = nil
    ) throws(DeliverySettingsError) {
        try Self.check(attemptTimeoutSeconds, Self.attemptTimeoutRange, .attemptTimeoutSeconds)
        try Self.check(deliverWithinSeconds, Self.deliverWithinRange, .deliverWithinSeconds)
        try Self.check(maxAttempts, Self.maxAttemptsRange, .maxAttempts)
        try Self.check(maxInFlight, Self.maxInFlightRange, .maxInFlight)
        if let waits = retryWaitsSeconds {
            guard Self.retryWaitCount.contains(waits.count) else { throw .retryWaitCount(waits.count) }
            for (index, wait) in waits.enumerated() where !Self.retryWaitRange.contains(wait) {
                throw .retryWaitOutOfRange(index: index)
            }
        }
        try Self.check(retryAfterCapSeconds, Self.retryAfterCapRange, .retryAfterCapSeconds)
        try Self.check(tokenLifetimeSeconds, Self.tokenLifetimeRange, .tokenLifetimeSeconds)
        self.attemptTimeoutSeconds = attemptTimeoutSeconds
        self.deliverWithinSeconds = deliverWithinSeconds
        self.maxAttempts = maxAttempts
        self.maxInFlight = maxInFlight
        self.retryWaitsSeconds = retryWaitsSeconds
        self.retryAfterCapSeconds = retryAfterCapSeconds
        self.tokenLifetimeSeconds = tokenLifetimeSeconds
    }

    /// Overrides that set nothing, which nothing can be wrong with.
    private init() {
        attemptTimeoutSeconds = nil
        deliverWithinSeconds = nil
        maxAttempts = nil
        maxInFlight = nil
        retryWaitsSeconds = nil
        retryAfterCapSeconds = nil
        tokenLifetimeSeconds = nil
    }

    /// The settings that hold where these overrides are laid over others: client over issuer over standard.
    public func resolved(over base: DeliverySettings) -> DeliverySettings {
        DeliverySettings(
            attemptTimeoutSeconds: attemptTimeoutSeconds ?? base.attemptTimeoutSeconds,
            deliverWithinSeconds: deliverWithinSeconds ?? base.deliverWithinSeconds,
            maxAttempts: maxAttempts ?? base.maxAttempts,
            maxInFlight: maxInFlight ?? base.maxInFlight,
            retryWaitsSeconds: retryWaitsSeconds ?? base.retryWaitsSeconds,
            retryAfterCapSeconds: retryAfterCapSeconds ?? base.retryAfterCapSeconds,
            tokenLifetimeSeconds: tokenLifetimeSeconds ?? base.tokenLifetimeSeconds
        )
    }

    private static func check<T: Comparable>(
        _ value: T?,
        _ range: ClosedRange<T>,
        _ member: Member
    ) throws(DeliverySettingsError) {
        guard let value, !range.contains(value) else { return }
        throw .outOfRange(member)
    }
}

/// Why a delivery policy cannot be used.
public enum DeliverySettingsError: Error, Sendable, Hashable {
    /// The member is outside its range; the ranges are those of ``DeliveryOverrides``.
    case outOfRange(DeliveryOverrides.Member)
    /// There are 1 to 32 waits; this list has another number.
    case retryWaitCount(Int)
    /// The wait at this index, counted from 0, is under 10 ms or over 30 days.
    case retryWaitOutOfRange(index: Int)
}
