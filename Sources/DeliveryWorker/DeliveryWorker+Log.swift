import Logging
import LogoutModel
import Outbox
import Synchronization

extension DeliveryWorker {
    /// Finds out what log lines may say of subjects.
    func readLabels() async throws {
        let found: SubjectLabels =
            switch settings.logSubjects {
            case .none: .none
            case .plain: .plain
            case .hashed: .hashed(installationSecret: try await store.cursorSecret())
            }
        labels.withLock { $0 = found }
    }

    /// What a log line about a delivery carries.
    func about(_ shipment: Shipment, _ others: Logger.Metadata) -> Logger.Metadata {
        shipment.metadata(labels.withLock { $0 }, others)
    }
}

extension Shipment {
    /// What a log line about this delivery carries, so that a user's logout can be found.
    func metadata(_ labels: SubjectLabels, _ others: Logger.Metadata = [:]) -> Logger.Metadata {
        var metadata = others
        metadata["delivery_id"] = "\(claimed.lease.delivery.text)"
        metadata["client_id"] = "\(recipient.client.clientID)"
        for (member, value) in [(SubjectLabels.Member.sub, claimed.sub), (.sid, claimed.sid)] {
            guard let label = value.flatMap({ labels.label(member, $0, of: recipient.issuer) }) else {
                continue
            }
            metadata[member.rawValue] = "\(label)"
        }
        return metadata
    }
}

extension Settler.Entry {
    /// What became of it, for a log.
    func metadata(_ labels: SubjectLabels) -> Logger.Metadata {
        var others: Logger.Metadata = [
            "attempt": "\(settled.attempt)", "status": "\(settled.settlement.status.rawValue)",
        ]
        if case .ended(let reason, _) = settled.settlement { others["reason"] = "\(reason.rawValue)" }
        if let report = settled.report { others["outcome"] = "\(report.outcome.rawValue)" }
        return shipment.metadata(labels, others)
    }
}
