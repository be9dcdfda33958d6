import DeliveryPolicy
import FoundationEssentials
import LogoutModel
import Outbox
import StrictJSON

/// How a probe is waited for. This process holds no signing key, so a worker sends it; the database is where they meet.
private enum ProbeWait {
    /// How long a worker has to take it, in seconds.
    static let patience = 4.0
    /// How long its worker has to write down the outcome, once the attempt must be over.
    static let recording = Duration.seconds(1)
    /// The pauses between two looks.
    static let looks = Duration.milliseconds(10)...Duration.milliseconds(100)
}

extension LastcallAPI {
    @Sendable func probeClient(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        try await call.requireNoBody()
        let asked = try await store.askForProbe(
            of: call.parameter("client_id"),
            issuer: call.issuerKey(),
            actor: call.principal.actor,
            usualTimeout: DeliverySettings.standard.attemptTimeoutSeconds,
            patience: ProbeWait.patience
        )
        guard let asked else {
            throw Problem.invalidClientMetadata(
                "The client has no backchannel_logout_uri to be probed.",
                pointer: "/backchannel_logout_uri"
            )
        }
        guard let result = try await result(of: asked, issuer: call.issuerKey()) else {
            throw Problem.unavailable("No worker took the probe; it is not sent.")
        }
        return APIResponse(status: 200) { $0.probe(result) }
    }

    /// Looks until the probe is over; no connection is held in between. `nil` where no worker takes it.
    private func result(of asked: AskedProbe, issuer: Int32) async throws -> ProbeResult? {
        let start = ContinuousClock.now
        let untaken = start + .seconds(ProbeWait.patience)
        let over = untaken + .seconds(asked.timeoutSeconds) + ProbeWait.recording
        var pause = ProbeWait.looks.lowerBound
        while true {
            switch try await store.probe(asked.id, of: issuer) {
            case .finished(let result): return result
            case nil: return nil
            case .waiting where .now >= untaken:
                // Nobody can take it any more; where somebody was quicker, it is waited for after all.
                if try await store.withdrawProbe(asked.id, of: issuer) { return nil }
            case .taken where .now >= over:
                let unknown = ProbeResult(outcome: .unknown)
                if try await store.finishProbe(asked.id, worker: nil, unknown) { return unknown }
            case .waiting, .taken: break
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, ProbeWait.looks.upperBound)
        }
    }
}

extension JSONWriter {
    fileprivate mutating func probe(_ result: ProbeResult) {
        object { writer in
            writer.member("outcome", result.outcome.rawValue)
            writer.member("http_status", result.httpStatus)
            writer.member("latency_ms", result.latencyMilliseconds)
            writer.member("error", result.error)
            writer.member("error_description", result.errorDescription)
        }
    }
}
