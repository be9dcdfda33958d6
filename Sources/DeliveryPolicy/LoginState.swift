public import LogoutModel

/// Whether somebody is still logged in at a client, as far as Lastcall can tell.
public enum LoginState: String, Sendable, Hashable, CaseIterable {
    /// A login is open, and no logout was reported since.
    case loggedIn = "logged_in"
    /// The RP accepted the logout.
    case confirmedOut = "confirmed_out"
    /// The RP will be told.
    case pending
    /// The RP was told, and refused.
    case refused
    /// The RP could not be told in time.
    case unreachable
    /// The RP cannot be told: it has no `backchannel_logout_uri`, is not registered, or needs a `sid` that was not known.
    case notCovered = "not_covered"
    /// An operator decided that the RP is not told.
    case cancelled

    /// Judges by what decides.
    ///
    /// - Parameters:
    ///   - delivery: where the newest logout's delivery stands; `nil` where a login came after it, or there was none.
    ///   - reason: why it ended, if it has.
    public init(delivery: DeliveryStatus?, reason: EndReason?) {
        switch (delivery, reason) {
        // Given up in favour of a newer login of the same subject.
        case (nil, _), (.expired, .supersededByNewSession): self = .loggedIn
        case (.delivered, _): self = .confirmedOut
        case (.pending, _), (.delivering, _), (.retrying, _), (.held, _): self = .pending
        case (.cancelled, _): self = .cancelled
        case (.notCovered, _), (.failed, .clientNotFound), (.failed, .sessionRequiredNoSid):
            self = .notCovered
        case (.failed, .rejected), (.failed, .redirectRefused): self = .refused
        case (.failed, _), (.expired, _): self = .unreachable
        }
    }
}
