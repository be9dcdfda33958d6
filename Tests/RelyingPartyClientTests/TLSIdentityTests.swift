import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Who this side is, and whom it trusts")
struct TLSIdentityTests {
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static func certificate(
        _ name: String,
        of authority: CertificateAuthority
    ) throws -> (chain: [UInt8], key: [UInt8]) {
        let issued = try authority.issue(names: [name], addresses: [])
        return (bytes(issued.certificatePEM), bytes(issued.privateKeyPEM))
    }

    @Test("an authority of a client is trusted for that client alone, and is the only one there")
    func authority() async throws {
        let own = try CertificateAuthority(commonName: "Private authority")
        let identity = try TLSIdentity(authorities: Self.bytes(own.certificatePEM))
        let (hidden, usual) = (try ScriptedRelyingParty(authority: own), try Harness.server())
        let answers = try await Harness.withClient { client in
            [
                await client.post(Harness.request(hidden.uri(), lane: 1, identity: identity)),
                await client.post(Harness.request(hidden.uri(), lane: 2)),
                await client.post(Harness.request(usual.uri(), lane: 3, identity: identity)),
                await client.post(Harness.request(usual.uri(), lane: 4)),
                await client.get(Harness.fetch(hidden.uri(), lane: 5, identity: identity)),
            ]
        }
        #expect(
            answers.map(\.ending) == [
                .status(200), .failure(.tlsFailure), .failure(.tlsFailure), .status(200), .status(200),
            ]
        )
        #expect(hidden.received.count == 2 && usual.received.count == 1)
    }

    @Test(
        "a private authority does not make a bad certificate good",
        arguments: [
            ScriptedRelyingParty.Transport.expired, .wrongHost, .selfSigned, .tls11Only,
        ]
    )
    func stillChecked(transport: ScriptedRelyingParty.Transport) async throws {
        let own = try CertificateAuthority(commonName: "Private authority")
        let identity = try TLSIdentity(authorities: Self.bytes(own.certificatePEM))
        let server = try ScriptedRelyingParty(authority: own, transport: transport)
        let answer = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(), identity: identity))
        }
        #expect(answer.failure == .tlsFailure && server.received.isEmpty)
        #expect(answer.detail?.isEmpty == false)
    }

    @Test(
        "a server that asks for a certificate gets the client's own, and nobody else's",
        arguments: [ScriptedRelyingParty.Transport.mutual, .mutualTLS12]
    )
    func mutual(transport: ScriptedRelyingParty.Transport) async throws {
        let authority = try TestAuthority.shared().authority
        let stranger = try CertificateAuthority(commonName: "Stranger")
        let server = try Harness.server(transport)
        let first = try TLSIdentity(certificate: Self.certificate("first.test", of: authority))
        let second = try TLSIdentity(certificate: Self.certificate("second.test", of: authority))
        let unknown = try TLSIdentity(certificate: Self.certificate("unknown.test", of: stranger))
        let answers = try await Harness.withClient { client in
            var answers: [Answer] = []
            // One after the other: each request takes over the handle of the one before.
            for (lane, identity) in [(1, first), (2, nil), (3, second), (4, unknown), (1, first)] {
                answers.append(
                    await client.post(Harness.request(server.uri(), lane: Int64(lane), identity: identity))
                )
            }
            return answers
        }
        #expect(answers.map(\.status) == [200, nil, 200, nil, 200])
        // With TLS 1.3 a reset may overtake the alert; an older handshake says what it is.
        for answer in answers where answer.status == nil {
            #expect(answer.failure == .tlsFailure || (transport == .mutual && answer.failure == .unreachable))
        }
        #expect(server.received.map(\.clientName) == ["first.test", "second.test", "first.test"])
        let connections = server.received.map(\.connection)
        #expect(connections.first == connections.last && Set(connections).count == 2)
    }

    @Test("a server that does not ask is shown nothing, and a renewed certificate means a new connection")
    func renewed() async throws {
        let authority = try TestAuthority.shared().authority
        let server = try Harness.server(.mutual)
        let quiet = try Harness.server()
        try await Harness.withClient { client in
            for name in ["old.test", "old.test", "new.test"] {
                let identity = try TLSIdentity(certificate: Self.certificate(name, of: authority))
                #expect(await client.post(Harness.request(server.uri(), identity: identity)).status == 200)
                #expect(
                    await client.post(Harness.request(quiet.uri(), lane: 2, identity: identity)).status == 200
                )
            }
        }
        #expect(server.received.map(\.clientName) == ["old.test", "old.test", "new.test"])
        // Each of them is another certificate, also where the name is the same.
        #expect(server.connections == 3)
        #expect(quiet.received.allSatisfy { $0.clientName == nil })
    }

    @Test("the oldest version that is spoken is the operator's choice")
    func versions() async throws {
        for (transport, minimum, works) in [
            (ScriptedRelyingParty.Transport.tls12Only, TLSVersion.tls12, true), (.tls12Only, .tls13, false),
            (.tls, .tls13, true), (.tls11Only, .tls12, false),
        ] {
            let server = try Harness.server(transport)
            let answer = try await Harness.withClient {
                $0.minimumTLS = minimum
            } _: { client in
                await client.post(Harness.request(server.uri()))
            }
            #expect(answer.ending == (works ? .status(200) : .failure(.tlsFailure)))
        }
    }

    @Test("text that is no certificate and its key is refused")
    func refused() throws {
        let authority = try CertificateAuthority(commonName: "Any")
        let (one, other) = (
            try authority.issue(names: ["a.test"], addresses: []),
            try authority.issue(names: ["b.test"], addresses: [])
        )
        let (chain, key) = (Self.bytes(one.certificatePEM), Self.bytes(one.privateKeyPEM))
        #expect(throws: TLSIdentityError.noCertificate) { try TLSIdentity(certificate: (key, key)) }
        #expect(throws: TLSIdentityError.noPrivateKey) { try TLSIdentity(certificate: (chain, chain)) }
        #expect(throws: TLSIdentityError.keyDoesNotFit) {
            try TLSIdentity(certificate: (chain, Self.bytes(other.privateKeyPEM)))
        }
        #expect(throws: TLSIdentityError.noCertificate) { try TLSIdentity(authorities: []) }
        #expect(throws: TLSIdentityError.noCertificate) { try TLSIdentity(authorities: key) }
        let identity = try TLSIdentity(certificate: (chain + key, chain + key))
        #expect(!"\(identity)".contains("BEGIN") && !String(reflecting: identity).contains("BEGIN"))
    }
}
