import DeliveryPolicy
import FoundationEssentials
package import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient

/// A claimed delivery on its way: who gets it, and since when we hold it.
package struct Shipment: Sendable {
    let claimed: ClaimedDelivery
    let recipient: Recipient
    /// Just before the claim was sent, so that the lease is never believed longer than it is.
    let claimedAt: ContinuousClock.Instant
    /// When it took its slot.
    let startedAt: ContinuousClock.Instant
    /// Of a completion webhook: the event as it stands.
    var event: LogoutEvent?
    /// How its token is encrypted, where the key is one that its client publishes.
    var encryption: TokenEncryption?
    /// Of a token whose key somebody else holds: what was to be signed, and what came back.
    var answer: ExternalAnswer?

    /// A shipment of a claim.
    package init(
        claimed: ClaimedDelivery,
        recipient: Recipient,
        claimedAt: ContinuousClock.Instant,
        startedAt: ContinuousClock.Instant
    ) {
        self.claimed = claimed
        self.recipient = recipient
        self.claimedAt = claimedAt
        self.startedAt = startedAt
    }

    /// What is left to the delivery's deadline.
    package func timeLeft(at now: ContinuousClock.Instant) -> Duration {
        claimed.timeLeft - (now - claimedAt)
    }

    /// How long an attempt that begins now may take: the client's timeout, or what is left to the deadline.
    package func timeout(at now: ContinuousClock.Instant) -> Duration {
        min(.seconds(recipient.settings.attemptTimeoutSeconds), timeLeft(at: now))
    }

    /// Whether an attempt that begins now is over, with a second to settle it, before the lease is.
    package func fitsLease(at now: ContinuousClock.Instant) -> Bool {
        now - claimedAt + timeout(at: now) + .seconds(1) <= claimed.lease.length
    }

    /// How long its signature may take, so that an attempt still fits into the lease.
    func timeToSign(at now: ContinuousClock.Instant) -> Duration {
        claimed.lease.length - (now - claimedAt) - timeout(at: now) - .milliseconds(1_100)
    }

    /// Why it must end without an attempt, where it must.
    package func refusal(at now: ContinuousClock.Instant) -> EndReason? {
        let client = recipient.client
        if timeLeft(at: now) <= .zero { return .deadlinePassed }
        if client.backchannelLogoutURI == nil { return .noBackchannelLogoutURI }
        if client.sessionRequired, claimed.sid == nil { return .sessionRequiredNoSid }
        if let most = recipient.settings.maxAttempts, claimed.attempt - claimed.excused > most {
            return .attemptsExhausted
        }
        return nil
    }
}

/// What a key's holder answered.
struct ExternalAnswer: Sendable {
    let key: ExternalKey
    let tokenID: UUID
    let input: [UInt8]
    let signature: Result<[UInt8], any Error>
}

/// A shipment whose token, or whose webhook, is signed: what is posted.
struct SignedShipment: Sendable {
    let shipment: Shipment
    let uri: String
    let body: [UInt8]
    /// Of a logout token.
    var tokenID: UUID?
    /// Of a logout token.
    var kid: String?
    /// Of a completion webhook.
    var webhook: WebhookHeaders?
}
