import Foundation
import LastcallTestKit
import Testing

@Suite("Egress from the command line", .lastcallDatabase, .serialized)
struct EgressCommandTests {
    @Test(
        "an issuer's rules are put from a file, judge its clients, and stop its deliveries in another process"
    )
    func issuer() async throws {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let worker = try await fleet.start("work")
        _ = try await fleet.end(of: fleet.logout("rp"))
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json").path
        try Data(#"{"deny_cidrs": ["127.0.0.0/8"], "allow_hosts": ["rp.example.com", "127.0.0.1"]}"#.utf8)
            .write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let issuer = try object(
            try await fleet.command(
                "issuers",
                "put",
                "op",
                "--issuer",
                Fleet.iss,
                "--egress-file",
                file,
                "--json"
            )
        )
        let egress = try #require(issuer["egress"] as? [String: [String]])
        #expect(egress == ["deny_cidrs": ["127.0.0.0/8"], "allow_hosts": ["rp.example.com", "127.0.0.1"]])
        let delivery = try #require(try await fleet.end(of: fleet.logout("rp", sid: "s-2")).first)
        #expect(try delivery.text("reason") == "blocked_address")
        for uri in ["https://other.example.com/", "https://127.0.0.1/"] {
            let refused = try await LastcallProcess.run(
                ["clients", "put", "op", "other", "--backchannel-logout-uri", uri],
                environment: fleet.environment
            )
            #expect(refused.end == .exit(1))
            #expect(refused.errors.hasPrefix("lastcall: invalid_client_metadata: "))
        }
        #expect(rp.received.count == 1)
        await worker.process.stop()
    }

    @Test("the installation's rules hold for every issuer, and a bad one stops the start")
    func installation() async throws {
        let fleet = try Fleet(["LASTCALL_DENY_HOSTS": "*.evil.example", "LASTCALL_ALLOW_PORTS": "443,8443"])
        try await fleet.command("issuers", "put", "op", "--issuer", Fleet.iss)
        for (uri, isAllowed) in [
            ("https://rp.example:8443/", true), ("https://evil.example/", true),
            ("https://a.evil.example/", false),
            ("https://rp.example:8444/", false),
        ] {
            let run = try await LastcallProcess.run(
                ["clients", "put", "op", "rp", "--backchannel-logout-uri", uri],
                environment: fleet.environment
            )
            #expect(run.end == .exit(isAllowed ? 0 : 1), "\(uri)")
        }
        let bad = try await LastcallProcess.run(
            ["issuers", "list"],
            environment: fleet.environment.merging(["LASTCALL_DENY_PORTS": "0"]) { $1 }
        )
        #expect(bad.end != .exit(0) && bad.errors.contains("LASTCALL_DENY_PORTS"))
    }
}
