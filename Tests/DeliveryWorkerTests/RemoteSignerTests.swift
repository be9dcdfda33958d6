import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import RelyingPartyClient
import Testing

@Suite("The OP's own signer", .lastcallDatabase, .serialized)
struct RemoteSignerTests {
    private func key(_ alg: SignatureAlgorithm = .es256) throws -> SigningKey {
        try SigningKey(PrivateKey.generate(for: alg), kid: "remote")
    }

    @Test(
        "a token that the OP's signer signed is as any other, and the signer is told what the page says",
        arguments: [SignatureAlgorithm.rs256, .ps384, .es512, .edDSA]
    )
    func signs(alg: SignatureAlgorithm) async throws {
        try await Bench.run(alg: nil) { bench in
            let key = try key(alg)
            let signer = try ScriptedSigner(["main": key])
            let rp = try Bench.relyingParty()
            try await bench.addRemoteKey(key, named: "main")
            try await bench.addClient(uri: rp.uri(), alg: alg)
            let event = try await bench.logout(sessions: 3)
            try await bench.withWorker(remoteSigner: try signer.client()) { _ in
                let end = try await bench.end(of: event)
                #expect(end.event.delivered == 3)
                #expect(try end.attempts.map(\.kid) == ["remote"])
            }
            let claims = try await bench.verified(rp.received)
            #expect(Set(claims.map(\.sid)) == ["s-1", "s-2", "s-3"] && Set(claims.map(\.jti)).count == 3)
            let call = try #require(signer.server.received.first)
            #expect(call.method == "POST" && call.target == "/sign")
            #expect(call.values(of: "Authorization") == ["Bearer \(ScriptedSigner.token)"])
            #expect(call.values(of: "Content-Type") == ["application/json"])
            let text = String(decoding: call.body, as: UTF8.self)
            let start =
                #"{"issuer":"op","kid":"remote","key":"main","alg":"\#(alg.rawValue)","signing_input":""#
            #expect(text.hasPrefix(start) && text.hasSuffix("\"}"), "\(text)")
            #expect(rp.received.allSatisfy { $0.values(of: "Authorization").isEmpty })
        }
    }

