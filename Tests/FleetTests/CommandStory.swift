import Foundation
import LastcallTestKit
import StrictJSON
import Testing

/// Runs every command once with `--json`, those with a route over HTTP, and holds what they print against their schemas.
final class CommandStory {
    let fleet: Fleet
    let table: CommandTable
    private(set) var told: Set<[String]> = []
    private var remote: [String: String] = [:]
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")

    init(fleet: Fleet, table: CommandTable) {
        self.fleet = fleet
        self.table = table
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func run() async throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let api = try await fleet.start("serve")
        // Nothing of the database: what is called is the API.
        remote = [
            "LASTCALL_API_URL": "http://127.0.0.1:\(api.port)/",
            "LASTCALL_API_KEY_FILE": try file("key", Fleet.operatorKey + "\n"),
        ]
        let rp = try Fleet.relyingParty()
        try await setUp(rp)
        let worker = try await fleet.start("work")
        try await deliver(rp)
        try await watch()
        #expect(await worker.process.stop() == .exit(0))
        try await waitAndCancel()
        try await keepHouse()
        try await takeDown()
        #expect(await api.process.stop() == .exit(0))
        #expect(!api.process.errors.contains("call failed"))
    }

    private func file(_ name: String, _ text: String) throws -> String {
        let file = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        return file.path
    }

    /// Runs a command and returns what it printed, line by line;
    @discardableResult
    private func tell(
        _ command: String,
        _ arguments: String...,
        other: Bool = false
    ) async throws -> [[String: Any]] {
        let words = command.split(separator: " ").map(String.init)
        let row = try #require(table.row(of: words), "\(command)")
        let ended = try await LastcallProcess.run(
            words + ["--json"] + arguments,
            environment: row.routes.isEmpty ? fleet.environment : remote
        )
        #expect(ended.end == .exit(0) && ended.errors.isEmpty, "\(command): \(ended.errors)")
        return try check(words, ended.output, other: other)
    }

    private func check(_ words: [String], _ output: String, other: Bool = false) throws -> [[String: Any]] {
        let row = try #require(table.row(of: words))
        let lines = output.split(separator: "\n").map(String.init)
        if let schema = other ? row.otherSchema : row.schema {
            #expect(row.isLines || other || lines.count == 1, "\(words): \(output)")
            for line in lines {
                let faults = table.faults(of: line, against: schema)
                #expect(faults.isEmpty, "\(words): \(faults)")
            }
            if !lines.isEmpty { told.insert(words) }
        } else {
            #expect(lines.isEmpty, "\(words): \(output)")
            told.insert(words)
        }
        return try lines.map { try object($0) }
    }

    private func setUp(_ rp: ScriptedRelyingParty) async throws {
        try await tell("migrate")
        try await tell("issuers put", "op", "--issuer", Fleet.iss)
        try await tell("issuers list")
        try await tell("issuers get", "op")
        try await tell("keys generate", "op", "--alg", "ES256")
        for stage in ["active", "next"] {
            let key = try await tell("keys rotate", "op", "--alg", "EdDSA")
            #expect(try key.first?.text("stage") == stage)
        }
        let rotated = try #require(try await tell("keys rotate", "op", "--alg", "EdDSA", "--force").first)
        #expect(try rotated.text("stage") == "active")
        // RFC 7517 appendix A.2.
        let point = """
            "kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
            """
        let secret = try file("private", "{\(point), \"d\": \"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE\"}")
        try await tell("keys import", "op", "--jwk", secret, "--alg", "ES256", "--kid", "imported")
        let open = try file("public", "{\(point)}")
        try await tell(
            "keys attach",
            "op",
            "--remote",
            "hers",
            "--jwk",
            open,
            "--alg",
            "ES256",
            "--kid",
            "attached"
        )
        try await tell("keys list", "op")
        try await tell("keys get", "op", "imported")
        try await tell("keys activate", "op", "imported", "--force")
        try await tell("keys retire", "op", "attached", "--force")
        try await tell("keys jwks", "op")
        let metadata = try file(
            "metadata",
            #"{"backchannel_logout_uri": "\#(rp.uri())", "id_token_signed_response_alg": "ES256", "client_name": "An RP"}"#
        )
        try await tell("clients put", "op", "rp", "--metadata", metadata)
        let policy = try await tell(
            "clients policy",
            "op",
            "rp",
            "--max-in-flight",
            "3",
            "--retry-waits-seconds",
            "0.5,5"
        )
        #expect(policy.first?["max_in_flight"] as? Int == 3 && policy.first?.count == 2)
        let kept = try await tell("clients policy", "op", "rp", "--max-in-flight", "4", "--reset")
        #expect(kept.first?["max_in_flight"] as? Int == 4 && kept.first?.count == 1)
        let client = try #require(try await tell("clients get", "op", "rp").first)
        #expect(try client.text("client_name") == "An RP")
        #expect(try client.text("backchannel_logout_uri") == rp.uri())
        try await tell("clients list", "op")
        try await tell("clients hold", "op", "rp")
        try await tell("clients release", "op", "rp")
        try await tell("sessions record", "op", "s-1", "rp", "--sub", "alice", "--sid", "i")
        let lines = try file(
            "sessions",
            #"{"session_id": "s-2", "client_id": "rp", "sub": "bob", "sid": "j"}"# + "\n"
        )
        try await tell("sessions import", "op", lines)
        try await tell("sessions list", "op", "--client-id", "rp")
        try await tell("sessions end", "op", "s-2", "rp")
    }

