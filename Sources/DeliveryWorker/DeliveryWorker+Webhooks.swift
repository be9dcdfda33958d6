import Logging
import LogoutModel
import Outbox

extension DeliveryWorker {
    /// Adds to completion webhooks the events that they tell of, read together. What cannot be read now is to be given back.
    func withEvents(_ webhooks: [Shipment]) async -> (told: [Shipment], unread: [ClaimedDelivery]) {
        let events: [IssuerEvent: LogoutEvent]
        do {
            events = try await store.events(toldBy: webhooks.map(\.toldEvent))
        } catch {
            logger.warning("events cannot be read for their webhooks", metadata: ["error": "\(error)"])
            return ([], webhooks.map(\.claimed))
        }
        var told: [Shipment] = []
        for var webhook in webhooks {
            webhook.event = events[webhook.toldEvent]
            if webhook.event == nil {
                // Its retention is over, and so is any use of telling it.
                settle(webhook, Settlement(endingWith: .deadlinePassed), report: nil, .other)
            } else {
                told.append(webhook)
            }
        }
        return (told, [])
    }
}

extension Shipment {
    /// The event that it tells of.
    var toldEvent: IssuerEvent {
        IssuerEvent(issuerKey: claimed.lease.issuerKey, id: claimed.lease.delivery.event)
    }
}
