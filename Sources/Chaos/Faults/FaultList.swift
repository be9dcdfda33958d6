/// Every fault there is.
package enum FaultList {
    /// In the order of `--all`.
    package static let all: [any Fault] = process + fences + PartyFaults.all + PostgresFaults.all

    /// Those of the product's processes.
    package static let process: [any Fault] = [
        WorkerKilled(), WorkerKilledAfterPost(), WorkerKilledBeforePost(), FleetKilled(), WorkerFrozen(),
        WorkerOutOfMemory(), DescriptorsExhausted(), CPUStarved(), ClocksShifted(by: 3_600),
        ClocksShifted(by: -3_600),
        ResolverSilent(), LogUnread(), PoisonDelivery(), SigningKeyMissing(), SigningKeyCorrupt(),
        SigningKeyRotated(),
        RollingRestart(), RollingSchemas(),
    ]

    /// What `scripts/test` plays, one after another in one small world.
    package static let quick: [any Fault] = [
        WorkerKilled(), FleetKilled(), WorkerFrozen(), RollingRestart(), PartyMix(),
    ]

    /// Finds faults by name.
    ///
    /// - Parameter names: as they were typed.
    /// - Returns: the faults, in that order.
    /// - Throws: with the names that there are, where one is unknown.
    package static func named(_ names: [String]) throws(ChaosError) -> [any Fault] {
        var found: [any Fault] = []
        for name in names {
            guard let fault = all.first(where: { $0.name == name }) else {
                throw ChaosError(
                    "there is no fault \(name); there are \(all.map(\.name).joined(separator: ", "))"
                )
            }
            found.append(fault)
        }
        return found
    }
}
