import DeliveryPolicy
import Logging
import Outbox

/// Works off what is too much for one transaction, step by step, while there is any; looks for it now and then otherwise.
/// Any number of processes do so at once; delivery never waits for it.
struct OperationRunner {
    /// How long nothing is looked for after there was nothing to do.
    static let pause = Duration.milliseconds(250)

    let worker: DeliveryWorker

    func run() async {
        while !Task.isCancelled, !worker.isDraining {
            if await didStep() { continue }
            try? await Task.sleep(for: Self.pause * Double.random(in: 0.8...1.2))
        }
    }

    private func didStep() async -> Bool {
        do {
            let within = Double(DeliverySettings.standard.deliverWithinSeconds)
            guard let step = try await worker.store.runOperationStep(usualDeliverWithin: within) else {
                return false
            }
            if !step.lanes.isEmpty { worker.wake(step.lanes) }
            return true
        } catch {
            worker.logger.warning("operations cannot be worked on", metadata: ["error": "\(error)"])
            return false
        }
    }
}
