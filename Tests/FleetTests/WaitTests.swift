import Foundation
import LastcallTestKit
import Testing

@Suite("Waiting in a fleet", .lastcallDatabase, .serialized)
struct WaitTests {
    private func report(_ port: UInt16) async throws -> String {
        let answer = try await LoopbackCall.send(
            "POST",
            "/v1/issuers/op/logout-events",
            port: port,
            key: Fleet.operatorKey,
            body: #"{"targets": [{"client_id": "rp", "sub": "alice", "sid": "s-1"}]}"#
        )
        return try object(answer.body).text("id")
    }

    private func wait(_ port: UInt16, _ event: String) async throws -> (status: Int, body: String) {
        let path = "/v1/issuers/op/logout-events/\(event)?wait=30"
        return try await LoopbackCall.send("GET", path, port: port, key: Fleet.operatorKey)
    }

    @Test("an end is heard of in the API's process, whichever process delivers", arguments: ["up", "serve"])
    func ends(role: String) async throws {
        let fleet = try Fleet()
        let gate = Gate()
        let rp = try Fleet.relyingParty()
        rp.script(.gate(gate, then: .ok))
        try await fleet.prepare(["rp": rp.uri()])
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let api = try await fleet.start(role, ["LASTCALL_DATA_DIR": folder])
        let worker = role == "serve" ? try await fleet.start("work") : nil
        let event = try await report(api.port)
        async let waiting = wait(api.port, event)
        _ = try await rp.next()
        gate.open()
        let answer = try await waiting
        #expect(answer.status == 200)
        #expect(try object(answer.body).text("status") == "completed")
        for member in [worker, api].compactMap({ $0 }) { #expect(await member.process.stop() == .exit(0)) }
    }

    @Test("a process that is stopped answers who waits, with what is known, before it ends")
    func stops() async throws {
        let fleet = try Fleet()
        try await fleet.prepare(["rp": "https://127.0.0.1:9/logout"])
        let api = try await fleet.start("serve")
        let event = try await report(api.port)
        async let waiting = wait(api.port, event)
        // Whoever waits keeps the server from ending: its answer is what shows that it did wait.
        try await eventually("a call that waits") {
            try await LoopbackCall.send("GET", "/metrics", port: try api.process.port(of: "admin") ?? 0)
                .body.contains("lastcall_waiting_calls 1")
        }
        #expect(await api.process.stop() == .exit(0))
        let answer = try await waiting
        #expect(answer.status == 200)
        #expect(try object(answer.body).text("status") == "in_progress")
    }

    @Test("the command line waits, and says where somebody is still logged in")
    func commands() async throws {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let worker = try await fleet.start("work")
        let event = try object(
            try await fleet.command(
                "logout",
                "op",
                "--target",
                "rp",
                "--sub",
                "alice",
                "--sid",
                "s-1",
                "--wait",
                "30",
                "--json"
            )
        )
        #expect(try event.text("status") == "completed")
        let lines = try await fleet.command("where", "op", "--event", try event.text("id"), "--json")
        let line = try object(lines)
        #expect(try line.text("client_id") == "rp")
        #expect(try line.text("state") == "confirmed_out")
        let table = try await fleet.command("where", "op", "--event", try event.text("id"))
        #expect(table.hasPrefix("CLIENT_ID  SUB    SID  STATE"))
        #expect(table.hasSuffix("1 confirmed_out\n"))
        let nobody = try await fleet.command("where", "op", "--user-id", "nobody")
        #expect(nobody == "none\nno login and no logout is known\n")
        let wrong = try await LastcallProcess.run(["where", "op", "--sub", "a", "--user-id", "b"])
        #expect(wrong.end == .exit(64))
        #expect(await worker.process.stop() == .exit(0))
    }
}