    private func deliver(_ rp: ScriptedRelyingParty) async throws {
        try await tell("clients probe", "op", "rp")
        let event = try #require(
            try await tell("logout", "op", "--session-id", "s-1", "--idempotency-key", "k", "--wait", "30")
                .first
        )
        let id = try event.text("id")
        #expect(try event.text("status") == "completed")
        #expect(
            try await tell("logout", "op", "--session-id", "s-1", "--idempotency-key", "k").first?.text("id")
                == id
        )
        try await tell("events list", "op", "--session-id", "s-1", "--created-after", "2026-01-01T00:00:00Z")
        try await tell("events show", "op", id, "--wait", "1")
        try await tell("where", "op", "--event", id)
        let delivery = try #require(try await tell("deliveries list", "op", "--event", id).first)
        try await tell("deliveries get", "op", try delivery.text("id"))
        rp.always(.status(400))
        try await tell("logout", "op", "--target", "rp", "--sub", "alice", "--sid", "k", "--wait", "30")
        try await tell("deliveries redeliver", "op", try delivery.text("id"), "--force")
    }

    private func watch() async throws {
        try await eventually("a seal") {
            try await !tell("audit seals", "op", "--limit", "1").isEmpty
        }
        let first = try #require(try await tell("audit list", "op", "--limit", "1").first)
        try await tell("audit tail", "op", "--after-id", try first.text("id"), "--count", "3")
        try await tell("audit export", "op")
        try await tell("audit verify", "op")
        let tail = try LastcallProcess(["tail", "--count", "2", "--json"], environment: remote)
        while tail.isRunning {
            try await tell("clients hold", "op", "rp")
            try await tell("clients release", "op", "rp")
        }
        #expect(await tail.end() == .exit(0))
        #expect(try check(["tail"], tail.output).count == 2)
    }

    /// Nobody delivers: what is begun stays so.
    private func waitAndCancel() async throws {
        let event = try #require(try await tell("logout", "op", "--target", "rp", "--sub", "alice").first)
        try await tell("events cancel", "op", try event.text("id"))
        try await tell("redeliver", "op", "--client-id", "rp", "--dry-run")
        let running = try #require(
            try await tell("redeliveries start", "op", "--status", "failed", "cancelled").first
        )
        let id = try running.text("id")
        try await tell("redeliveries show", "op", id)
        try await tell("redeliveries list", "op", "--status", "running")
        #expect(try await tell("redeliveries cancel", "op", id).first?.text("status") == "cancelled")
    }

    private func keepHouse() async throws {
        try await tell("health")
        try await tell("health", "--alive", other: true)
        try await tell("keys reseal", "--check")
        try await tell("log-label", "op", "--sub", "alice")
        try await tell("retention", "--dry-run", other: true)
        try await tell("retention")
        let role = "door_\(UUID().uuidString.lowercased().filter { $0 != "-" })"
        try AuditCommandTests.execute("create role \(role)")
        try await tell("sql-door grant", role)
        try await tell("sql-door revoke", role)
        try AuditCommandTests.execute("drop role \(role)")
        let doctor = try await LastcallProcess.run(["doctor", "--json"], environment: fleet.environment)
        _ = try check(["doctor"], doctor.output)
        let bench = try await LastcallProcess.run(["bench", "--list", "--json"])
        #expect(try check(["bench"], bench.output, other: true).count > 5)
        let made = try #require(
            try await tell("api-keys create", "--issuer", "op", "--scope", "read", "--name", "n").first
        )
        try await tell("api-keys list")
        try await tell("api-keys revoke", try made.text("id"))
    }

    private func takeDown() async throws {
        try await tell("clients delete", "op", "rp")
        try await tell("issuers delete", "op", "--force")
    }
}
