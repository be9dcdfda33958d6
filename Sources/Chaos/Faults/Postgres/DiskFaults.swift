internal import Benchmarks

/// There is no room for the write-ahead log.
package struct LogDiskFull: Fault {
    package let name = "wal-disk-full"
    package let sentence =
        "the disk of the write-ahead log is full: Postgres panics, and recovers once there is room"
    package let setup = WorldSetup { $0.disk = .smallLog(megabytes: 192) }
    package let expectations = Expectations { $0.mayLoseClaims = true }

    package func play(in world: World) async throws {
        let postgres = world.postgres
        try await offPool { try postgres.primary.fillDisk() }
        try await world.wait(for: "Postgres to panic") {
            try await offPool {
                // What is left of segments that were made before is used up; the last of these calls finds nobody.
                try? postgres.execute(
                    "select pg_switch_wal() from pg_logical_emit_message(false, 'chaos', 'x')"
                )
                return postgres.primary.postmaster == nil || postgres.primary.log.contains("PANIC")
            }
        }
        await world.pause(world.isQuick ? .seconds(2) : .seconds(6))
        let hasPanicked = postgres.primary.log.contains("PANIC")
        world.check(Check("Postgres had no room for its log", hasPanicked))
        try await offPool {
            try postgres.primary.emptyDisk()
            // It gives up where recovery finds no room either; otherwise it is on its way back by itself.
            if postgres.primary.postmaster == nil { try postgres.start() }
        }
    }
}

/// There is no room for data.
package struct DataDiskFull: Fault {
    package let name = "data-disk-full"
    package let sentence =
        "the disk of the data is full, that of the write-ahead log is not: what needs room fails (53100)"
    package let setup = WorldSetup { $0.disk = .smallData(megabytes: 512) }
    package let expectations = Expectations { $0.mayLoseClaims = true }

    package func play(in world: World) async throws {
        let postgres = world.postgres
        try await offPool { try postgres.primary.fillDisk() }
        try await world.wait(for: "a statement without room") {
            postgres.primary.log.contains("No space left on device")
        }
        await world.pause(world.isQuick ? .seconds(3) : .seconds(12))
        try await offPool {
            try postgres.primary.emptyDisk()
            if postgres.primary.postmaster == nil { try postgres.start() }
        }
    }
}
