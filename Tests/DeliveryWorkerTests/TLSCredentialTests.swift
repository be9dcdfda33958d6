import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import RelyingPartyClient
import Testing

@Suite("Certificates and authorities of clients", .lastcallDatabase, .serialized)
struct TLSCredentialTests {
    @Test("a client's certificate is shown to its RP and to its jwks_uri, under its own authority")
    func mutual() async throws {
        try await Bench.run { bench in
            let own = try CertificateAuthority(commonName: "Private authority")
            let folder = try TemporaryFolder()
            let issued = try own.issue(names: ["lastcall.test"], addresses: [])
            try folder.write(issued.certificatePEM + issued.privateKeyPEM, to: "us.pem")
            try folder.write(own.certificatePEM, to: "private_ca.pem")
            let pair = try ClientKeyPair(.p256)
            let rp = try ScriptedRelyingParty(authority: own, transport: .mutual)
            rp.script(.status(200, body: pair.jwks()), path: "/jwks")
            let names = #""tls_client_certificate": "us", "ca": "private_ca""#
            try await bench.addClient("clear", uri: rp.uri("/clear"), other: "{\(names)}")
            try await bench.addClient(
                uri: rp.uri("/encrypted"),
                other: Bench.encrypted(.ecdhES, #""jwks_uri": "\#(rp.uri("/jwks"))", \#(names)"#)
            )
            let event = try await bench.logout(
                ["clear", "rp"].map { LogoutTarget(clientID: $0, sub: "alice", sid: "s") }
            )
            try await bench.withWorker { settings, _ in
                settings.tlsFolders = TLSFolders(certificates: folder.path, authorities: folder.path)
            } _: { _ in
                let end1 = try await bench.end(of: event)
                #expect(end1.event.status == .completed)
            }
            #expect(Set(rp.received.map(\.target)) == ["/clear", "/jwks", "/encrypted"])
            #expect(rp.received.allSatisfy { $0.clientName == "lastcall.test" })
        }
    }

    @Test(
        "a certificate or authority that is not there is this machine's trouble, and is told by its name",
        arguments: [#"{"tls_client_certificate": "gone"}"#, #"{"ca": "gone"}"#]
    )
    func missing(other: String) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri(), other: other, delivery: #"{"max_attempts": 1}"#)
            let folder = try TemporaryFolder()
            let event = try await bench.logout()
            try await bench.withWorker { settings, _ in
                settings.tlsFolders = TLSFolders(certificates: folder.path, authorities: folder.path)
            } _: { _ in
                let waiting = try await bench.retrying(event)
                #expect(waiting.attempts.first?.outcome == "local_error")
                #expect(waiting.attempts.first?.error == "tls_configuration")
                #expect(waiting.attempts.first?.errorDescription?.contains("gone") == true)
                #expect(rp.connections == 0)
                // Mended, it goes out by itself.
                let issued = try TestAuthority.shared().authority.issue(names: ["us.test"], addresses: [])
                try folder.write(issued.certificatePEM, to: "gone.crt")
                try folder.write(issued.privateKeyPEM, to: "gone.key")
                try folder.write(TestAuthority.shared().authority.certificatePEM, to: "gone-ca.pem")
                guard other.contains("tls_client") else { return }
                let end2 = try await bench.end(of: event)
                #expect(end2.event.status == .completed)
            }
        }
    }

    @Test("an attempt that TLS ended says why")
    func explained() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(.selfSigned)
            try await bench.addClient(uri: rp.uri(), delivery: #"{"max_attempts": 1}"#)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let attempts = try await bench.end(of: event).attempts
                #expect(attempts.map(\.outcome) == ["tls_failure"])
                #expect(attempts.first?.errorDescription?.contains("certificate") == true)
                #expect(attempts.first?.error == nil)
            }
        }
    }
}
