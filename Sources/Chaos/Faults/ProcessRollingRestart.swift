internal import Benchmarks
internal import PostgresClient

/// Every process is replaced, one after another.
struct RollingRestart: Fault {
    let name = "rolling-restart"
    let sentence = "all processes are stopped (SIGTERM) and started again, one after another, under load"

    var expectations: Expectations { Expectations { $0.duplicates = .none } }

    func play(in world: World) async throws {
        try await world.rollAll()
    }
}

/// The schema gains a column while old processes run, and they are replaced one after another.
struct RollingSchemas: Fault {
    let name = "rolling-schemas"
    let sentence =
        "tables gain a column under load; processes from before and after it work side by side, and are replaced"

    var expectations: Expectations { Expectations { $0.duplicates = .none } }

    func play(in world: World) async throws {
        // With the same bound as the product's own migrator: who waits for a lock makes others wait behind it.
        let connection = try world.connect()
        for table in ["deliveries", "attempts", "delivery_queue", "logout_events", "clients", "issuers"] {
            try await world.wait(for: "the lock of \(table)") {
                do {
                    try connection.execute(
                        script: """
                            set lock_timeout = '500ms';
                            alter table lastcall.\(table) add column if not exists chaos_note text default 'old and new'
                            """
                    )
                    return true
                } catch PostgresError.server(let sqlState, _, _, _) where sqlState == "55P03" {
                    return false
                }
            }
        }
        await world.pause(.seconds(3))
        try await world.rollAll()
    }
}

extension World {
    /// Replaces every process, each ready before the next is stopped.
    func rollAll() async throws {
        var slowest = 0.0
        for member in fleet.members {
            let start = ContinuousClock.now
            let isClean = await member.stop()
            slowest = max(slowest, (ContinuousClock.now - start) / .seconds(1))
            check(Check("\(member.label) stops with exit status 0", isClean))
            try await member.start()
            await pause(random.within(.zero ... .milliseconds(isQuick ? 100 : 1_000)))
        }
        note("the slowest stop took \(Figures.short(slowest)) s")
    }
}
