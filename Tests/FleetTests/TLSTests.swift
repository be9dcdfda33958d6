import Foundation
import LastcallTestKit
import Testing

@Suite("TLS of a process", .lastcallDatabase, .serialized)
struct TLSTests {
    static let health = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    let authority: CertificateAuthority
    let folder: String

    init() throws {
        authority = try CertificateAuthority(commonName: "process authority")
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("lastcall-tls-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private var environment: [String: String] {
        [
            "LASTCALL_TLS_CERTIFICATE_FILE": folder + "/chain.pem",
            "LASTCALL_TLS_PRIVATE_KEY_FILE": folder + "/key.pem",
        ]
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name), options: .atomic)
    }

    private func renew() throws -> String {
        let issued = try authority.issue(names: ["localhost"], addresses: ["127.0.0.1"])
        try write("chain.pem", issued.certificatePEM)
        try write("key.pem", issued.privateKeyPEM)
        return issued.certificatePEM
    }

    @Test("a new certificate is shown after SIGHUP, or once its files are noticed; a broken one is not")
    func reload() async throws {
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        let first = try renew()
        let client = try TLSClient(trusting: authority)
        let onSignal = try await Fleet().start(
            "serve",
            environment.merging(["LASTCALL_TLS_RELOAD_SECONDS": "3600"]) { $1 }
        )
        let byItself = try await Fleet().start(
            "serve",
            environment.merging(["LASTCALL_TLS_RELOAD_SECONDS": "0.1"]) { $1 }
        )
        let shown = { (member: Member) in
            await RawConnection.open(port: member.port, tls: client)?.peerCertificatePEM
        }
        for member in [onSignal, byItself] {
            #expect(member.process.errors.contains(#""tls":"on""#))
            #expect(await shown(member) == first)
            let answer = await RawConnection.exchange(Self.health, port: member.port, tls: client)
            #expect(answer.statuses == [200] && answer.isEnded)
        }
        let second = try renew()
        try await eventually("the new certificate") { await shown(byItself) == second }
        #expect(await shown(onSignal) == first)
        onSignal.process.send(SIGHUP)
        try await eventually("the new certificate") { await shown(onSignal) == second }

        try write("key.pem", "nonsense")
        onSignal.process.send(SIGHUP)
        for member in [onSignal, byItself] {
            try await eventually("a complaint") {
                member.process.errors.contains("new TLS files cannot be used, the old ones stay in use")
            }
            #expect(await shown(member) == second)
            #expect(!member.process.errors.contains("nonsense"))
        }
        let third = try renew()
        try await eventually("the mended certificate") { await shown(byItself) == third }
        for member in [onSignal, byItself] { #expect(await member.process.stop() == .exit(0)) }
    }

    @Test("the oldest version and the certificates of callers are those that the settings ask for")
    func strict() async throws {
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        _ = try renew()
        try write("ca.pem", authority.certificatePEM)
        let strict = [
            "LASTCALL_TLS_MINIMUM_VERSION": "1.3", "LASTCALL_TLS_CLIENT_CA_FILE": folder + "/ca.pem",
            "LASTCALL_TLS_CLIENT_CERTIFICATES": "required",
        ]
        let member = try await Fleet().start("serve", environment.merging(strict) { $1 })
        let caller = try authority.issue(names: ["caller"], addresses: [])
        let calls: [(shown: IssuedCertificate?, version: TLSClient.Version, statuses: [Int])] = [
            (caller, .tls13, [200]), (nil, .tls13, []), (caller, .tls12, []),
        ]
        for call in calls {
            let client = try TLSClient(trusting: authority, showing: call.shown, version: call.version)
            let answer = await RawConnection.exchange(Self.health, port: member.port, tls: client)
            #expect(answer.statuses == call.statuses && answer.isEnded, "\(call.version) \(answer.text)")
        }
        #expect(await member.process.stop() == .exit(0))
    }

    @Test("files that cannot be used stop the start")
    func unusable() async throws {
        defer { _ = try? FileManager.default.removeItem(atPath: folder) }
        _ = try renew()
        try write("key.pem", try authority.issue(names: ["other"], addresses: []).privateKeyPEM)
        let settings = try Fleet().environment.merging(environment) { $1 }
        let (end, _, errors) = try await LastcallProcess.run(["serve"], environment: settings)
        #expect(end == .exit(78))
        #expect(
            errors.contains("tls: \(folder)/chain.pem and \(folder)/key.pem cannot be used together"),
            "\(errors)"
        )
    }

    @Test("a process that listens beyond this machine without TLS says so")
    func warning() async throws {
        let open = try await Fleet().start("serve", ["LASTCALL_LISTEN": "0.0.0.0:0"])
        let local = try await Fleet().start("serve")
        let warning = "the API listens beyond this machine without TLS"
        #expect(open.process.errors.contains(warning) && !local.process.errors.contains(warning))
        #expect(local.process.errors.contains(#""tls":"off""#))
        for member in [open, local] { #expect(await member.process.stop() == .exit(0)) }
    }
}
