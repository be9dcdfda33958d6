import Foundation
import LastcallTestKit
import PostgresClient
import Testing

@Suite("Sessions and scopes on a fleet", .lastcallDatabase, .serialized)
struct RegistryFleetTests {
    private func call(_ method: String, _ path: String, _ api: Member, _ body: String? = nil) async throws
        -> (
            status: Int, body: String
        )
    {
        try await LoopbackCall.send(
            method,
            "/v1/issuers/op" + path,
            port: api.port,
            key: Fleet.operatorKey,
            body: body
        )
    }

    /// Reports a logout and waits for its end.
    private func logout(_ body: String, _ api: Member) async throws -> [String: Any] {
        let answer = try await call("POST", "/logout-events", api, body)
        #expect(answer.status == 202, "\(answer.body)")
        let id = try object(answer.body).text("id")
        return try await eventually("the end of \(id)") {
            let event = try object(try await call("GET", "/logout-events/\(id)?wait=30", api).body)
            return try event.text("status") == "in_progress" ? nil : event
        }
    }

    @Test(
        "one API process and two workers: sessions from every door, each told once, to the end and its webhook"
    )
    func everything() async throws {
        let fleet = try Fleet()
        let rps = ["mail": try Fleet.relyingParty(), "wall": try Fleet.relyingParty()]
        let hook = try Fleet.relyingParty()
        try await fleet.prepare(rps.mapValues { $0.uri() })
        let secret = "whsec_" + Data((1...32).map { UInt8($0) }).base64EncodedString()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (secretFile, lines) = (
            folder.appendingPathComponent("secret"), folder.appendingPathComponent("lines")
        )
        try Data(secret.utf8).write(to: secretFile)
        try await fleet.command(
            "issuers",
            "put",
            "op",
            "--issuer",
            Fleet.iss,
            "--completion-webhook-url",
            hook.uri(),
            "--completion-webhook-secret-file",
            secretFile.path
        )
        let api = try await fleet.start("serve")
        let workers = [try await fleet.start("work"), try await fleet.start("work")]

        // One user, recorded over HTTP and over SQL.
        let put = try await call("PUT", "/sessions/op-1/clients/mail", api, #"{"sub": "alice", "sid": "a"}"#)
        #expect(put.status == 201)
        let database = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        let record = #"{"session_id": "op-2", "client_id": "mail", "sub": "alice", "sid": "b"}"#
        try database.execute(script: "begin; select lastcall.record_participation('op', '\(record)'); commit")
        let user = try await logout(#"{"user_id": "alice"}"#, api)
        #expect(try user.text("status") == "completed" && user["matched"] as? Int == 2)
        #expect(
            try await fleet.verified(rps["mail"]?.received ?? [], aud: "mail").map(\.sid).compactMap(\.self)
                .sorted() == ["a", "b"]
        )
        let table = try await fleet.command("where", "op", "--user-id", "alice")
        #expect(table.hasSuffix("2 confirmed_out\n"))

        // Everyone at one RP, which is expanded in steps.
        let sids = (1...1_200).map { "w\($0)" }
        let imported = sids.map {
            #"{"session_id": "s\#($0)", "client_id": "wall", "sub": "u\#($0)", "sid": "\#($0)"}"#
        }
        try Data(imported.joined(separator: "\n").utf8).write(to: lines)
        try await fleet.command("sessions", "import", "op", lines.path, "--json")
        let incident = try await logout(#"{"client_id": "wall", "initiator": "session-revoked"}"#, api)
        #expect(try incident.text("status") == "completed" && incident["matched"] as? Int == 1_200)
        let told = try await fleet.verified(rps["wall"]?.received ?? [], aud: "wall").compactMap(\.sid)
        #expect(told.count == 1_200 && Set(told) == Set(sids))

        // The OP's own transaction: rolled back, nothing is sent; committed, it goes out.
        let enqueue =
            #"select lastcall.enqueue_logout('op', '{"targets": [{"client_id": "mail", "sid": "c"}]}', 'k')"#
        try database.execute(script: "begin; \(enqueue); rollback")
        try database.execute(script: "begin; \(enqueue); commit")
        let mail = try #require(rps["mail"])
        try await eventually("the logout of the transaction") { mail.received.count >= 3 }
        #expect(
            try await fleet.verified(mail.received, aud: "mail").compactMap(\.sid).sorted() == [
                "a", "b", "c",
            ]
        )

        // Each end was told once, and the trail is whole.
        try await eventually("three webhooks") { hook.received.count >= 3 }
        let verifier = try WebhookVerifier(secret: secret)
        let ids = try hook.received.map {
            try verifier.verify($0, now: Int64(Date().timeIntervalSince1970)).id
        }
        #expect(ids.count == 3 && Set(ids).count == 3)
        #expect(try await fleet.command("audit", "verify", "op").hasPrefix("op: intact"))
        for member in workers + [api] { #expect(await member.process.stop() == .exit(0)) }
        #expect(try fleet.count("select count(*) from lastcall.delivery_queue") == 0)
    }
}
