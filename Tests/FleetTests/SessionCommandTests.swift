import Foundation
import LastcallTestKit
import Testing

@Suite("Commands of the session registry", .lastcallDatabase, .serialized)
struct SessionCommandTests {
    private func lines(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { try object(String($0)) }
    }

    private func withClient() async throws -> Fleet {
        let fleet = try Fleet()
        try await fleet.prepare(["rp /1": "https://rp.example/logout"])
        return fleet
    }

    /// Writes a file that is gone when the body is done.
    private func withFile<R>(_ text: String, _ body: (String) async throws -> R) async throws -> R {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).ndjson")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        return try await body(file.path)
    }

    @Test("a participation is recorded, renewed, listed and ended")
    func registry() async throws {
        let fleet = try await withClient()
        let made = try object(
            try await fleet.command(
                "sessions",
                "record",
                "op",
                "s/1",
                "rp /1",
                "--sub",
                "alice",
                "--sid",
                "i",
                "--user-id",
                "a",
                "--user-agent-id",
                "firefox",
                "--expires-at",
                "2999-01-01T00:00:00Z",
                "--json"
            )
        )
        #expect(try made.text("session_id") == "s/1")
        #expect(try made.text("expires_at") == "2999-01-01T00:00:00.000000Z")
        let again = try object(
            try await fleet.command(
                "sessions",
                "record",
                "op",
                "s/1",
                "rp /1",
                "--sub",
                "bob",
                "--sid",
                "i",
                "--json"
            )
        )
        #expect(try again.text("created_at") == made.text("created_at"))
        let found = try lines(
            await fleet.command("sessions", "list", "op", "--sub", "bob", "--sid", "i", "--json")
        )
        #expect(try found.map { try $0.text("client_id") } == ["rp /1"])
        #expect(
            try await fleet.command("sessions", "list", "op", "--client-id", "rp /1").contains("SESSION_ID")
        )
        #expect(try await fleet.command("sessions", "list", "op", "--sub", "alice") == "none\n")
        #expect(try await fleet.command("sessions", "end", "op", "s/1", "rp /1", "--sid", "i").isEmpty)
        let gone = try await LastcallProcess.run(
            ["sessions", "end", "op", "s/1", "rp /1"],
            environment: fleet.environment
        )
        #expect(gone.end == .exit(1) && gone.errors.hasPrefix("lastcall: not_found: "))
        let unfiltered = try await LastcallProcess.run(
            ["sessions", "list", "op"],
            environment: fleet.environment
        )
        #expect(unfiltered.end == .exit(64))
    }

    @Test("a file is imported whole, its bad lines are named, and the command says that there were some")
    func importing() async throws {
        let fleet = try await withClient()
        let good = (1...3_000).map { #"{"session_id": "s\#($0)", "client_id": "rp /1", "sub": "u"}"# }
        let report = try await withFile(good.joined(separator: "\n") + "\n") { file in
            try object(try await fleet.command("sessions", "import", "op", file, "--json"))
        }
        #expect(report["imported"] as? Int == 3_000 && report["failed"] as? Int == 0)
        let mixed = [good[0], #"{"session_id": "s", "client_id": "nobody", "sub": "u"}"#, "x", good[1]]
        let failed = try await withFile(mixed.joined(separator: "\r\n")) { file in
            try await LastcallProcess.run(["sessions", "import", "op", file], environment: fleet.environment)
        }
        #expect(failed.end == .exit(1))
        // No progress bar where nobody looks.
        #expect(failed.errors.isEmpty)
        let shown = failed.output.split(separator: "\n").map(String.init)
        #expect(shown.first == "2 imported, 2 failed")
        #expect(
            shown.dropFirst(2).map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
                "2 not_found", "3 invalid_request",
            ]
        )
        #expect(try fleet.count("select count(*) from lastcall.participations") == 3_000)
    }

    /// A call takes 64 MiB, so the command makes several; lines keep the numbers that they have in the file.
    @Test("a file larger than one call takes is imported in several")
    func largeFile() async throws {
        let fleet = try await withClient()
        let padding = String(repeating: " ", count: 8_000)
        let line = #"{"session_id": "s", "client_id": "rp /1", "sub": "u"}"# + padding
        let count = 9_000
        let text = String(repeating: line + "\n", count: count) + "bad"
        #expect(text.utf8.count > 64 << 20)
        let ended = try await withFile(text) { file in
            try await LastcallProcess.run(
                ["sessions", "import", "op", file, "--json"],
                environment: fleet.environment
            )
        }
        #expect(ended.end == .exit(1))
        let report = try object(ended.output)
        #expect(report["imported"] as? Int == count && report["failed"] as? Int == 1)
        #expect((report["errors"] as? [[String: Any]])?.map { $0["line"] as? Int } == [count + 1])
    }

    @Test("a file that is not there is said so")
    func noFile() async throws {
        let fleet = try await withClient()
        let ended = try await LastcallProcess.run(
            ["sessions", "import", "op", "/nowhere"],
            environment: fleet.environment
        )
        #expect(ended.end == .exit(1))
        #expect(ended.errors == "lastcall: /nowhere cannot be read\n")
    }
}
