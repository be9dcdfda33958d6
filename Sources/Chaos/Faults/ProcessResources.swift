internal import Benchmarks
internal import FoundationEssentials
internal import Glibc

/// Descriptors run out in a worker and in an API process.
struct DescriptorsExhausted: Fault {
    let name = "descriptors-exhausted"
    let sentence = "a worker and an API process may open no more descriptors (prlimit) for 10 s"

    var expectations: Expectations { Expectations { $0.mayEnd = true } }

    func play(in world: World) async throws {
        let victims = [world.random.pick(world.fleet.workers), world.random.pick(world.fleet.apis)]
            .compactMap(\.self)
        for victim in victims {
            // Fewer than it has: what it closes it does not get back.
            try await Tool.run("prlimit", "--pid", "\(victim.pid)", "--nofile=16:")
        }
        // New connections are wanted: those that are open do without descriptors.
        world.parties.set(.closedPort, for: world.setup.spares)
        world.parties.set(.ok, for: world.setup.spares)
        let load = world.load
        let spares = world.setup.spares
        let reports = Task { for spare in spares { await load.report(to: [spare]) } }
        let before = victims.map { ProcessUsage.processorTime(of: $0.pid) }
        await world.pause(.seconds(10))
        for (victim, before) in zip(victims, before) where victim.isRunning {
            let used = ProcessUsage.processorTime(of: victim.pid) - before
            world.check(
                Check(
                    "who can open nothing does not use up a core meanwhile",
                    used < 7,
                    detail: "\(victim.label): \(Figures.short(used)) s of 10"
                )
            )
        }
        for victim in victims where victim.isRunning {
            let limit = try hardLimit(victim.pid)
            try await Tool.run("prlimit", "--pid", "\(victim.pid)", "--nofile=\(limit):")
        }
        await reports.value
    }

    private func hardLimit(_ pid: Int32) throws -> Int {
        let text = ProcFile.text("/proc/\(pid)/limits")
        let line = text.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
        guard let limit = line.split(separator: " ").dropLast().last.flatMap({ Int($0) }) else {
            throw ChaosError("process \(pid) has no limit of open files")
        }
        return limit
    }
}

/// The product gets what CPU time others leave.
struct CPUStarved: Fault {
    let name = "cpu-starved"
    let sentence =
        "for 15 s all processes of the product get what CPU time four burners a core leave (SCHED_IDLE)"

    func play(in world: World) async throws {
        let burners = try (0..<4 * max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))).map { _ in
            try OtherProcess(["/bin/sh", "-c", "while :; do :; done"])
        }
        for member in world.fleet.members {
            try await Tool.run("chrt", "-a", "-i", "-p", "0", "\(member.pid)")
        }
        await world.pause(.seconds(15))
        for burner in burners { burner.kill() }
        for member in world.fleet.members where member.isRunning {
            try await Tool.run("chrt", "-a", "-o", "-p", "0", "\(member.pid)")
        }
    }
}

/// The kernel kills a worker because there is no memory.
struct WorkerOutOfMemory: Fault {
    let name = "worker-out-of-memory"
    let sentence = "the kernel's OOM killer takes a worker, in a cgroup whose memory something else eats"

    func play(in world: World) async throws {
        guard let victim = world.random.pick(world.fleet.workers) else { return }
        let group = try MemoryGroup(megabytes: 512)
        defer { group.close() }
        await victim.stop()
        try await victim.start(through: group.entry)
        await world.pause(.seconds(3))
        // The first to be taken, whoever has more.
        try Data("1000".utf8).write(to: URL(filePath: "/proc/\(victim.pid)/oom_score_adj"))
        let hog = try OtherProcess(
            group.entry + ["/bin/sh", "-c", "head -c 900000000 /dev/zero | tail -c 900000000"]
        )
        try await world.wait(for: "the OOM killer", within: .seconds(30)) { !victim.isRunning }
        hog.kill()
        await victim.wasEnded()
        world.note("\(victim.label) was killed by the kernel (\(group.kind))")
        await world.pause(world.random.within(.zero ... .seconds(2)))
        try await victim.start()
        await world.pause(.seconds(11))
    }
}

/// A memory cgroup of our own.
final class MemoryGroup {
    /// Which hierarchy it is of.
    let kind: String
    private let folder: String

    /// - Throws: where this process may make none.
    init(megabytes: Int) throws(ChaosError) {
        let name = "lastcall-chaos-\(getpid())"
        let places = [("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")]
        for (base, limit) in places {
            guard unsafe access("\(base)/\(limit == "memory.max" ? "cgroup.controllers" : limit)", F_OK) == 0,
                unsafe mkdir("\(base)/\(name)", 0o755) == 0 || errno == EEXIST
            else { continue }
            let bytes = Data("\(megabytes << 20)".utf8)
            guard (try? bytes.write(to: URL(filePath: "\(base)/\(name)/\(limit)"))) != nil else { continue }
            (folder, kind) = ("\(base)/\(name)", limit == "memory.max" ? "cgroup v2" : "cgroup v1")
            return
        }
        throw ChaosError("no memory cgroup can be made here: run as root")
    }

    /// What a program is started through to be in the group.
    var entry: [String] { ["/bin/sh", "-c", "echo $$ >\(folder)/cgroup.procs && exec \"$@\"", "sh"] }

    func close() { unsafe rmdir(folder) }
}
