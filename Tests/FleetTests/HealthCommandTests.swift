import LastcallTestKit
import PostgresClient
import Testing

@Suite("lastcall health", .lastcallDatabase, .serialized, .timeLimit(.minutes(30)))
struct HealthCommandTests {
    private func health(_ port: UInt16, host: String = "127.0.0.1", _ others: String...) async throws -> (
        end: LastcallProcess.End, output: String, errors: String
    ) {
        try await LastcallProcess.run(
            ["health"] + others,
            // A proxy that the container is given is not for what is in it.
            environment: ["LASTCALL_ADMIN_LISTEN": "\(host):\(port)", "http_proxy": "http://127.0.0.1:9"]
        )
    }

    @Test("it ends with 0 where the process is ready, on every interface too")
    func ready() async throws {
        let fleet = try Fleet()
        let worker = try await fleet.start("work")
        // The worker's clock is read first of all.
        try await eventually("readiness") { try await health(worker.port).end == .exit(0) }
        #expect(try await health(worker.port, host: "0.0.0.0").end == .exit(0))
        #expect(try await health(worker.port).output.contains(#""status":"ready""#))
        let quiet = try await health(worker.port, "--quiet")
        #expect(quiet.end == .exit(0) && quiet.output.isEmpty && quiet.errors.isEmpty)
        #expect(await worker.process.stop() == .exit(0))
        let gone = try await health(worker.port)
        #expect(gone.end == .exit(1) && gone.errors.contains("nobody answers"))
    }

    @Test("it ends with 1 where the process says that it is not ready, or says nothing in time")
    func notReady() async throws {
        let fleet = try Fleet()
        let worker = try await fleet.start("work")
        let connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        let last = "number = (select max(number) from lastcall.schema_migrations)"
        try connection.execute(script: "delete from lastcall.schema_migrations where \(last)")
        try await eventually("unreadiness") { try await health(worker.port).end == .exit(1) }
        #expect(try await health(worker.port).output.contains(#""schema":"pending""#))
        worker.process.send(19)
        let stopped = try await health(worker.port, "--timeout", "0.2")
        #expect(stopped.end == .exit(1) && stopped.output.isEmpty)
        worker.process.send(18)
        #expect(await worker.process.stop() == .exit(0))
    }

    @Test("a port that the system chose is none to ask")
    func noPort() async throws {
        #expect(try await health(0).end == .exit(78))
    }
}
