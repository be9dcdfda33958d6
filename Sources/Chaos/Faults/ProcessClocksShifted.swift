internal import Benchmarks
internal import FoundationEssentials
internal import Glibc
internal import PostgresClient

/// The wall clocks of a worker and of an API process are set, while they run.
struct ClocksShifted: Fault {
    let seconds: Int

    init(by seconds: Int) { self.seconds = seconds }

    var name: String { seconds > 0 ? "clocks-ahead" : "clocks-behind" }
    var sentence: String {
        "the wall clocks of a worker and an API process step an hour \(seconds > 0 ? "ahead" : "back") "
            + "for 12 s"
    }

    func play(in world: World) async throws {
        let library = try Self.library()
        guard let worker = world.random.pick(world.fleet.workers),
            let api = world.random.pick(world.fleet.apis)
        else {
            return
        }
        let offset = URL(filePath: world.folder + "/clock")
        try Data("0\n".utf8).write(to: offset)
        for member in [worker, api] {
            await member.stop()
            try await member.start(
                settings: ["LD_PRELOAD": library, "WALL_CLOCK_SHIFT_FILE": offset.path]
            )
        }
        await world.pause(.seconds(3))
        try Data("\(seconds)\n".utf8).write(to: offset)
        // It looks at the database's clock once a second or so.
        await world.pause(.seconds(3))
        let before = try attempts(of: worker, world)
        await world.pause(.seconds(9))
        let during = try attempts(of: worker, world) - before
        world.check(
            Check("a worker whose clock is wrong signs nothing", during == 0, detail: "\(during) attempts")
        )
        world.check(
            Check(
                "a worker whose clock is wrong says so",
                worker.lines.contains { $0.contains("this machine's clock and the database's differ") }
            )
        )
        try Data("0\n".utf8).write(to: offset)
        try await world.wait(for: "the worker to sign again", within: .seconds(20)) {
            try attempts(of: worker, world) > before + during
        }
    }

    private func attempts(of worker: Member, _ world: World) throws -> Int {
        let rows = try world.connect().query(Self.attempts, .text("%-\(worker.pid)"))
        return Int(try rows.first?.int8(0) ?? 0)
    }

    /// Built by scripts/chaos, which says where it is.
    private static func library() throws(ChaosError) -> String {
        guard let path = ProcessInfo.processInfo.environment["LASTCALL_CHAOS_WALL_CLOCK"] else {
            throw ChaosError("LASTCALL_CHAOS_WALL_CLOCK names no library; scripts/chaos builds it")
        }
        return path
    }

    private static let attempts = PostgresStatement(
        name: "chaos_attempts_of",
        text:
            "select count(*) from lastcall.attempts a join lastcall.workers w using (worker_key) where w.name like $1::text",
        access: .readOnly
    )
}
