import DeliveryPolicy
import FoundationEssentials
package import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient

/// A claimed delivery on its way: who gets it, and since when we hold it.
package struct Shipment: Sendable {
    package let claimed: ClaimedDelivery
    let recipient: Recipient
    /// Just before the claim was sent, so that the lease is never believed longer than it is.
    let claimedAt: ContinuousClock.Instant
    /// When it took its slot.
    package let startedAt: ContinuousClock.Instant
    /// Of a completion webhook: the event as it stands.
    var event: LogoutEvent?
    /// Of a push: why the logout happened, where that is known.
    var initiator: Initiator?
    /// How its token is encrypted, where the key is one that its client publishes.
    var encryption: TokenEncryption?
    /// Its spans, where anything is done about traces.
    var trace: AttemptTrace?
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

/// How the signature of a shipment's token came out, as far as the way on depends on it.
package enum SignatureEnding: Sendable, Hashable {
    /// It is there.
    case made
    /// It could not be made.
    case failed
    /// Nobody tried: the process stops.
    case cancelled
}

/// Where a shipment goes once its token is signed, or could not be.
package enum Departure: Sendable, Hashable {
    /// Back into the queue, unsent and uncounted.
    case giveBack
    /// To an end without an attempt.
    case end(EndReason)
    /// To the RP; or, without a signature, to an attempt that failed here.
    case goOn
}

extension Shipment {
    /// Where it goes now.
    ///
    /// `isRefused`: whether this process stops, or the client's breaker has opened since the claim.
    package func departure(
        at now: ContinuousClock.Instant,
        signature: SignatureEnding,
        isRefused: Bool
    ) -> Departure {
        let isOurs: Bool
        switch signature {
        case .made: isOurs = fitsLease(at: now)
        // What could not be signed is told as long as the lease is ours, though no attempt fits into it any more.
        case .failed: isOurs = true
        case .cancelled: isOurs = false
        }
        // The lease is too old to send under, or its RP is down by now: whoever claims next sends instead.
        guard isOurs, !isRefused else { return .giveBack }
        // It may have waited for its signature past its deadline.
        return refusal(at: now).map { .end($0) } ?? .goOn
    }

    /// What an attempt makes of the delivery.
    ///
    /// `draw`: one uniform draw in `0 ..< 1`, asked for only where one is wanted.
    package func settlement(
        of outcome: AttemptOutcome,
        flags: DeliveryFlags,
        retryAfter: Duration?,
        at now: ContinuousClock.Instant,
        draw: () -> Double
    ) -> Settlement {
        let attempt = RetryRule.Attempt(
            number: claimed.attempt,
            excused: claimed.excused,
            outcome: outcome,
            flags: flags,
            retryAfter: retryAfter,
            remaining: timeLeft(at: now),
            followsUnknown: claimed.hadUnknownOutcome
        )
        return RetryRule(settings: recipient.settings).settle(
            attempt,
            draw: outcome == .delivered ? 0 : draw()
        )
    }

    /// What is recorded of it under its lease.
    package func settled(_ settlement: Settlement, report: AttemptReport?) -> SettledDelivery {
        SettledDelivery(
            lease: claimed.lease,
            attempt: claimed.attempt,
            settlement: settlement,
            report: report
        )
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
    var body: [UInt8]
    /// Of a token: its `jti`.
    var tokenID: UUID?
    /// Of a token: the key that signed it.
    var kid: String?
    /// Of a push.
    var push: PushHeaders?
    /// Of a completion webhook.
    var webhook: WebhookHeaders?
}
