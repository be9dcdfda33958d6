import Logging
import LogoutModel
import Outbox
import Telemetry

extension DeliveryWorker {
    /// Adds to shipments the traces that their logouts belong to; without a reader of traces there is nothing to ask.
    func withTraces(_ shipments: [Shipment]) async -> [Shipment] {
        guard let tracing, !shipments.isEmpty else { return shipments }
        var traces: [IssuerEvent: TraceContext] = [:]
        do {
            traces = try await store.traces(of: Set(shipments.map(\.toldEvent)))
        } catch {
            // The logout goes out all the same; its trace begins anew.
            logger.debug("traces cannot be read", metadata: ["error": "\(error)"])
        }
        return shipments.map { shipment in
            let event = traces[shipment.toldEvent]
            // Of most logouts nobody records anything: they cost nothing more.
            guard tracing.propagates || event?.isSampled != false else { return shipment }
            var traced = shipment
            traced.trace = AttemptTrace(tracing, of: event, claimedAt: shipment.claimedAt)
            return traced
        }
    }
}
