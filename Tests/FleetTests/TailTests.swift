import Foundation
import LastcallTestKit
import Testing

@Suite("lastcall tail", .lastcallDatabase, .serialized)
struct TailTests {
    private func ids(_ text: String) throws -> [String] {
        try AuditCommandTests.lines(text).map { try $0.text("id") }
    }

    @Test("over restarts of the API every event comes once, in the order of the trail")
    func restarts() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        var api = try await fleet.start("serve")
        let listen = ["LASTCALL_LISTEN": "127.0.0.1:\(api.port)"]
        let first = try #require(
            try AuditCommandTests.lines(try await fleet.command("audit", "op", "--limit", "1", "--json"))
                .first
        )
        let tail = try LastcallProcess(
            ["audit", "tail", "op", "--after-id", try first.text("id"), "--json"],
            environment: [
                "LASTCALL_API_URL": "http://127.0.0.1:\(api.port)", "LASTCALL_API_KEY": Fleet.operatorKey,
            ]
        )
        var written = 0
        for round in 0..<3 {
            try await AuditCommandTests.write(5)
            written += 5
            try await eventually("the events of round \(round)") {
                try self.ids(tail.output).count >= written
            }
            #expect(await api.process.stop() == .exit(0))
            try await AuditCommandTests.write(600)
            written += 600
            api = try await fleet.start("serve", listen)
        }
        let exported = try self.ids(try await fleet.command("audit", "export", "op"))
        try await eventually("all events") { try self.ids(tail.output).count >= exported.count - 1 }
        #expect(try self.ids(tail.output) == Array(exported.dropFirst()))
        // It has said that the API was away, and nothing else.
        #expect(try AuditCommandTests.lines(tail.errors).allSatisfy { $0["notice"] is String })
        tail.send(SIGINT)
        #expect(await tail.end() == .exit(0))
        #expect(await api.process.stop() == .exit(0))
    }

    @Test("every issuer is followed, new ones too, and the installation; a filter leaves out the rest")
    func everything() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        let all = try LastcallProcess(["tail", "--json"], environment: fleet.environment)
        let some = try LastcallProcess(
            ["tail", "--severity", "warning", "--json"],
            environment: fleet.environment
        )
        let people = try LastcallProcess(["tail", "op"], environment: fleet.environment)
        try await eventually("the installation's trail") {
            try await fleet.command("api-keys", "create", "--operator", "--json")
            return all.output.contains(#"{"issuer":null,"#)
                && all.output.contains(#""type":"api_key.created""#)
        }
        try await eventually("what people read") {
            try await AuditCommandTests.write(1)
            return people.output.contains("client.changed") && all.output.contains(#"{"issuer":"op","#)
        }
        #expect(
            people.output.contains("notice   op          client.changed")
                && people.output.contains("by=test  n=1")
        )
        try await fleet.command("issuers", "put", "new", "--issuer", "https://new.example.com")
        try await eventually("the new issuer") {
            all.output.contains(#"{"issuer":"new","#) && all.output.contains(#""type":"issuer.changed""#)
        }
        for process in [all, some, people] {
            process.send(SIGINT)
            #expect(await process.end() == .exit(0))
            #expect(process.errors.isEmpty, "\(process.errors)")
            #expect(process.output.isEmpty || process.output.hasSuffix("\n"))
        }
        #expect(some.output.isEmpty)
        #expect(Set(try ids(all.output)).count == (try ids(all.output)).count)
    }

    @Test("it ends when nobody reads its output, though nothing comes")
    func closedPipe() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        try await AuditCommandTests.write(3)
        let first = try #require(
            try AuditCommandTests.lines(try await fleet.command("audit", "op", "--limit", "1", "--json"))
                .first
        )
        let pipe = ["/bin/sh", "-c", #"{ "$@"; echo "code $?" >&2; } | head -n 1"#, "sh"]
        let tail = try LastcallProcess(
            ["audit", "tail", "op", "--after-id", try first.text("id"), "--json"],
            environment: fleet.environment,
            through: pipe
        )
        #expect(await tail.end() == .exit(0))
        #expect(tail.errors == "code 0\n" && tail.output.split(separator: "\n").count == 1)
    }

    /// Follows many events, from the first on.
    private func tail(_ fleet: Fleet, through shell: [String]) async throws -> LastcallProcess {
        try await fleet.prepare([:])
        try await AuditCommandTests.write(600)
        let oldest = try #require(try ids(try await fleet.command("audit", "export", "op")).first)
        return try LastcallProcess(
            ["audit", "tail", "op", "--after-id", oldest, "--json"],
            environment: fleet.environment,
            through: shell
        )
    }

    @Test("it ends with a signal though its reader stands still, and every line is whole")
    func standstill() async throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/pipe"
        #expect(unsafe mkfifo(path, 0o600) == 0)
        let reader = unsafe open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        let tail = try await tail(Fleet(), through: ["/bin/sh", "-c", #"exec "$@" > "$0""#, path])
        try await eventually("a pipe that takes no more") {
            var end = pollfd(fd: reader, events: Int16(POLLOUT), revents: 0)
            return unsafe poll(&end, 1, 0) == 0
        }
        tail.send(SIGTERM)
        try await eventually("its end") { !tail.isRunning }
        #expect(await tail.end() == .exit(0))
        #expect(tail.errors.isEmpty, "\(tail.errors)")
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe read(reader, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        #expect(try text.hasSuffix("}\n") && ids(text).count > 1)
    }

    @Test("an output that cannot be written is an error, and no reader that has gone")
    func fullDisk() async throws {
        let tail = try await tail(Fleet(), through: ["/bin/sh", "-c", #"exec "$@" > /dev/full"#, "sh"])
        #expect(await tail.end() == .exit(1))
        #expect(
            try object(tail.errors).text("detail")
                == "standard output cannot be written: No space left on device"
        )
    }

    @Test("what cannot be followed is said at once")
    func refused() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        let unknown = try await LastcallProcess.run(["tail", "nobody"], environment: fleet.environment)
        #expect(unknown.end == .exit(1) && unknown.errors.hasPrefix("lastcall: not_found: "))
        let api = try await fleet.start("serve")
        let blind = try object(
            try await fleet.command("api-keys", "create", "--issuer", "op", "--scope", "logout", "--json")
        )
        let nothing = try await LastcallProcess.run(
            ["tail"],
            environment: [
                "LASTCALL_API_URL": "http://127.0.0.1:\(api.port)", "LASTCALL_API_KEY": try blind.text("key"),
            ]
        )
        #expect(nothing.end == .exit(1), "\(nothing)")
        #expect(nothing.errors.hasPrefix("lastcall: insufficient_scope: "), "\(nothing.errors)")
        #expect(await api.process.stop() == .exit(0))
        let closed = try ClosedPort()
        let away = try await LastcallProcess.run(
            ["tail"],
            environment: ["LASTCALL_API_URL": "http://127.0.0.1:\(closed.port)", "LASTCALL_API_KEY": "k"]
        )
        #expect(away.end == .exit(69) && away.errors.hasPrefix("lastcall: api: "))
    }
}
