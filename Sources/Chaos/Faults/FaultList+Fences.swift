extension FaultList {
    /// Those of one rule each, which the others touch only by chance.
    package static let fences: [any Fault] = [
        WorkerFrozenPastAnswer(), PartyOutage(), PartyRedirects(), SynchronousWaitsCancelled(),
    ]
}
