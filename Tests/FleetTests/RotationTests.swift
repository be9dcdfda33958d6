import Foundation
import LastcallTestKit
import Testing

/// `LASTCALL_TEST_ROTATIONS` asks for more than the few hundred of every test run; see scripts/harden.d/rotation.
@Suite("Rotation of signing keys under load", .lastcallDatabase, .serialized)
struct RotationTests {
    private static let rotations =
        ProcessInfo.processInfo.environment["LASTCALL_TEST_ROTATIONS"].flatMap { Int($0) } ?? 200
    /// Keys that wait for their turn; each is published for longer than the setting asks before it comes.
    private static let ahead = 100
    private static let keys = "/v1/issuers/op/signing-keys"

    @Test(
        "RPs that keep the JWK Set as long as they may verify every token of every key",
        .timeLimit(.minutes(60))
    )
    func everyToken() async throws {
        let fleet = try Fleet(["LASTCALL_KEY_PUBLICATION_SECONDS": "2"])
        try await fleet.prepare([:])
        let api = try await fleet.start("serve")
        let caches = (1...3).map { _ in JWKSCache(path: "/issuers/op/jwks.json", port: api.port) }
        let rps = try caches.enumerated().map { number, cache in
            try Fleet.relyingParty(standing: .decide { cache.receive($0, aud: "rp-\(number)") })
        }
        for (number, rp) in rps.enumerated() {
            try await fleet.command(
                "clients",
                "put",
                "op",
                "rp-\(number)",
                "--backchannel-logout-uri",
                rp.uri(),
                "--id-token-signed-response-alg",
                "ES256",
                "--json"
            )
        }
        let workers = [try await fleet.start("work"), try await fleet.start("work")]
        for number in 1...Self.ahead { try await make(number, api.port) }
        for number in 1...Self.rotations {
            try await make(number + Self.ahead, api.port)
            try await activate(number, api.port)
            try await report(number, rps.count, api.port)
        }
        let open = "select count(*) from lastcall.delivery_queue"
        try await eventually("the end of every logout", within: .seconds(120)) { try fleet.count(open) == 0 }
        for cache in caches {
            let tally = cache.tally
            #expect(tally.defects.isEmpty, "\(tally.defects.count): \(tally.defects.prefix(3))")
            #expect(tally.verified == Self.rotations)
            // Many keys signed, and copies of the set were used more than once.
            #expect(tally.kids.count > Self.rotations / 20)
            #expect(tally.fetches < tally.verified)
        }
        for member in workers + [api] { #expect(await member.process.stop() == .exit(0)) }
    }

    private func make(_ number: Int, _ port: UInt16) async throws {
        let answer = try await LoopbackCall.send(
            "POST",
            Self.keys,
            port: port,
            key: Fleet.operatorKey,
            body: #"{"alg": "ES256", "kid": "k\#(number)"}"#
        )
        #expect(answer.status == 201, "\(answer.body)")
    }

    /// As soon as it may: the rule is the API's, and nobody forces it.
    private func activate(_ number: Int, _ port: UInt16) async throws {
        try await eventually("the publication of k\(number)") {
            let answer = try await LoopbackCall.send(
                "POST",
                "\(Self.keys)/k\(number)/activate",
                port: port,
                key: Fleet.operatorKey,
                body: "{}"
            )
            #expect(answer.status == 200 || answer.body.contains("key_not_yet_published"), "\(answer.body)")
            return answer.status == 200
        }
    }

    private func report(_ number: Int, _ clients: Int, _ port: UInt16) async throws {
        let targets = (0..<clients).map { #"{"client_id": "rp-\#($0)", "sid": "s-\#(number)"}"# }
        let answer = try await LoopbackCall.send(
            "POST",
            "/v1/issuers/op/logout-events",
            port: port,
            key: Fleet.operatorKey,
            body: #"{"targets": [\#(targets.joined(separator: ","))]}"#
        )
        #expect(answer.status == 202, "\(answer.body)")
    }
}
