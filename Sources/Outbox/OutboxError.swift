/// What the outbox refuses, or cannot do, apart from what ``PostgresError`` says.
public enum OutboxError: Error, Sendable, Hashable {
    /// Too many requests wait for a commit already.
    case overloaded(waiting: Int)
    /// No statement can act for an issuer; never ``TenantRole/ready``.
    case cannotAct(TenantRole)
    /// The row that a change is about is not there.
    case notFound
    /// A row with this name or id is there already.
    case alreadyExists
    /// Deliveries of the issuer are still open.
    case stillInUse
    /// A completion webhook at a new URL needs a secret.
    case webhookSecretMissing
    /// A receiver of Shared Signals has another endpoint, and nobody says what becomes of its `Authorization` header.
    case authorizationHeaderMissing
    /// A key of the issuer cannot do this now, in the words of the API (`key_not_yet_published`, `last_active_key`).
    case keyRule(String)
    /// The delivery is still open, so it cannot be sent again.
    case notEnded
    /// The RP accepted the delivery; only force sends it again.
    case alreadyDelivered
    /// What would be cancelled has ended.
    case alreadyEnded
    /// The database holds a word that this program does not know: it is older than the schema.
    case unknownWord(String)
}
