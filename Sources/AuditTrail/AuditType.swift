/// What an audit event says happened. The raw value is what callers see and what the outbox stores.
public enum AuditType: String, Sendable, Hashable, CaseIterable {
    /// A logout event was accepted.
    case logoutAccepted = "logout.accepted"
    /// A logout found no RP, whatever its scope.
    case noSessionsForSubject = "bcl.no_sessions_for_subject"
    /// A logout found an RP that registered no `backchannel_logout_uri`.
    case clientNotCovered = "bcl.client_not_covered"
    /// A try failed; one for each.
    case attempted = "logout.back_channel.attempted"
    /// An RP accepted the logout.
    case delivered = "logout.back_channel.delivered"
    /// A delivery ended without the RP having accepted it.
    case failed = "logout.back_channel.failed"
    /// A delivery's time ran out, or a newer session took its place.
    case expired = "logout.back_channel.expired"
    /// An operator cancelled a delivery.
    case cancelled = "logout.back_channel.cancelled"
    /// An operator asked for a delivery once more.
    case redelivered = "logout.back_channel.redelivered"
    /// The last delivery of an event ended.
    case logoutEnded = "logout.ended"
    /// A participation's time passed.
    case sessionExpired = "session.expired"
    /// A client was registered.
    case clientRegistered = "client.registered"
    /// A client was changed; carries the old and the new URI.
    case clientChanged = "client.changed"
    /// A client was deleted.
    case clientDeleted = "client.deleted"
    /// A client's deliveries were told to wait.
    case clientHeld = "client.held"
    /// A client's deliveries were let go.
    case clientReleased = "client.released"
    /// An operator sent a client a harmless logout.
    case clientProbed = "client.probed"
    /// A client's breaker opened.
    case breakerOpened = "breaker.opened"
    /// A client's breaker closed.
    case breakerClosed = "breaker.closed"
    /// A signing key was made or imported.
    case signingKeyCreated = "signing_key.created"
    /// A signing key began to sign.
    case signingKeyActivated = "signing_key.activated"
    /// A signing key stopped.
    case signingKeyRetired = "signing_key.retired"
    /// An issuer was created, changed or deleted.
    case issuerChanged = "issuer.changed"
    /// An API key was made.
    case apiKeyCreated = "api_key.created"
    /// An API key was revoked.
    case apiKeyRevoked = "api_key.revoked"
    /// A completion webhook could not be delivered.
    case webhookFailed = "webhook.failed"
}
