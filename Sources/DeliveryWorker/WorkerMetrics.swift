import CoreMetrics
import LogoutModel
import Metrics
import Outbox

/// What a worker counts. No label grows with callers or clients.
struct WorkerMetrics: Sendable {
    let wakeUps = Counter(label: "lastcall_wake_ups_total")
    private let claimed = Counter(label: "lastcall_deliveries_claimed_total")
    private let claims = Recorder(label: "lastcall_claim_batch_size")
    let participationsExpired = Counter(label: "lastcall_participations_expired_total")
    let breakersOpened = Counter(label: "lastcall_breaker_changes_total", dimensions: [("to", "open")])
    let breakersClosed = Counter(label: "lastcall_breaker_changes_total", dimensions: [("to", "closed")])
    private let fenced = Counter(label: "lastcall_settles_fenced_total")
    private let batches = Recorder(label: "lastcall_settle_batch_size")
    private let durations = Timer(label: "lastcall_attempt_duration_seconds")
    private let outcomes: [AttemptOutcome: Counter]
    private let ends: [DeliveryStatus: Counter]
    private let webhookEnds: [DeliveryStatus: Counter]

    init() {
        outcomes = Dictionary(
            uniqueKeysWithValues: AttemptOutcome.allCases.map { outcome in
                (
                    outcome,
                    Counter(label: "lastcall_attempts_total", dimensions: [("outcome", outcome.rawValue)])
                )
            }
        )
        ends = Self.counters("lastcall_deliveries_ended_total")
        webhookEnds = Self.counters("lastcall_webhooks_ended_total")
    }

    /// One counter for each way to end.
    private static func counters(_ label: String) -> [DeliveryStatus: Counter] {
        Dictionary(
            uniqueKeysWithValues: DeliveryStatus.allCases.filter(\.isEnd).map { status in
                (status, Counter(label: label, dimensions: [("status", status.rawValue)]))
            }
        )
    }

    func claimed(_ count: Int) {
        claims.record(count)
        if count > 0 { claimed.increment(by: count) }
    }

    func attempted(_ report: AttemptReport) {
        outcomes[report.outcome]?.increment()
        durations.recordNanoseconds((report.finishedAt - report.startedAt).nanoseconds)
    }

    func settled(_ entries: [Settler.Entry], fenced lost: Set<DeliveryID>) {
        batches.record(entries.count)
        if !lost.isEmpty { fenced.increment(by: lost.count) }
        for entry in entries where lost.isEmpty || !lost.contains(entry.settled.lease.delivery) {
            let status = entry.settled.settlement.status
            guard status.isEnd else { continue }
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
