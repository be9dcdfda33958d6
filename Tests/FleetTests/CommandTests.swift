import Foundation
import LastcallTestKit
import Testing

@Suite("Commands of the operator", .lastcallDatabase, .serialized)
struct CommandTests {
    private func lines(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").map { try object(String($0)) }
    }

    @Test("issuers, clients and keys are made, listed, shown and removed")
    func metadata() async throws {
        let fleet = try Fleet()
        let made = try object(
            try await fleet.command(
                "issuers",
                "put",
                "op",
                "--issuer",
                Fleet.iss,
                "--retention-days",
                "7",
                "--json"
            )
        )
        #expect(try made.text("issuer") == Fleet.iss)
        #expect(made["retention_days"] as? Int == 7)
        #expect(try lines(await fleet.command("issuers", "list", "--json")).count == 1)
        #expect(try await fleet.command("issuers").contains("https://op.example.com"))

        let key = try object(try await fleet.command("keys", "generate", "op", "--alg", "EdDSA", "--json"))
        #expect(try key.text("stage") == "active")
        let next = try object(try await fleet.command("keys", "generate", "op", "--alg", "EdDSA", "--json"))
        #expect(try next.text("stage") == "next")
        let early = try await LastcallProcess.run(
            ["keys", "activate", "--", "op", try next.text("kid")],
            environment: fleet.environment
        )
        #expect(early.end == .exit(1))
        #expect(early.errors.hasPrefix("lastcall: key_not_yet_published: "))
        let activated = try object(
            try await fleet.command("keys", "activate", "--force", "--json", "--", "op", try next.text("kid"))
        )
        #expect(try activated.text("stage") == "active")
        let stages = try lines(try await fleet.command("keys", "list", "op", "--json")).map {
            try $0.text("stage")
        }
        #expect(stages.sorted() == ["active", "retired"])
        let set = try object(try await fleet.command("keys", "jwks", "op"))
        #expect((set["keys"] as? [Any])?.count == 2)

        let uri = "https://rp.example.com/logout?tenant=a%2Fb"
        let client = try object(
            try await fleet.command(
                "clients",
                "put",
                "op",
                "rp /1",
                "--backchannel-logout-uri",
                uri,
                "--json"
            )
        )
        #expect(try client.text("backchannel_logout_uri") == uri)
        #expect(client["warnings"] as? [String] == ["no_active_key_for_alg"])
        #expect(
            try object(try await fleet.command("clients", "get", "op", "rp /1", "--json")).text("client_id")
                == "rp /1"
        )
        #expect(try await fleet.command("clients", "list", "op").contains(uri))
        for (action, held) in [("hold", true), ("release", false)] {
            let answer = try object(try await fleet.command("clients", action, "op", "rp /1", "--json"))
            #expect(answer["held"] as? Bool == held)
            #expect(try answer.text("breaker") == "closed")
        }
        #expect(try await fleet.command("clients", "delete", "op", "rp /1").isEmpty)
        #expect(try await fleet.command("clients", "list", "op", "--json").isEmpty)
        #expect(try await fleet.command("clients", "list", "op") == "none\n")
        try await fleet.command("issuers", "delete", "op")
        let gone = try await LastcallProcess.run(["issuers", "get", "op"], environment: fleet.environment)
        #expect(gone.end == .exit(1))
        #expect(gone.errors.split(separator: "\n").count == 1)
        #expect(gone.errors.hasPrefix("lastcall: not_found: "))
    }

    @Test("a logout from the command line can be followed to its end, and is in the audit trail")
    func logout() async throws {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let worker = try await fleet.start("work")
        let event = try await fleet.logout("rp")
        let delivery = try #require(try await fleet.end(of: event).first)
        #expect(try delivery.text("status") == "delivered")
        #expect(try delivery.text("logout_event_id") == event)
        #expect(try await fleet.verified(rp.received, aud: "rp").map(\.sid) == ["s-1"])
        let listed = try lines(
            await fleet.command("deliveries", "list", "op", "--status", "delivered", "--json")
        )
        #expect(try listed.map { try $0.text("id") } == [try delivery.text("id")])
        #expect(
            try await fleet.command("deliveries", "list", "op", "--status", "failed", "expired", "--json")
                .isEmpty
        )
        let shown = try await fleet.command("deliveries", "get", "op", try delivery.text("id"))
        #expect(shown.contains("OUTCOME"))
        #expect(shown.contains("127.0.0.1"))
        let audit = try lines(await fleet.command("audit", "op", "--event", event, "--json"))
        let types = try audit.map { try $0.text("type") }
        #expect(types == ["logout.accepted", "logout.back_channel.delivered", "logout.ended"])
        #expect(try audit.first?.text("actor") == "cli")
        #expect(await worker.process.stop() == .exit(0))
    }

    @Test("what failed is sent again, one by one and in bulk, and what waits is cancelled")
    func operate() async throws {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty(standing: .status(400))
        try await fleet.prepare(["rp": rp.uri(), "slow": "https://slow.example.com/logout"])
        let worker = try await fleet.start("work")
        var events: [String] = []
        for number in 1...3 { events.append(try await fleet.logout("rp", sid: "s-\(number)")) }
        for event in events { _ = try await fleet.end(of: event) }
        let failed = try lines(
            await fleet.command("deliveries", "list", "op", "--status", "failed", "--json")
        )
        let ids = try failed.map { try $0.text("id") }
        try #require(ids.count == 3)
        let counted = try object(
            await fleet.command("redeliveries", "start", "op", "--client-id", "rp", "--dry-run", "--json")
        )
        #expect(try counted.text("status") == "done")
        #expect(counted["matched"] as? Int == 3)
        rp.always(.ok)
        let again = try object(await fleet.command("deliveries", "redeliver", "op", ids[0], "--json"))
        #expect(try again.text("id") == ids[0])
        let done = try object(
            await fleet.command("redeliveries", "start", "op", "--status", "failed", "--watch", "--json")
        )
        #expect(try done.text("status") == "done")
        for event in events { _ = try await fleet.end(of: event) }
        #expect(rp.received.count == 6)
        let id = try done.text("id")
        #expect(try object(await fleet.command("redeliveries", "show", "op", id, "--json")).text("id") == id)
        #expect(try lines(await fleet.command("redeliveries", "list", "op", "--json")).count == 2)
        let stop = try await LastcallProcess.run(
            ["redeliveries", "cancel", "op", id],
            environment: fleet.environment
        )
        #expect(stop.errors.hasPrefix("lastcall: already_ended: "))
        #expect(await worker.process.stop() == .exit(0))

        let waiting = try await fleet.logout("slow")
        #expect(try await fleet.command("events", "show", "op", waiting).contains("pending"))
        let cancelled = try object(await fleet.command("events", "cancel", "op", waiting, "--json"))
        #expect(try cancelled.text("status") == "cancelled")
        let listed = try lines(await fleet.command("events", "list", "op", "--status", "cancelled", "--json"))
        #expect(try listed.map { try $0.text("id") } == [waiting])
    }

    @Test("targets come from a file, and a client that is not registered is told as such")
    func targets() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(#"[{"client_id": "ghost", "sid": "s-1"}]"#.utf8).write(to: file)
        let event = try object(try await fleet.command("logout", "op", "--targets", file.path, "--json"))
        #expect(try event.text("status") == "failed")
        let audit = try lines(await fleet.command("audit", "op", "--severity", "error", "--json"))
        #expect(try audit.map { try $0.text("type") } == ["logout.back_channel.failed"])
    }

    @Test("API keys work until they are revoked, and their secret is shown once")
    func apiKeys() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        let api = try await fleet.start("serve")
        let made = try object(
            try await fleet.command("api-keys", "create", "--issuer", "op", "--scope", "read", "--json")
        )
        let key = try made.text("key")
        #expect(try await LoopbackCall.send("GET", "/v1/issuers/op", port: api.port, key: key).status == 200)
        #expect(try await !fleet.command("api-keys", "list", "--json").contains(key))
        #expect(
            try await LoopbackCall.send("PUT", "/v1/issuers/op", port: api.port, key: key, body: "{}").status
                == 403
        )
        try await fleet.command("api-keys", "revoke", try made.text("id"))
        try await eventually("the revocation") {
            try await LoopbackCall.send("GET", "/v1/issuers/op", port: api.port, key: key).status == 401
        }
        #expect(await api.process.stop() == .exit(0))
    }

    @Test(
        "the webhook of the command line is told of ends, and a client is probed by the worker of another process"
    )
    func webhookAndProbe() async throws {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty()
        let hook = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).secret").path
        try Data("\(secret)\n".utf8).write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let issuer = try object(
            try await fleet.command(
                "issuers",
                "put",
                "op",
                "--issuer",
                Fleet.iss,
                "--completion-webhook-url",
                hook.uri(),
                "--completion-webhook-secret-file",
                file,
                "--json"
            )
        )
        #expect(issuer["completion_webhook"] as? [String: String] == ["url": hook.uri()])
        let worker = try await fleet.start("work")
        _ = try await fleet.end(of: fleet.logout("rp"))
        let told = try WebhookVerifier(secret: secret).verify(
            try #require(try await hook.next().first),
            now: Int64(Date().timeIntervalSince1970)
        )
        #expect(told.id.hasSuffix("ffffff"))
        rp.always(.status(400))
        let probe = try object(try await fleet.command("clients", "probe", "op", "rp", "--json"))
        #expect(try probe.text("outcome") == "rejected")
        #expect(probe["http_status"] as? Int == 400)
        #expect(try await fleet.verified(rp.received, aud: "rp").count == 2)
        await worker.process.stop()
        #expect(!worker.process.errors.contains("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    }
}
