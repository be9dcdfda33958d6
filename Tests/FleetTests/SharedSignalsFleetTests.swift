import Foundation
import LastcallTestKit
import Testing

@Suite("Receivers of Shared Signals, from the command line", .lastcallDatabase, .serialized)
struct SharedSignalsFleetTests {
    private static let credential = "Bearer abcdefgh-0123456789"

    @Test("a receiver keeps its header when secrets are sealed anew, and no process or command tells it")
    func sealedAnew() async throws {
        let fleet = try Fleet()
        let receiver = try Fleet.relyingParty(standing: .status(202))
        try await fleet.prepare([:])
        let folder = try TemporaryFolder()
        let terms = """
            {"id_token_signed_response_alg": "ES256", "shared_signals": {"method": "urn:ietf:rfc:8935",
             "endpoint_url": "\(receiver.uri("/events"))", "authorization_header": "\(Self.credential)"}}
            """
        try folder.write(terms, to: "receiver.json")
        let file = "\(folder.path)/receiver.json"
        var told = [
            try await fleet.command("clients", "put", "op", "receiver", "--metadata", file, "--json")
        ]
        let shown = try object(told[0])["shared_signals"] as? [String: Any]
        #expect(shown?["has_authorization_header"] as? Bool == true)

        let old = Data(repeating: 7, count: 32).base64EncodedString()
        let only = ["LASTCALL_KEY_ENCRYPTION_KEY": Data(repeating: 8, count: 32).base64EncodedString()]
        let both = only.merging(["LASTCALL_PREVIOUS_KEY_ENCRYPTION_KEYS": old]) { $1 }
        for (environment, sid) in [(both, "s-1"), (only, "s-2")] {
            let worker = try await fleet.start("work", environment)
            _ = try await fleet.end(of: try await fleet.logout("receiver", sid: sid))
            #expect(await worker.process.stop() == .exit(0))
            told.append(worker.process.errors)
            guard sid == "s-1" else { continue }
            let done = try await LastcallProcess.run(
                ["keys", "reseal", "--json"],
                environment: fleet.environment.merging(both) { $1 }
            )
            let report = try object(done.output)
            #expect(report["resealed_authorization_headers"] as? Int == 1, "\(done)")
            #expect(report["resealed_webhook_secrets"] as? Int == 0 && report["left"] as? Int == 0, "\(done)")
            told += [done.output, done.errors]
        }
        let jwks = Array(try await fleet.command("keys", "jwks", "op").utf8)
        let verifier = try SecurityEventVerifier(jwks: jwks, iss: Fleet.iss)
        let now = Int64(Date().timeIntervalSince1970) + 1
        let said = try receiver.received.map {
            try verifier.verify($0, aud: "receiver", authorization: Self.credential, now: now)
        }
        #expect(said.map(\.sid) == ["s-1", "s-2"])
        #expect(try await fleet.command("clients", "list", "op").contains(receiver.uri("/events")))
        told.append(try await fleet.command("clients", "get", "op", "receiver", "--json"))
        told.append(try await fleet.command("audit", "list", "op", "--json"))
        #expect(told.allSatisfy { !$0.contains("abcdefgh") && !$0.contains("0123456789\"") })
    }
}
