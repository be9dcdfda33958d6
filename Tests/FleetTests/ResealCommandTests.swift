import Foundation
import LastcallTestKit
import Testing

@Suite("Sealing anew from the command line", .lastcallDatabase, .serialized)
struct ResealCommandTests {
    private let new = Data(repeating: 8, count: 32).base64EncodedString()
    private let old = Data(repeating: 7, count: 32).base64EncodedString()

    /// Runs a command with other keys than the fleet's.
    private func run(_ fleet: Fleet, _ keys: [String: String], _ arguments: String...) async throws
        -> (end: LastcallProcess.End, output: String, errors: String)
    {
        try await LastcallProcess.run(arguments, environment: fleet.environment.merging(keys) { $1 })
    }

    @Test("the key-encryption key is replaced in the order of docs/keys.md, and no logout waits for it")
    func rotation() async throws {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        try await fleet.command("keys", "generate", "op", "--alg", "EdDSA", "--json")
        let both = ["LASTCALL_KEY_ENCRYPTION_KEY": new, "LASTCALL_PREVIOUS_KEY_ENCRYPTION_KEYS": old]
        // Processes with the new key and without are there at once, while all are restarted one by one.
        let first = try await fleet.start("work", both)
        _ = try await fleet.end(of: try await fleet.logout("rp", sid: "s-1"))

        let check = try await run(fleet, both, "keys", "reseal", "--check")
        #expect(check.end == .exit(1) && check.output.contains("2 left under other keys"), "\(check)")
        let dry = try object(try await run(fleet, both, "keys", "reseal", "--dry-run", "--json").output)
        #expect(dry["left"] as? Int == 2 && dry["resealed_signing_keys"] as? Int == 0)
        let done = try await run(fleet, both, "keys", "reseal", "--json")
        #expect(done.end == .exit(0) && done.errors.isEmpty, "\(done)")
        let report = try object(done.output)
        #expect(report["resealed_signing_keys"] as? Int == 2 && report["left"] as? Int == 0)
        let again = try await run(fleet, both, "keys", "reseal")
        #expect(again.end == .exit(0) && again.output.contains("nothing is left under another key"))
        #expect(try await run(fleet, both, "keys", "reseal", "--check").end == .exit(0))

        let only = ["LASTCALL_KEY_ENCRYPTION_KEY": new]
        let second = try await fleet.start("work", only)
        #expect(await first.process.stop() == .exit(0))
        _ = try await fleet.end(of: try await fleet.logout("rp", sid: "s-2"))
        #expect(try await fleet.verified(rp.received, aud: "rp").map(\.sid) == ["s-1", "s-2"])
        #expect(await second.process.stop() == .exit(0))
        for text in [done.output, again.output, first.process.errors, second.process.errors] {
            #expect(!text.contains(new) && !text.contains(old))
        }
    }

    @Test("what is sealed under a key that nobody has is told, and fails the check")
    func unknownKey() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        let only = ["LASTCALL_KEY_ENCRYPTION_KEY": new]
        let done = try await run(fleet, only, "keys", "reseal", "--json")
        #expect(done.end == .exit(1))
        let report = try object(done.output)
        #expect(report["left"] as? Int == 1 && report["cannot_be_opened"] as? Int == 1)
        let people = try await run(fleet, only, "keys", "reseal")
        #expect(people.output.contains("1 under keys that the settings do not have"))
    }

    @Test("the data folder of up may hold the previous keys beside the current one")
    func dataFolder() async throws {
        let fleet = try Fleet()
        try await fleet.prepare([:])
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("\(new)\n".utf8).write(to: folder.appendingPathComponent("key-encryption-key"))
        try Data("\(old)\n".utf8).write(to: folder.appendingPathComponent("previous-key-encryption-keys"))
        var environment = fleet.environment
        environment["LASTCALL_KEY_ENCRYPTION_KEY"] = nil
        let done = try await LastcallProcess.run(
            ["keys", "reseal", "--json", "--data-dir", folder.path],
            environment: environment
        )
        #expect(done.end == .exit(0), "\(done.errors)")
        #expect(try object(done.output)["resealed_signing_keys"] as? Int == 1)
    }
}
