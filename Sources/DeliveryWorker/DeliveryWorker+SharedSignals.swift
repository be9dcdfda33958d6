import Logging
import LogoutModel
import Outbox

extension DeliveryWorker {
    /// Adds to pushes why their logouts happened, read together. What cannot be read now is to be given back.
    func withInitiators(_ pushes: [Shipment]) async -> (told: [Shipment], unread: [ClaimedDelivery]) {
        let initiators: [IssuerEvent: Initiator]
        do {
            initiators = try await store.initiators(of: pushes.map(\.toldEvent))
        } catch {
            logger.warning("events cannot be read for their pushes", metadata: ["error": "\(error)"])
            return ([], pushes.map(\.claimed))
        }
        let told = pushes.map { push in
            var push = push
            push.initiator = initiators[push.toldEvent]
            return push
        }
        return (told, [])
    }
}
