import CoreMetrics
import DeliveryPolicy
import Logging
import LogoutModel
import Outbox

/// What must be done from time to time, whoever does it: ends overdue deliveries and expired participations, makes
/// retries due whose RP is up again, keeps partitions ahead, reads the database clock. Every step is safe in any
/// number of processes at once; delivery never waits for it.
struct Housekeeper {
    /// The most steps of rousing in one round, so that the rest of the round is never far.
    private static let rouseSteps = 20

    let worker: DeliveryWorker
    let key: Int32

    func run() async {
        var rounds = 0
        while !Task.isCancelled {
            await readClock()
            await endOverdue()
            await expireParticipations()
            await rouse()
            if rounds % 600 == 0 { await keepPartitions() }
            if rounds % 600 == 0 { await forgetProbes() }
            rounds += 1
            try? await Task.sleep(for: .seconds(1) * Double.random(in: 0.8...1.2))
        }
    }

    private func readClock() async {
        do {
            let health = try await worker.store.health()
            worker.compareClocks(health.now, at: .now, wall: .now)
        } catch {
            worker.logger.debug("the database clock cannot be read", metadata: ["error": "\(error)"])
        }
    }

    private func endOverdue() async {
        do {
            while !Task.isCancelled, try await worker.store.endOverdue(worker: key, limit: 500) >= 500 {}
        } catch {
            worker.logger.warning("overdue deliveries cannot be ended", metadata: ["error": "\(error)"])
        }
    }

    private func expireParticipations() async {
        do {
            while !Task.isCancelled {
                let batch = try await worker.store.expireStep(
                    limit: 500,
                    usualDeliverWithin: Double(DeliverySettings.standard.deliverWithinSeconds)
                )
                if !batch.lanes.isEmpty { worker.wake(batch.lanes, by: .housekeeping) }
                worker.metrics.participationsExpired.increment(by: batch.removed)
                guard batch.lookedAt >= 500 else { return }
            }
        } catch {
            worker.logger.warning("expired participations cannot be ended", metadata: ["error": "\(error)"])
        }
    }

    private func rouse() async {
        do {
            for _ in 0..<Self.rouseSteps {
                guard let lane = try await worker.store.rouse() else { return }
                worker.wake([lane], by: .housekeeping)
            }
        } catch {
            worker.logger.warning("retries cannot be made due", metadata: ["error": "\(error)"])
        }
    }

    private func forgetProbes() async {
        do {
            while !Task.isCancelled, try await worker.store.forgetProbes(limit: 1_000) >= 1_000 {}
        } catch {
            worker.logger.warning("old probes cannot be deleted", metadata: ["error": "\(error)"])
        }
    }

    private func keepPartitions() async {
        do {
            try await worker.store.keepPartitions(daysAhead: worker.settings.partitionDaysAhead)
        } catch {
            worker.logger.error("partitions cannot be kept ahead", metadata: ["error": "\(error)"])
        }
    }
}
