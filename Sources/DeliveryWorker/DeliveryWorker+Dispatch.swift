import DeliveryPolicy
import Logging
import LogoutModel
import Outbox
import Synchronization

/// From a claim to the signing threads.
extension DeliveryWorker {
    /// Sends claimed deliveries on their way; those that must not or cannot be sent end here.
    func dispatch(
        _ deliveries: [ClaimedDelivery],
        _ claimedAt: ContinuousClock.Instant,
        _ signing: SigningThreads
    ) async {
        let recipients = await recipients(of: deliveries)
        breakers.learn(from: deliveries)
        schedule.withLock { schedule in
            for case let recipient? in recipients {
                schedule.setCap(recipient.settings.maxInFlight, of: recipient.client.key)
            }
        }
        let now = ContinuousClock.now
        var tokens: [Shipment] = []
        var webhooks: [Shipment] = []
        var pushes: [Shipment] = []
        var orphans: [ClaimedDelivery] = []
        for (delivery, recipient) in zip(deliveries, recipients) {
            guard let recipient else {
                orphans.append(delivery)
                continue
            }
            let shipment = Shipment(
                claimed: delivery,
                recipient: recipient,
                claimedAt: claimedAt,
                startedAt: claimedAt
            )
            if let reason = shipment.refusal(at: now) {
                settle(shipment, Settlement(endingWith: reason), report: nil, .other)
            } else if case .closed(let reason) = recipient.egress {
                block(shipment, because: reason)
            } else if recipient.client.isWebhook {
                webhooks.append(shipment)
            } else if recipient.signals != nil {
                pushes.append(shipment)
            } else {
                tokens.append(shipment)
            }
        }
        signing.add(withKeys(await withTraces(tokens), signing))
        if !webhooks.isEmpty {
            let (told, unread) = await withEvents(webhooks)
            signing.add(told)
            orphans += unread
        }
        if !pushes.isEmpty {
            let (told, unread) = await withInitiators(pushes)
            signing.add(await withTraces(told))
            orphans += unread
        }
        await giveBack(orphans, claimedAt)
    }

    /// The client of each delivery, read anew where it has changed; `nil` where it cannot be read.
    private func recipients(of deliveries: [ClaimedDelivery]) async -> [Recipient?] {
        let known = directory.recipients(of: deliveries)
        let unknown = Set(zip(deliveries, known).lazy.filter { $0.1 == nil }.map(\.0.clientKey))
        guard !unknown.isEmpty else { return known }
        do {
            try await directory.refresh(Array(unknown))
        } catch {
            logger.warning("clients cannot be read", metadata: ["error": "\(error)"])
        }
        return directory.recipients(of: deliveries)
    }
}
