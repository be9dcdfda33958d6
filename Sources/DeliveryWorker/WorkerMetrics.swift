import CoreMetrics
import LogoutModel
import Metrics
import Outbox

/// What a worker counts. No label grows with callers, and only so many with clients as the operator allows.
struct WorkerMetrics: Sendable {
    private let wakeUps: [WakeSource: Counter]
    private let expired = Counter(label: "lastcall_leases_expired_total")
    private let untilPost = Timer(label: "lastcall_accept_to_post_seconds")
    private let claimed = Counter(label: "lastcall_deliveries_claimed_total")
    private let claims = Recorder(label: "lastcall_claim_batch_size")
    let participationsExpired = Counter(label: "lastcall_participations_expired_total")
    let breakersOpened = Counter(label: "lastcall_breaker_changes_total", dimensions: [("to", "open")])
    let breakersClosed = Counter(label: "lastcall_breaker_changes_total", dimensions: [("to", "closed")])
    private let fenced = Counter(label: "lastcall_settles_fenced_total")
    private let batches = Recorder(label: "lastcall_settle_batch_size")
    private let durations = Timer(label: "lastcall_attempt_duration_seconds")
    private let outcomes: [AttemptOutcome: Counter]
    private let retries: [AttemptOutcome: Counter]
    private let clients: ClientMetrics
    private let ends: [DeliveryStatus: Counter]
    private let webhookEnds: [DeliveryStatus: Counter]

    /// `clients`: so many of them are counted by name.
    init(clients: Int) {
        self.clients = ClientMetrics(limit: clients)
        outcomes = Self.counters("lastcall_attempts_total", "outcome")
        retries = Self.counters("lastcall_retries_total", "reason")
        wakeUps = Self.counters("lastcall_wake_ups_total", "source")
        ends = Self.counters("lastcall_deliveries_ended_total")
        // Counted by the outbox; begun here, because Prometheus sees no increase in the first value of a series.
        for reason in [
            EndReason.deadlinePassed, .supersededByNewSession, .cancelledByOperator, .clientNotFound,
        ] {
            _ = Counter(label: "lastcall_deliveries_swept_total", dimensions: [("reason", reason.rawValue)])
        }
        webhookEnds = Self.counters("lastcall_webhooks_ended_total")
    }

    /// One counter for each word.
    private static func counters<Word: RawRepresentable<String> & CaseIterable & Hashable>(
        _ label: String,
        _ dimension: String
    ) -> [Word: Counter] {
        Dictionary(
            uniqueKeysWithValues: Word.allCases.map { word in
                (word, Counter(label: label, dimensions: [(dimension, word.rawValue)]))
            }
        )
    }

    /// One counter for each way to end.
    private static func counters(_ label: String) -> [DeliveryStatus: Counter] {
        Dictionary(
            uniqueKeysWithValues: DeliveryStatus.allCases.filter(\.isEnd).map { status in
                (status, Counter(label: label, dimensions: [("status", status.rawValue)]))
            }
        )
    }

    func woken(by source: WakeSource) {
        wakeUps[source]?.increment()
    }

    func claimed(_ batch: ClaimedBatch) {
        let count = batch.deliveries.count
        claims.record(count)
        if count > 0 { claimed.increment(by: count) }
        if batch.lost > 0 { expired.increment(by: batch.lost) }
    }

    /// A POST begins, at a time of the database clock.
    func posts(_ claimed: ClaimedDelivery, at time: Timestamp) {
        let delivery = claimed.lease.delivery
        guard claimed.attempt == 1, !delivery.isWebhook else { return }
        untilPost.recordNanoseconds(max(0, time.microseconds - delivery.createdAt.microseconds) * 1_000)
    }

    func attempted(_ report: AttemptReport, at recipient: Recipient) {
        outcomes[report.outcome]?.increment()
        if !recipient.client.isWebhook { clients.attempted(recipient, report.outcome) }
        durations.recordNanoseconds((report.finishedAt - report.startedAt).nanoseconds)
    }

    func settled(_ entries: [Settler.Entry], fenced lost: Set<DeliveryID>) {
        batches.record(entries.count)
        if !lost.isEmpty { fenced.increment(by: lost.count) }
        for entry in entries where lost.isEmpty || !lost.contains(entry.settled.lease.delivery) {
            let status = entry.settled.settlement.status
            guard status.isEnd else {
                if let outcome = entry.settled.report?.outcome { retries[outcome]?.increment() }
                continue
            }
            (entry.shipment.recipient.client.isWebhook ? webhookEnds : ends)[status]?.increment()
        }
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}

/// Who said that something is due.
public enum WakeSource: String, Sendable, Hashable, CaseIterable {
    /// This process, which has accepted it.
    case intake
    /// Another process, through the database.
    case notification
    /// A look through the queue, which has found it.
    case poll
    /// A step of a bulk logout, or of a redelivery.
    case operation
    /// The sweep: expired sessions, and retries of a client that is back.
    case housekeeping
}
