import Foundation
import HTTPListener
import LastcallTestKit
import Testing

@Suite("TLS of the listener")
struct TLSTests {
    static let get = SmugglingTests.last

    let authority: CertificateAuthority
    let folder: CertificateFolder

    init() throws {
        authority = try CertificateAuthority(commonName: "listener authority")
        folder = try CertificateFolder()
        try folder.write(try authority.issue(names: ["localhost"], addresses: ["127.0.0.1"]))
    }

    @Test(
        "old versions are refused",
        arguments: [
            (TLSFiles.MinimumVersion.tls12, TLSClient.Version.tls11, nil), (.tls12, .tls12, "TLSv1.2"),
            (.tls12, .tls13, "TLSv1.3"), (.tls13, .tls12, nil), (.tls13, .tls13, "TLSv1.3"),
        ]
    )
    func versions(minimum: TLSFiles.MinimumVersion, spoken: TLSClient.Version, result: String?) async throws {
        var files = folder.files
        files.minimumVersion = minimum
        let client = try TLSClient(trusting: authority, version: spoken)
        try await TestListener.run(tls: try ServerTLS(files)) { listener in
            let connection = await RawConnection.open(port: listener.port, tls: client)
            #expect(connection?.tlsVersion == result)
            await connection?.send(Self.get)
            #expect(await connection?.readToEnd().statuses == (result == nil ? nil : [200]))
        }
    }

    /// What a caller shows.
    enum Shown: Sendable, CaseIterable { case nothing, good, expired, ofAnotherAuthority }

    @Test(
        "certificates of callers are asked for as the setting says",
        arguments: [TLSFiles.ClientCertificates.none, .optional, .required],
        Shown.allCases
    )
    func clientCertificates(mode: TLSFiles.ClientCertificates, shown: Shown) async throws {
        var files = folder.files
        files.clientCertificates = mode
        if mode != .none { files.clientCA = try folder.write("ca.pem", authority.certificatePEM) }
        let certificate: IssuedCertificate? =
            switch shown {
            case .nothing: nil
            case .good: try authority.issue(names: ["caller"], addresses: [])
            case .expired: try authority.issue(names: ["caller"], addresses: [], expired: true)
            case .ofAnotherAuthority:
                try CertificateAuthority(commonName: "listener authority").issue(
                    names: ["caller"],
                    addresses: []
                )
            }
        let isServed = mode == .none || shown == .good || (mode == .optional && shown == .nothing)
        for version in [TLSClient.Version.tls12, .tls13] {
            let client = try TLSClient(trusting: authority, showing: certificate, version: version)
            try await TestListener.run(tls: try ServerTLS(files)) { listener in
                let received = await RawConnection.exchange(Self.get, port: listener.port, tls: client)
                #expect(received.statuses == (isServed ? [200] : []) && received.isEnded)
                #expect(listener.calls.all == (isServed ? ["GET /last"] : []))
            }
        }
    }

    @Test("plain HTTP gets no answer, and a handshake that is not finished is cut")
    func noTLS() async throws {
        var limits = ListenerLimits()
        limits.headerDeadline = .milliseconds(100)
        try await TestListener.run(limits, tls: try ServerTLS(folder.files)) { listener in
            for bytes in [Self.get, "", "\u{16}\u{3}\u{1}\u{2}"] {
                let received = await RawConnection.exchange(bytes, port: listener.port)
                #expect(received.isEnded && received.statuses.isEmpty, "\(received.text)")
            }
            #expect(listener.calls.all.isEmpty)
        }
    }

    @Test("answers over TLS are whole, refusals are told, and silence is cut")
    func answers() async throws {
        var limits = ListenerLimits()
        limits.idleDeadline = .milliseconds(100)
        let client = try TLSClient(trusting: authority)
        try await TestListener.run(limits, tls: try ServerTLS(folder.files)) { listener in
            for (request, statuses) in [
                ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", [200]), (SmugglingTests.last, [200]),
                ("GET b\r\n\r\n", [400]),
                ("POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", [401]),
            ] {
                let received = await RawConnection.exchange(request, port: listener.port, tls: client)
                #expect(received.statuses == statuses && received.isEnded, "\(received.text)")
            }
            let big = await RawConnection.exchange(
                "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                port: listener.port,
                tls: client
            )
            #expect(big.isEnded && big.bytes.count > 8 << 20, "\(big.bytes.count)")
        }
    }

