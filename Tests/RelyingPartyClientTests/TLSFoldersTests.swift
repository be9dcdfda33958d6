import LastcallTestKit
import RelyingPartyClient
import Testing

@Suite("Folders of certificates and authorities")
struct TLSFoldersTests {
    let authority: CertificateAuthority
    let folder: TemporaryFolder
    let folders: TLSFolders

    init() throws {
        authority = try CertificateAuthority(commonName: "Any")
        folder = try TemporaryFolder()
        folders = TLSFolders(certificates: folder.path, authorities: folder.path)
    }

    private func issue(_ name: String = "a.test") throws -> IssuedCertificate {
        try authority.issue(names: [name], addresses: [])
    }

    @Test("a certificate is one file with its key, or two")
    func forms() throws {
        let issued = try issue()
        try folder.write(issued.certificatePEM + issued.privateKeyPEM, to: "one.pem")
        try folder.write(issued.certificatePEM, to: "two.crt")
        try folder.write(issued.privateKeyPEM, to: "two.key")
        try folder.write(authority.certificatePEM, to: "ours.pem")
        #expect(folders.hasCertificate(named: "one") && folders.hasCertificate(named: "two"))
        #expect(folders.hasAuthority(named: "ours") && !folders.hasAuthority(named: "theirs"))
        #expect(try folders.identity(certificate: nil, authority: nil) == nil)
        let both = try folders.identity(certificate: "two", authority: "ours")
        #expect("\(try #require(both))" == "TLSIdentity(certificate: true, authorities: true)")
        #expect(try folders.identity(certificate: "two", authority: "ours") === both)
    }

    @Test(
        "a name never leads out of its folder",
        arguments: [
            "..", ".", "", "../a", "a/b", "/etc/passwd", "A", "a.b", "-a", "_a", "a\u{0}b", "a b", "é",
            String(repeating: "a", count: 65),
        ]
    )
    func names(name: String) {
        #expect(throws: TLSIdentityError.name(name)) {
            try folders.identity(certificate: name, authority: nil)
        }
        #expect(throws: TLSIdentityError.name(name)) {
            try folders.identity(certificate: nil, authority: name)
        }
    }

    @Test("what is not there, not configured or no such thing is told")
    func missing() throws {
        let issued = try issue()
        try folder.write(issued.certificatePEM, to: "half.crt")
        try folder.write(issued.certificatePEM + (try issue().privateKeyPEM), to: "mixed.pem")
        try folder.write(String(repeating: "x", count: 262_145), to: "long.pem")
        #expect(throws: TLSIdentityError.missing("\(folder.path)/none.crt")) {
            try folders.identity(certificate: "none", authority: nil)
        }
        #expect(throws: TLSIdentityError.missing("\(folder.path)/half.key")) {
            try folders.identity(certificate: "half", authority: nil)
        }
        #expect(throws: TLSIdentityError.keyDoesNotFit) {
            try folders.identity(certificate: "mixed", authority: nil)
        }
        #expect(throws: TLSIdentityError.unreadable("\(folder.path)/long.pem", code: 0)) {
            try folders.identity(certificate: nil, authority: "long")
        }
        #expect(throws: TLSIdentityError.missing("a")) {
            try TLSFolders().identity(certificate: "a", authority: nil)
        }
    }

    @Test("a file that has changed is read again, and one that is gone is missed")
    func changes() async throws {
        let (old, new) = (try issue("old.test"), try issue("new.test"))
        try folder.write(old.certificatePEM + old.privateKeyPEM, to: "rp.pem")
        let before = try #require(try folders.identity(certificate: "rp", authority: nil))
        try folder.write(new.certificatePEM + new.privateKeyPEM, to: "rp.pem")
        let after = try await eventually("another identity") {
            let now = try folders.identity(certificate: "rp", authority: nil)
            return now === before ? nil : now
        }
        #expect(after !== before)
        let server = try ScriptedRelyingParty(authority: authority, transport: .mutual)
        let trusting = TLSFolders(certificates: folder.path, authorities: folder.path)
        try folder.write(authority.certificatePEM, to: "ours.pem")
        let identity = try trusting.identity(certificate: "rp", authority: "ours")
        _ = try await Harness.withClient { client in
            await client.post(Harness.request(server.uri(), identity: identity))
        }
        #expect(server.received.map(\.clientName) == ["new.test"])
    }

    @Test(
        "a private key that others may read or change is told of",
        arguments: [(0o600, false), (0o640, false), (0o644, true), (0o602, true), (0o660, true)]
    )
    func exposed(mode: Int, isTold: Bool) throws {
        let issued = try issue()
        try folder.write(issued.certificatePEM, to: "rp.crt", mode: 0o644)
        try folder.write(issued.privateKeyPEM, to: "rp.key", mode: mode)
        #expect(folders.exposedKeyFiles() == (isTold ? ["\(folder.path)/rp.key"] : []))
        #expect(TLSFolders().exposedKeyFiles().isEmpty)
    }
}
