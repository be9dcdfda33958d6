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
            let begin = ContinuousClock.now
            let didStep = await didStep()
            // At most half of the time: the database and its disk belong to interactive logouts first.
            let pause = didStep ? .now - begin : Self.pause * Double.random(in: 0.8...1.2)
            try? await Task.sleep(for: pause)
        }
    }

    /// One step of each kind, so that a long one of either holds the other up by no more than that.
    private func didStep() async -> Bool {
        let within = Double(DeliverySettings.standard.deliverWithinSeconds)
        let hasExpanded = await step("expansions") {
            try await worker.store.expandStep(usualDeliverWithin: within)
        }
        let hasOperated = await step("operations") {
            try await worker.store.runOperationStep(usualDeliverWithin: within)?.lanes
        }
        return hasExpanded || hasOperated
    }

    private func step(_ what: String, _ body: () async throws -> [Int32]?) async -> Bool {
        do {
            guard let lanes = try await body() else { return false }
            if !lanes.isEmpty { worker.queue(lanes) }
            return true
        } catch is CancellationError {
            return false
        } catch {
            worker.logger.warning("\(what) cannot be worked on", metadata: ["error": "\(error)"])
            return false
        }
    }
}
