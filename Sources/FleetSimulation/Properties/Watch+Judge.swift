import DeliveryWorker
import LogoutModel

/// What must hold when all is over.
extension Watch {
    func judge(_ fleet: SimulatedFleet) {
        let outbox = fleet.outbox
        for (place, row) in outbox.deliveries.enumerated() {
            require(row.end != nil, "everything ends, once faults have stopped", describe(row, outbox), place)
            judgeAudit(place, row, outbox)
        }
        for (number, event) in outbox.events.enumerated() { judgeCounts(number, event, outbox) }
        for caller in fleet.callers { judge(caller, fleet) }
        for worker in fleet.workers where worker.isUp {
            let held = worker.schedule.held
            require(
                held == 0,
                "who has nothing in flight has all slots free",
                "\(worker.name) holds \(held)",
                nil
            )
        }
    }

    private func describe(_ row: MemoryDelivery, _ outbox: MemoryOutbox) -> String {
        "open after \(row.attemptCount) attempts, the last \(row.lastOutcome?.rawValue ?? "none")"
            + (row.leaseUntil > .never ? ", leased" : "")
    }

    /// The audit trail, read from its beginning, must come to the row.
    private func judgeAudit(_ place: Int, _ row: MemoryDelivery, _ outbox: MemoryOutbox) {
        var attempts = 0
        var end: DeliveryStatus?
        for entry in outbox.audit where entry.subject == row.id.uuid {
            switch entry.type {
            case "logout.back_channel.attempted": attempts += 1
            case "logout.back_channel.redelivered": end = nil
            case "logout.back_channel.delivered":
                attempts += 1
                end = .delivered
            case "logout.back_channel.failed": end = .failed
            case "logout.back_channel.expired": end = .expired
            case "logout.back_channel.cancelled": end = .cancelled
            case "bcl.client_not_covered": end = .notCovered
            default: break
            }
        }
        let name = "the audit trail comes to the state"
        require(
            end == row.end?.status,
            name,
            "\(end.map { "\($0)" } ?? "open"), not \(row.end?.status as Any)",
            place
        )
        require(
            attempts == row.attempts.count,
            name,
            "\(attempts) attempts, not \(row.attempts.count)",
            place
        )
    }

    private func judgeCounts(_ number: Int, _ event: MemoryEvent, _ outbox: MemoryOutbox) {
        let ends = event.deliveries.compactMap { outbox.deliveries[$0].end?.status }
        let counts = [event.delivered, event.failed, event.expired, event.cancelled, event.notCovered]
        let found = [DeliveryStatus.delivered, .failed, .expired, .cancelled, .notCovered].map { status in
            ends.count { $0 == status }
        }
        require(
            counts == found && event.openCount == event.deliveries.count - ends.count,
            "an event counts its deliveries",
            "event \(number) says \(counts), they are \(found)",
            event.deliveries.first
        )
    }

    private func judge(_ caller: SimulatedCaller, _ fleet: SimulatedFleet) {
        let outbox = fleet.outbox
        let sameKey = fleet.callers.filter {
            $0.number == caller.number || (caller.key != nil && $0.key == caller.key)
        }
        let events = sameKey.flatMap { committed[$0.number] }
        require(
            events.count <= 1,
            "one key is one logout",
            "caller \(caller.number) made \(events.count)",
            nil
        )
        guard case .accepted(let named) = heard[caller.number] else { return }
        guard let event = events.first else {
            return require(
                false,
                "what was answered 2xx is there",
                "that of caller \(caller.number) is not",
                nil
            )
        }
        require(
            named == nil || named == event,
            "an answer names the event",
            "\(named ?? -1), not \(event)",
            nil
        )
        let targets = caller.meaning.targets.map(\.clientID).sorted()
        let found = outbox.events[event].deliveries.map { outbox.deliveries[$0].clientID }.sorted()
        require(
            targets == found,
            "each target of an accepted logout has one delivery",
            "\(targets), not \(found)",
            outbox.events[event].deliveries.first
        )
    }
}
