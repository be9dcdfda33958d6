public import StrictJSON

extension JSONWriter {
    /// A delivery; with its attempts where it is shown alone.
    public mutating func delivery(_ delivery: DeliveryRecord, attempts: [AttemptRecord]?) {
        object { writer in
            writer.member("id", delivery.id.text)
            writer.member("logout_event_id", delivery.id.event.text)
            writer.member("client_id", delivery.clientID)
            writer.member("sub", delivery.sub)
            writer.member("sid", delivery.sid)
            writer.member("status", delivery.status)
            writer.member("reason", delivery.reason)
            writer.member("flags", delivery.flags)
            writer.member("attempt_count", delivery.attemptCount)
            writer.member("next_attempt_at", delivery.nextAttemptAt?.text)
            writer.member("deliver_before", delivery.deliverBefore.text)
            writer.member("created_at", delivery.id.createdAt.text)
            writer.member("ended_at", delivery.endedAt?.text)
            guard let attempts else { return }
            writer.arrayMember("attempts") { writer in
                for attempt in attempts { writer.attempt(attempt) }
            }
        }
    }

    private mutating func attempt(_ attempt: AttemptRecord) {
        object { writer in
            writer.member("number", attempt.number)
            writer.member("started_at", attempt.startedAt.text)
            writer.member("finished_at", attempt.finishedAt.text)
            writer.member("outcome", attempt.outcome)
            writer.member("http_status", attempt.httpStatus)
            if let late = attempt.lateHTTPStatus { writer.member("late_http_status", late) }
            writer.member("error", attempt.error)
            writer.member("error_description", attempt.errorDescription)
            writer.member("remote_address", attempt.remoteAddress)
            writer.member("latency_ms", attempt.latencyMilliseconds)
            writer.member("jti", attempt.jti?.lowercased)
            writer.member("kid", attempt.kid)
            writer.member("worker", attempt.worker)
        }
    }
}
