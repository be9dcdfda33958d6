internal import Benchmarks
internal import Glibc

/// Commits that wait for a lost standby are cancelled, which Postgres answers with success and a warning; then the standby
/// takes over without them.
struct SynchronousWaitsCancelled: Fault {
    let name = "synchronous-waits-cancelled"
    let sentence =
        "commits that wait for a lost synchronous standby are cancelled; then the primary is lost and the standby takes over"
    let setup = WorldSetup { $0.standby = .synchronous }
    let expectations = Expectations {
        $0.mayLoseClaims = true
        $0.mayForget = true
    }

    func play(in world: World) async throws {
        guard let standby = world.postgres.standby else { throw ChaosError("this world has no standby") }
        let postgres = world.postgres
        try await offPool { try standby.stop() }
        var cancelled = 0
        for _ in 0..<(world.isQuick ? 30 : 80) {
            cancelled += try await offPool { try postgres.cancelBackends(matching: "wait_event = 'SyncRep'") }
            await world.pause(.milliseconds(100))
        }
        world.note("\(cancelled) commits were cancelled")
        world.check(Check("commits were cancelled", cancelled > 0, detail: "\(cancelled)"))
        try await offPool {
            postgres.primary.signalAll(SIGKILL)
            try standby.start()
            try postgres.promoteStandby()
        }
    }
}
