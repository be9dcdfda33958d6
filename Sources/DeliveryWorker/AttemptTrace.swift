import LogoutModel
import Outbox
import Synchronization
import Telemetry
public import Tracing

/// What of traces a worker is to do.
public struct DeliveryTracing: Sendable {
    /// Begins a span of each attempt; `nil` where nothing is traced.
    let tracer: (any Tracer)?
    /// Whether an RP gets the `traceparent` of the logout that it is told of.
    let propagates: Bool

    /// `nil` where nothing is to be done: then nobody asks which trace a logout belongs to.
    public init?(tracer: (any Tracer)?, propagates: Bool) {
        guard tracer != nil || propagates else { return nil }
        self.tracer = tracer
        self.propagates = propagates
    }
}

/// The spans of one attempt: from the claim to what it came to, and inside it the POST.
///
/// A claim that is given back leaves none.
final class AttemptTrace: Sendable {
    private let tracing: DeliveryTracing
    /// Where the logout was accepted.
    private let event: TraceContext?
    private let attempt: (any Span)?
    private let post = Mutex<(any Span)?>(nil)

    init(_ tracing: DeliveryTracing, of event: TraceContext?, claimedAt: ContinuousClock.Instant) {
        self.tracing = tracing
        self.event = event
        guard event?.isSampled != false else {
            attempt = nil
            return
        }
        attempt = tracing.tracer?.startSpan(
            "deliver logout",
            context: ServiceContext(trace: event),
            ofKind: .consumer,
            at: SpanTime(claimedAt)
        )
    }

    /// The POST begins.
    ///
    /// - Returns: the `traceparent` that the RP is sent; `nil` for none.
    func posts(at instant: ContinuousClock.Instant) -> String? {
        let span = attempt.flatMap { attempt in
            tracing.tracer?.startSpan(
                "POST",
                context: attempt.context,
                ofKind: .client,
                at: SpanTime(instant)
            )
        }
        post.withLock { $0 = span }
        return tracing.propagates ? (span?.context.trace ?? event)?.traceParent : nil
    }

    /// The attempt is over.
    func ended(_ shipment: Shipment, _ report: AttemptReport, _ settlement: Settlement) {
        guard let attempt, attempt.isRecording else { return }
        let isDelivered = report.outcome == .delivered
        let end = SpanTime(report.finishedAt)
        if let post = post.withLock({ $0 }) {
            post.updateAttributes { attributes in
                attributes["http.request.method"] = "POST"
                if let status = report.httpStatus { attributes["http.response.status_code"] = status }
                if let address = report.remoteAddress { attributes["network.peer.address"] = address }
                if !isDelivered { attributes["error.type"] = report.outcome.rawValue }
            }
            if !isDelivered { post.setStatus(SpanStatus(code: .error)) }
            post.end(at: end)
        }
        let claimed = shipment.claimed
        attempt.updateAttributes { attributes in
            attributes["lastcall.logout_event_id"] = claimed.lease.delivery.event.text
            attributes["lastcall.delivery_id"] = claimed.lease.delivery.text
            attributes["lastcall.client_id"] = shipment.recipient.client.clientID
            attributes["lastcall.attempt"] = claimed.attempt
            attributes["lastcall.outcome"] = report.outcome.rawValue
            attributes["lastcall.status"] = settlement.status.rawValue
        }
        if !isDelivered { attempt.setStatus(SpanStatus(code: .error)) }
        attempt.end(at: end)
    }
}
