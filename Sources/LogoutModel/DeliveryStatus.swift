/// Where a delivery stands. The raw value is what callers see and what the outbox stores.
public enum DeliveryStatus: String, Sendable, Hashable, CaseIterable {
    /// Never tried.
    case pending
    /// An attempt is in flight.
    case delivering
    /// An attempt failed; another will follow.
    case retrying
    /// Its client is on hold.
    case held
    /// The RP accepted it. An end.
    case delivered
    /// It will not be delivered. An end.
    case failed
    /// Its time ran out, or a newer session took its place. An end.
    case expired
    /// An operator cancelled it. An end.
    case cancelled
    /// Its client has no `backchannel_logout_uri`. An end.
    case notCovered = "not_covered"

    /// Whether nothing follows, short of an explicit redelivery.
    public var isEnd: Bool {
        switch self {
        case .pending, .delivering, .retrying, .held: false
        case .delivered, .failed, .expired, .cancelled, .notCovered: true
        }
    }

    /// Whether a delivery in this status may come to stand in another: the edges of `docs/delivery-states.md`.
    public func allows(_ next: DeliveryStatus) -> Bool {
        switch (self, next) {
        case (.pending, .delivering), (.pending, .held), (.held, .pending), (.held, .retrying): true
        case (.delivering, .retrying), (.delivering, .held), (.delivering, .pending),
            (.delivering, .delivered):
            true
        case (.retrying, .delivering), (.retrying, .held): true
        case (_, .failed), (_, .expired), (_, .cancelled), (_, .notCovered): !isEnd
        // A redelivery: what was tried before waits as a retry does.
        case (_, .pending), (_, .retrying): isEnd
        default: false
        }
    }
}

/// Why a delivery ended otherwise than delivered.
public enum EndReason: String, Sendable, Hashable, CaseIterable {
    /// The RP refused the token.
    case rejected
    /// The RP answered with a redirect.
    case redirectRefused = "redirect_refused"
    /// Every address offered was refused.
    case blockedAddress = "blocked_address"
    /// `max_attempts` were made.
    case attemptsExhausted = "attempts_exhausted"
    /// The issuer has no such client.
    case clientNotFound = "client_not_found"
    /// The client requires `sid`, and none was known.
    case sessionRequiredNoSid = "session_required_no_sid"
    /// The client has no `backchannel_logout_uri`.
    case noBackchannelLogoutURI = "no_backchannel_logout_uri"
    /// Its deadline passed.
    case deadlinePassed = "deadline_passed"
    /// The same subject has a newer session at that client.
    case supersededByNewSession = "superseded_by_new_session"
    /// An operator cancelled it.
    case cancelledByOperator = "cancelled_by_operator"

    /// The status of a delivery that ends for this reason.
    public var status: DeliveryStatus {
        switch self {
        case .deadlinePassed, .supersededByNewSession: .expired
        case .cancelledByOperator: .cancelled
        case .noBackchannelLogoutURI: .notCovered
        default: .failed
        }
    }
}

/// What else is worth knowing of an end.
public struct DeliveryFlags: OptionSet, Sendable, Hashable {
    /// One bit a flag.
    public let rawValue: UInt8

    /// Flags from their bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Delivered by a 2xx other than 200 and 204.
    public static let nonstandardStatus = DeliveryFlags(rawValue: 1)
    /// Rejected after an attempt whose worker was lost: the RP may have acted on that one.
    public static let rejectedAfterUnknown = DeliveryFlags(rawValue: 2)

    /// The names that callers see.
    public var names: [String] {
        (contains(.nonstandardStatus) ? ["nonstandard_status"] : [])
            + (contains(.rejectedAfterUnknown) ? ["rejected_after_unknown"] : [])
    }
}
