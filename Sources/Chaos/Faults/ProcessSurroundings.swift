internal import Benchmarks
internal import FoundationEssentials
internal import Glibc

/// The resolver takes questions and never answers.
struct ResolverSilent: Fault {
    let name = "resolver-silent"
    let sentence = "two workers' resolver never answers, while logouts go to RPs that only it could find"

    func play(in world: World) async throws {
        let port = try SilentPort()
        let file = world.folder + "/resolv.conf"
        try Data("nameserver \(SilentPort.address)\noptions timeout:5 attempts:2\n".utf8).write(
            to: URL(filePath: file)
        )
        let spares = Array(world.setup.spares.prefix(2))
        let through = [
            try Tool.path("unshare"), "--mount", "/bin/sh", "-c",
            // What a private network has put there is a file without a name, on which nothing can be mounted.
            "umount /etc/resolv.conf 2>/dev/null; mount --bind \(file) /etc/resolv.conf && exec \"$@\"", "sh",
        ]
        let victims = world.fleet.workers.prefix(2)
        for worker in world.fleet.workers.dropFirst(2) { await worker.stop() }
        for victim in victims {
            await victim.stop()
            try await victim.start(through: through)
        }
        for spare in spares {
            try world.register(spare, at: "https://rp-\(spare).lastcall-chaos.test:9/bcl")
        }
        for _ in 0..<20 { await world.load.report(to: spares) }
        try await world.wait(for: "a question to the resolver") { port.wasAsked }
        await world.pause(.seconds(15))
        for spare in spares { try world.register(spare) }
        for victim in victims {
            await victim.stop()
            try await victim.start()
        }
    }

    /// Only what needs the silent resolver may be late while it is.
    var expectations: Expectations {
        Expectations { $0.quiet = .seconds(240) }
    }
}

/// A UDP port 53 of an address of its own, which takes all and answers nothing.
final class SilentPort {
    static let address = "127.53.53.53"
    private let descriptor: Int32

    /// - Throws: where this process may not have it.
    init() throws(ChaosError) {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(53).bigEndian
        address.sin_addr.s_addr = unsafe inet_addr(Self.address)
        let descriptor = descriptor
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw ChaosError("port 53 of \(Self.address): errno \(errno); run as root") }
    }

    deinit { close(descriptor) }

    /// Whether a question has come.
    var wasAsked: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, 0) > 0
    }
}

/// Nobody reads what is logged.
struct LogUnread: Fault {
    let name = "log-unread"
    let sentence = "a worker and an API process log everything into a full pipe that nobody reads, for 15 s"

    func play(in world: World) async throws {
        let pipe = world.folder + "/log"
        guard unsafe mkfifo(pipe, 0o600) == 0 || errno == EEXIST else {
            throw ChaosError("mkfifo: errno \(errno)")
        }
        let reader = unsafe open(pipe, O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard reader >= 0 else { throw ChaosError("\(pipe): errno \(errno)") }
        defer { close(reader) }
        let zeros = [UInt8](repeating: 0x20, count: 4_096)
        while unsafe write(reader, zeros, zeros.count) > 0 {}
        guard let worker = world.random.pick(world.fleet.workers),
            let api = world.random.pick(world.fleet.apis)
        else {
            return
        }
        for member in [worker, api] {
            await member.stop()
            try await member.start(
                through: ["/bin/sh", "-c", "exec \"$@\" 2>\(pipe)", "sh"],
                settings: [
                    "LASTCALL_LOG_LEVEL": "trace", "LASTCALL_LOG_BUFFER_BYTES": "65536",
                    "LASTCALL_LISTEN": "127.0.0.1:\(try FreePort.take())",
                    "LASTCALL_ADMIN_LISTEN": "127.0.0.1:\(try FreePort.take())",
                ]
            )
        }
        await world.pause(.seconds(15))
        for member in [worker, api] {
            let metrics = try HTTPCall.send("GET", "/metrics", port: member.adminPort).text
            let dropped = metrics.split(separator: "\n").first {
                $0.hasPrefix("lastcall_log_lines_dropped_total ")
            }
            let count = dropped?.split(separator: " ").last.flatMap { Double($0) } ?? 0
            world.note("\(member.label) has dropped \(Int(count)) lines")
            // The API has less to say than its buffer holds.
            if member.role == .worker {
                world.check(Check("a worker drops lines and counts them", count > 0))
            }
            let start = ContinuousClock.now
            let isClean = await member.stop()
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            world.check(
                Check(
                    "\(member.label) can be stopped",
                    isClean && seconds < 20,
                    detail: "\(Figures.short(seconds)) s"
                )
            )
            try await member.start()
        }
    }
}

/// Ports of 127.0.0.1 below those that the system hands out, so that nobody's connection has them.
enum FreePort {
    static func take() throws(ChaosError) -> UInt16 {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000..<32_000)
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let code = unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if code == 0 { return port }
        }
        throw ChaosError("no port is free")
    }
}
