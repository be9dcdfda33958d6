public import StrictJSON

extension JSONWriter {
    /// The event as callers see it; without its deliveries where it stands in a list or in a completion webhook.
    public mutating func logoutEvent(_ event: LogoutEvent, deliveries: [DeliveryRecord]?) {
        object { writer in
            writer.member("id", event.id.text)
            writer.member("status", event.status.rawValue)
            writer.name("scope")
            writer.raw(event.scope.utf8)
            writer.member("initiator", event.initiator.rawValue)
            writer.member("initiating_client_id", event.initiatingClientID)
            writer.member("session_durability", event.sessionDurability.rawValue)
            writer.member("priority", event.priority.rawValue)
            writer.member("created_at", event.id.createdAt.text)
            writer.member("deliver_before", event.deliverBefore.text)
            writer.member("ended_at", event.endedAt?.text)
            writer.member("trace_id", event.traceID)
            writer.member("matched", event.matched)
            writer.objectMember("delivery_counts") { writer in
                for (status, count) in event.deliveryCounts { writer.member(status, count) }
            }
            if let deliveries {
                writer.arrayMember("deliveries") { writer in
                    for delivery in deliveries { writer.delivery(delivery, attempts: nil) }
                }
            }
            if let webhook = event.completionWebhook {
                writer.objectMember("completion_webhook") { writer in
                    writer.member("status", webhook.status)
                    writer.member("attempts", webhook.attempts)
                }
            } else {
                writer.nullMember("completion_webhook")
            }
        }
    }
}
