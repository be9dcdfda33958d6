import Foundation
import LastcallTestKit
import PostgresClient
import Testing

@Suite("Audit commands of the operator", .lastcallDatabase, .serialized)
struct AuditCommandTests {
    static func lines(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { try object(String($0)) }
    }

    static func execute(_ script: String) throws {
        try PostgresConnection.connect(try ScratchDatabase.current.configuration).execute(script: script)
    }

    /// Writes events of the fleet's issuer in one transaction, and waits until all that was written has settled.
    static func write(_ count: Int) async throws {
        try execute(
            """
            insert into lastcall.audit_events (issuer_key, type, severity, client_id, actor, data)
            select issuer_key, 'client.changed', 'notice', 'rp', 'test', jsonb_build_object('n', n)
            from lastcall.issuers, generate_series(1, \(count)) n
            """
        )
        let unsettled = PostgresStatement(
            name: "unsettled",
            text:
                "select count(*) from lastcall.audit_events where xact >= pg_snapshot_xmin(pg_current_snapshot())",
            access: .readOnly
        )
        let connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        try await eventually("a settled trail") { try connection.query(unsettled).first?.int8(0) == 0 }
    }

    @Test("a worker seals the trail, verify says it is intact, and names what was changed with exit code 1")
    func verify() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        try await Self.write(3)
        let worker = try await fleet.start("work")
        try await eventually("the seals") {
            let trails = try Self.lines(try await fleet.command("audit", "verify", "--json"))
            return trails.contains { $0["trail"] as? String == "op" && $0["not_yet_sealed"] as? Int == 0 }
        }
        #expect(await worker.process.stop() == .exit(0))
        let trail = try #require(
            try Self.lines(try await fleet.command("audit", "verify", "op", "--json")).first
        )
        #expect(trail["intact"] as? Bool == true && trail["entries"] as? Int == 5)
        let head = try trail.text("head")
        let shown = try await fleet.command("audit", "verify", "op", "--head", head)
        #expect(shown.hasPrefix("op: intact\n") && shown.contains("head \(head)\n"))

        try Self.execute("update lastcall.audit_events set actor = 'nobody' where data ->> 'n' = '2'")
        let broken = try await LastcallProcess.run(["audit", "verify"], environment: fleet.environment)
        #expect(broken.end == .exit(1))
        #expect(broken.output.contains("op: BROKEN: entry ") && broken.output.contains("was changed"))
        let told = try await LastcallProcess.run(
            ["audit", "verify", "op", "--json"],
            environment: fleet.environment
        )
        #expect(try object(told.output).text("broken") == "changed")
        let other = "9:" + String(repeating: "0", count: 64)
        try Self.execute("update lastcall.audit_events set actor = 'test' where data ->> 'n' = '2'")
        let cutOff = try await LastcallProcess.run(
            ["audit", "verify", "op", "--head", other],
            environment: fleet.environment
        )
        #expect(cutOff.end == .exit(1) && cutOff.output.contains("ends before seal 9"))
        for wrong in [["--head", "x"], ["--head", head], ["op", "--installation"]] {
            let answer = try await LastcallProcess.run(
                ["audit", "verify"] + wrong,
                environment: fleet.environment
            )
            #expect(answer.end == .exit(64), "\(wrong)")
        }
    }

    @Test("an export has every event in order, and goes on behind its last whole line")
    func export() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        try await Self.write(2_500)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try await fleet.command("audit", "export", "op", "--output", path).isEmpty)
        let whole = try String(contentsOfFile: path, encoding: .utf8)
        let exported = try Self.lines(whole)
        #expect(exported.count == 2_502)
        #expect(try await fleet.command("audit", "export", "op") == whole)
        let listed = try Self.lines(try await fleet.command("audit", "op", "--limit", "5000", "--json"))
        #expect(Set(try exported.map { try $0.text("id") }) == Set(try listed.map { try $0.text("id") }))
        #expect(
            exported.compactMap { ($0["data"] as? [String: Any])?["n"] as? Int }.sorted() == Array(1...2_500)
        )

        let again = try await LastcallProcess.run(
            ["audit", "export", "op", "--output", path],
            environment: fleet.environment
        )
        #expect(again.end == .exit(1) && again.errors.contains("is there already"))
        // As an interruption leaves it: in the middle of a line.
        let half = String(whole.prefix(whole.count / 2))
        try half.write(toFile: path, atomically: true, encoding: .utf8)
        let end = try #require(half.lastIndex(of: "\n"))
        let last = try #require(try Self.lines(String(half[..<end])).last)
        try await fleet.command("audit", "export", "op", "--output", path, "--after-id", try last.text("id"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == whole)

        #expect(try await fleet.command("audit", "export", "op", "--after", "2999-01-01T00:00:00Z").isEmpty)
        #expect(try await fleet.command("audit", "export", "op", "--before", "2999-01-01T00:00:00Z") == whole)
        let unknown = try await LastcallProcess.run(
            ["audit", "export", "op", "--after-id", "01900000-0000-7000-8000-000000000000"],
            environment: fleet.environment
        )
        #expect(unknown.end == .exit(1) && unknown.errors.hasPrefix("lastcall: not_found: "))
    }

    @Test("tail shows what comes, behind an event or from now on, until it is interrupted")
    func tail() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        try await Self.write(1)
        let first = try #require(
            try Self.lines(try await fleet.command("audit", "op", "--type", "client.changed", "--json")).first
        )
        let id = try first.text("id")
        let tail = try LastcallProcess(
            ["audit", "tail", "op", "--after-id", id, "--json"],
            environment: fleet.environment
        )
        let people = try LastcallProcess(
            ["audit", "tail", "op", "--after-id", id],
            environment: fleet.environment
        )
        try await Self.write(3)
        try await eventually("three lines") { tail.output.split(separator: "\n").count >= 3 }
        #expect(try Self.lines(tail.output).count == 3)
        try await eventually("three lines for people") { people.output.split(separator: "\n").count >= 3 }
        #expect(
            people.output.contains("notice   client.changed                  rp  by=test  n=1"),
            "\(people.output)"
        )
        for process in [tail, people] { #expect(await process.stop() == .exit(0)) }
        let own = try await fleet.command("audit", "--json")
        #expect(own.isEmpty)
    }

    @Test("a stream that one process ends goes on at the next, and no stop waits for its readers")
    func processes() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        try await Self.write(1)
        let path = "/v1/issuers/op/audit-events/stream"
        var ids: [String] = []
        for round in 0..<2 {
            let api = try await fleet.start("serve", ["LASTCALL_DRAIN_SECONDS": "300"])
            let stream = try EventStream(path, port: api.port, key: Fleet.operatorKey, after: ids.last)
            try await stream.opened()
            try await Self.write(5)
            ids += try await stream.ids(round == 0 ? 5 : 10)
            #expect(await api.process.stop() == .exit(0))
            try await stream.ended()
            #expect(stream.text.hasSuffix("\r\n0\r\n\r\n"))
            if round == 0 { try await Self.write(5) }
        }
        let exported = try Self.lines(try await fleet.command("audit", "export", "op", "--json"))
        #expect(try exported.suffix(15).map { try $0.text("id") } == ids)
    }
}
