import Foundation
import LastcallTestKit
import LogoutTokens
import Testing

@Suite("Signing keys in an HSM", .lastcallDatabase, .serialized)
struct HardwareKeyTests {
    private static func pem(_ key: PrivateKey) throws -> String {
        let base64 = Base64.encode(try key.pkcs8())
        return "-----BEGIN PRIVATE KEY-----\n\(base64)\n-----END PRIVATE KEY-----\n"
    }

    /// A fleet that knows of the HSM, an issuer, and a client for each algorithm at the RP.
    private func prepared(
        _ hsm: SoftHSM,
        _ rp: ScriptedRelyingParty,
        _ algorithms: [SignatureAlgorithm],
        pin: String = SoftHSM.pin
    ) async throws -> Fleet {
        var environment = hsm.environment
        environment["LASTCALL_PKCS11_MODULE"] = SoftHSM.module
        environment["LASTCALL_PKCS11_PIN"] = pin
        let fleet = try Fleet(environment)
        try await fleet.command("issuers", "put", "op", "--issuer", Fleet.iss, "--json")
        for alg in algorithms {
            let name = alg.rawValue
            try await fleet.command(
                "clients",
                "put",
                "op",
                name,
                "--backchannel-logout-uri",
                rp.uri("/\(name)"),
                "--id-token-signed-response-alg",
                name,
                "--json"
            )
        }
        return fleet
    }

    private func attach(_ fleet: Fleet, _ hsm: SoftHSM, _ key: PrivateKey, named name: String) async throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).json")
        try Data(key.publicJWK(kid: name).json).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let shown = try object(
            try await fleet.command(
                "keys",
                "attach",
                "op",
                "--jwk",
                file.path,
                "--alg",
                key.algorithm.rawValue,
                "--pkcs11",
                hsm.uri(of: name),
                "--json"
            )
        )
        #expect(try shown.text("held_by") == "pkcs11" && shown.text("stage") == "active")
    }

    @Test("an HSM signs for each algorithm that it can, and RPs see no difference")
    func signs() async throws {
        let algorithms: [SignatureAlgorithm] = [.rs256, .ps256, .rs512, .es256, .es384, .es512]
        let hsm = try SoftHSM()
        try hsm.plugIn()
        let rp = try Fleet.relyingParty()
        let fleet = try await prepared(hsm, rp, algorithms)
        for (number, alg) in algorithms.enumerated() {
            let key = try PrivateKey.generate(for: alg)
            try hsm.add(pem: Self.pem(key), named: alg.rawValue, id: "0\(number + 1)")
            try await attach(fleet, hsm, key, named: alg.rawValue)
        }
        let worker = try await fleet.start("work")
        for alg in algorithms {
            for sid in ["s-1", "s-2"] { _ = try await fleet.logout(alg.rawValue, sid: sid) }
        }
        _ = try await rp.next(2 * algorithms.count)
        for alg in algorithms {
            let own = rp.received.filter { $0.target == "/\(alg.rawValue)" }
            let claims = try await fleet.verified(own, aud: alg.rawValue)
            #expect(claims.map(\.kid) == [alg.rawValue, alg.rawValue])
        }
        #expect(await worker.process.stop() == .exit(0))
        #expect(!worker.process.errors.contains(SoftHSM.pin))
    }

    @Test("a token that is not there signs once it is")
    func comesBack() async throws {
        let hsm = try SoftHSM()
        let rp = try Fleet.relyingParty()
        let fleet = try await prepared(hsm, rp, [.es256])
        let key = try PrivateKey.generate(for: .es256)
        try await attach(fleet, hsm, key, named: "k")
        let worker = try await fleet.start("work")
        _ = try await fleet.logout("ES256", sid: "s-1")
        let failed = "select count(*) from lastcall.attempts where outcome = 'signing_failed'"
        try await eventually("an attempt without the token") { try fleet.count(failed) > 0 }
        try hsm.plugIn()
        try hsm.add(pem: Self.pem(key), named: "k", id: "01")
        _ = try await rp.next(1)
        #expect(try await fleet.verified(rp.received, aud: "ES256").count == 1)
        #expect(await worker.process.stop() == .exit(0))
    }

    @Test("a key that is not the registered one signs nothing that leaves")
    func another() async throws {
        let hsm = try SoftHSM()
        try hsm.plugIn()
        let rp = try Fleet.relyingParty()
        let fleet = try await prepared(hsm, rp, [.es256])
        try await attach(fleet, hsm, PrivateKey.generate(for: .es256), named: "k")
        try hsm.add(pem: Self.pem(PrivateKey.generate(for: .es256)), named: "k", id: "01")
        let worker = try await fleet.start("work")
        _ = try await fleet.logout("ES256")
        try await eventually("two attempts that could not be signed") {
            try fleet.count("select count(*) from lastcall.attempts where outcome = 'signing_failed'") >= 2
        }
        #expect(worker.process.errors.contains("wrongSignature"))
        #expect(await worker.process.stop() == .exit(0))
        #expect(rp.connections == 0)
    }

    @Test("a wrong PIN is shown to the token once, so that it does not lock itself")
    func wrongPIN() async throws {
        let hsm = try SoftHSM()
        try hsm.plugIn()
        let rp = try Fleet.relyingParty()
        let fleet = try await prepared(hsm, rp, [.es256], pin: "00000000")
        let key = try PrivateKey.generate(for: .es256)
        try hsm.add(pem: Self.pem(key), named: "k", id: "01")
        try await attach(fleet, hsm, key, named: "k")
        let worker = try await fleet.start("work")
        _ = try await fleet.logout("ES256")
        try await eventually("three attempts that could not be signed") {
            try fleet.count("select count(*) from lastcall.attempts where outcome = 'signing_failed'") >= 3
        }
        #expect(await worker.process.stop() == .exit(0))
        let told = worker.process.errors.split(separator: "\n").filter {
            $0.contains("no token could be signed")
        }
        #expect(told.count >= 3 && told.allSatisfy { $0.contains("pinRefused") }, "\(told)")
        #expect(!worker.process.errors.contains("00000000"))
        #expect(rp.connections == 0)
    }

    @Test("a module that is not there is told, and stops nothing else")
    func noModule() async throws {
        let hsm = try SoftHSM()
        let rp = try Fleet.relyingParty()
        let fleet = try await prepared(hsm, rp, [.es256, .es384])
        try await fleet.command("keys", "generate", "op", "--alg", "ES384", "--json")
        try await attach(fleet, hsm, PrivateKey.generate(for: .es256), named: "k")
        let worker = try await fleet.start("work", ["LASTCALL_PKCS11_MODULE": "/nonexistent/module.so"])
        _ = try await fleet.logout("ES256")
        _ = try await fleet.logout("ES384")
        _ = try await rp.next(1)
        try await eventually("an attempt that could not be signed") {
            try fleet.count("select count(*) from lastcall.attempts where outcome = 'signing_failed'") >= 1
        }
        #expect(rp.received.map(\.target) == ["/ES384"])
        #expect(await worker.process.stop() == .exit(0))
    }
}