    @Test(
        "whatever else it answers is no signature, and the next attempt asks again",
        arguments: [
            .status(500), .status(404), .status(401), .status(204), .status(200), .closeAfterReading,
            .resetAfterReading, .redirect(to: "https://127.0.0.1:1/"), .raw("nonsense"),
            .hugeBody(chunked: true),
            .status(200, body: "{}"), .status(200, body: #"{"signature":""}"#), .status(200, body: "[]"),
            .status(200, body: #"{"signature":"a+b/"}"#), .status(200, body: #"{"signature":1}"#),
            .status(200, body: #"{"signature":"AA","signature":"AA"}"#),
            ScriptedSigner.answer(Array(repeating: 1, count: 64)), ScriptedSigner.answer([0]),
        ] as [ScriptedStep]
    )
    func refused(step: ScriptedStep) async throws {
        try await Bench.run(alg: nil) { bench in
            let key = try key()
            let signer = try ScriptedSigner(["main": key])
            signer.server.script(step)
            let rp = try Bench.relyingParty()
            try await bench.addRemoteKey(key, named: "main")
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker(remoteSigner: try signer.client()) { _ in
                let end = try await bench.end(of: event)
                #expect(try end.attempts.map(\.outcome) == ["signing_failed", "delivered"])
            }
            #expect(try await bench.verified(rp.received).count == 1)
        }
    }

    @Test("a signer that never answers holds up nobody who signs here, is left alone, and is asked again")
    func hangs() async throws {
        try await Bench.run(alg: .es384) { bench in
            let key = try key()
            let signer = try ScriptedSigner(["main": key], standing: .hang)
            let rp = try Bench.relyingParty()
            try await bench.addRemoteKey(key, named: "main")
            try await bench.addClient("remote", uri: rp.uri("/remote"))
            try await bench.addClient("healthy", uri: rp.uri("/healthy"), alg: .es384)
            let stuck = try await bench.logout("remote", sessions: 40)
            let client = try signer.client {
                $0.timeout = .milliseconds(300)
                $0.maximumInFlight = 4
            }
            try await bench.withWorker(remoteSigner: client) { _ in
                let healthy = try await bench.logout("healthy", sessions: 50)
                #expect(try await bench.end(of: healthy).event.delivered == 50)
                #expect(!rp.received.contains { $0.target == "/remote" })
                try await eventually("a signer that is left alone") {
                    // Every delivery has been tried, and only a few of them asked.
                    try await bench.count(
                        "select count(*) from lastcall.attempts where outcome = 'signing_failed'"
                    ) >= 40
                }
                #expect(signer.server.received.count <= 12)
                signer.server.always(signer.signing)
                #expect(try await bench.end(of: stuck).event.delivered == 40)
            }
        }
    }

    @Test("what cannot even be asked is tried again, and counts for no attempt of the client")
    func busy() async throws {
        try await Bench.run(alg: nil) { bench in
            let key = try key()
            let gate = Gate()
            let signer = try ScriptedSigner(["main": key])
            signer.server.script(.gate(gate, then: signer.signing))
            let rp = try Bench.relyingParty()
            try await bench.addRemoteKey(key, named: "main")
            let clients = (1...6).map { "rp-\($0)" }
            for client in clients {
                try await bench.addClient(
                    client,
                    uri: rp.uri(),
                    delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": 1}"#
                )
            }
            let event = try await bench.logout(
                clients.map { LogoutTarget(clientID: $0, sub: "alice", sid: "s") }
            )
            let client = try signer.client {
                $0.maximumInFlight = 1
                $0.timeout = .seconds(30)
            }
            try await bench.withWorker(
                configure: { settings, _ in settings.lease = .seconds(60) },
                remoteSigner: client
            ) { _ in
                try await eventually("deliveries that found the signer busy") {
                    try await bench.count(
                        "select count(*) from lastcall.attempts where outcome = 'local_error'"
                    ) >= 4
                }
                gate.open()
                #expect(try await bench.end(of: event).event.delivered == 6)
            }
        }
    }

    @Test("a worker that was told of no signer signs nothing with its keys, and the next one does")
    func none() async throws {
        try await Bench.run(alg: nil) { bench in
            let key = try key()
            let signer = try ScriptedSigner(["main": key])
            let rp = try Bench.relyingParty()
            try await bench.addRemoteKey(key, named: "main")
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let waiting = try await bench.retrying(event)
                #expect(waiting.attempts.first?.outcome == "signing_failed")
            }
            #expect(rp.connections == 0)
            try await bench.withWorker(remoteSigner: try signer.client()) { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "delivered")
            }
        }
    }

    @Test(
        "a signer with a certificate that is not trusted, or of another name, gets nothing to see",
        arguments: [ScriptedRelyingParty.Transport.unknownAuthority, .wrongHost, .expired]
    )
    func untrusted(transport: ScriptedRelyingParty.Transport) async throws {
        try await Bench.run(alg: nil) { bench in
            let key = try key()
            let server = try Bench.relyingParty(transport)
            let rp = try Bench.relyingParty()
            try await bench.addRemoteKey(key, named: "main")
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            var settings = RemoteSignerSettings(url: server.uri())
            settings.token = ScriptedSigner.token
            settings.caFile = try TestAuthority.shared().caFile
            let client = try RemoteSigner(settings, userAgent: "Lastcall/0.0.1")
            try await bench.withWorker(remoteSigner: client) { _ in
                let waiting = try await bench.retrying(event)
                #expect(waiting.attempts.first?.outcome == "signing_failed")
            }
            #expect(server.received.isEmpty && rp.connections == 0)
        }
    }

    @Test(
        "its address is https, or http on loopback for development, and never a cloud's metadata",
        arguments: [
            ("https://signer.example.com/sign?x=1", false, true), ("https://10.0.0.1/sign", false, true),
            ("https://127.0.0.1/sign", false, true), ("http://127.0.0.1/sign", false, false),
            ("http://127.0.0.1/sign", true, true), ("http://signer.example.com/sign", true, false),
            ("https://169.254.169.254/sign", false, false), ("https://u@signer.example.com/", false, false),
            ("https://signer.example.com/#f", false, false), ("ftp://signer.example.com/", true, false),
            ("", false, false),
        ]
    )
    func addresses(url: String, insecure: Bool, allowed: Bool) throws {
        var settings = RemoteSignerSettings(url: url)
        settings.allowsInsecureLoopback = insecure
        if allowed {
            _ = try RemoteSigner(settings, userAgent: "Lastcall/0.0.1")
        } else {
            #expect(throws: RemoteSignerProblem.url) {
                try RemoteSigner(settings, userAgent: "Lastcall/0.0.1")
            }
        }
    }

    @Test("a token that could end its header is refused", arguments: ["a\r\nX: y", "a b", "", "ü"])
    func tokens(token: String) {
        var settings = RemoteSignerSettings(url: "https://signer.example.com/sign")
        settings.token = token
        #expect(throws: RemoteSignerProblem.token) {
            try RemoteSigner(settings, userAgent: "Lastcall/0.0.1")
        }
    }
}

extension LogoutEvent {
    /// How many of its deliveries were accepted.
    var delivered: Int { deliveryCounts.first { $0.status == "delivered" }?.count ?? 0 }
}