    @Test("a connection beyond the limit is closed before the handshake")
    func noRoom() async throws {
        let client = try TLSClient(trusting: authority)
        try await TestListener.run(connections: 1, tls: try ServerTLS(folder.files)) { listener in
            let held = try #require(await RawConnection.open(port: listener.port, tls: client))
            #expect(await RawConnection.open(port: listener.port, tls: client) == nil)
            await held.send(Self.get)
            #expect(await held.readToEnd().statuses == [200])
        }
    }

    @Test("new files are for new connections, and files that cannot be used change nothing")
    func reload() async throws {
        let identity = try ServerTLS(folder.files)
        let (authority, folder) = (authority, folder)
        let client = try TLSClient(trusting: authority)
        try await TestListener.run(tls: identity) { listener in
            let old = try #require(await RawConnection.open(port: listener.port, tls: client))
            let first = try #require(old.peerCertificatePEM)
            #expect(identity.reload() == .unchanged)

            let second = try authority.issue(names: ["localhost"], addresses: ["127.0.0.1"])
            try folder.write(second)
            #expect(identity.reload() == .loaded && identity.reload() == .unchanged)
            let new = try #require(await RawConnection.open(port: listener.port, tls: client))
            #expect(new.peerCertificatePEM == second.certificatePEM && first != second.certificatePEM)

            let files = folder.files
            for (name, text, problem) in [
                ("chain.pem", "nonsense", TLSProblem.unreadableCertificate(path: files.certificateChain)),
                ("chain.pem", "", .unreadableCertificate(path: files.certificateChain)),
                ("chain.pem", first, .mismatch(certificate: files.certificateChain, key: files.privateKey)),
                ("key.pem", "", .unreadableKey(path: files.privateKey)),
                ("key.pem", first, .unreadableKey(path: files.privateKey)),
            ] {
                try folder.write(name, text)
                #expect(identity.reload() == .failed(problem))
                #expect(identity.reload() == .unchanged, "the same files are tried once")
                #expect(identity.reload(isForced: true) == .failed(problem))
                let other = try #require(await RawConnection.open(port: listener.port, tls: client))
                #expect(other.peerCertificatePEM == second.certificatePEM)
                if name == "chain.pem" { try folder.write(second) }
                _ = identity.reload()
            }
            try FileManager.default.removeItem(atPath: files.certificateChain)
            #expect(identity.reload() == .failed(.unreadableCertificate(path: files.certificateChain)))

            await old.send(Self.get)
            #expect(await old.readToEnd().statuses == [200])
        }
    }

    @Test("certificates change under load without a failed call")
    func reloadUnderLoad() async throws {
        let identity = try ServerTLS(folder.files)
        let (authority, folder) = (authority, folder)
        let client = try TLSClient(trusting: authority)
        try await TestListener.run(tls: identity) { listener in
            let statuses = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var all: [Int] = []
                        for _ in 0..<25 {
                            all += await RawConnection.exchange(Self.get, port: listener.port, tls: client)
                                .statuses
                        }
                        return all
                    }
                }
                for _ in 0..<20 {
                    try folder.write(try authority.issue(names: ["localhost"], addresses: ["127.0.0.1"]))
                    #expect(identity.reload(isForced: true) == .loaded)
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(statuses == Array(repeating: 200, count: 100))
        }
    }

    @Test("files that cannot be used stop the start, and say which")
    func unusable() throws {
        let other = try authority.issue(names: ["other"], addresses: [])
        var files = folder.files
        files.privateKey = try folder.write("other-key.pem", other.privateKeyPEM)
        #expect(throws: TLSProblem.mismatch(certificate: files.certificateChain, key: files.privateKey)) {
            try ServerTLS(files)
        }
        files.privateKey = "/nowhere/key.pem"
        #expect(throws: TLSProblem.unreadableKey(path: "/nowhere/key.pem")) { try ServerTLS(files) }
        files = folder.files
        files.clientCertificates = .required
        #expect(throws: TLSProblem.noClientCA) { try ServerTLS(files) }
        files.clientCA = "/nowhere/ca.pem"
        #expect(throws: TLSProblem.unreadableCertificate(path: "/nowhere/ca.pem")) { try ServerTLS(files) }
    }
}

/// A folder with a certificate and its key, for as long as a test takes.
final class CertificateFolder: Sendable {
    private let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("lastcall-tls-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { _ = try? FileManager.default.removeItem(atPath: path) }

    var files: TLSFiles { TLSFiles(certificateChain: path + "/chain.pem", privateKey: path + "/key.pem") }

    func write(_ certificate: IssuedCertificate) throws {
        try write("chain.pem", certificate.certificatePEM)
        try write("key.pem", certificate.privateKeyPEM)
    }

    /// - Returns: the file's path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name), options: .atomic)
        return path + "/" + name
    }
}
