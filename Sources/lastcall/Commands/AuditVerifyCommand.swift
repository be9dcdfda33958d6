import ArgumentParser
import AuditTrail
import Foundation
import LogoutModel
import Outbox
import StrictJSON

extension AuditCommand {
    /// `lastcall audit verify`: whether the trail is what was sealed.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check that nothing of the audit trail was changed, removed or slipped in.",
            discussion: """
                Computes every hash anew from the events. Keep the head that it prints outside the database: given \
                back with --head it proves that the trail was not written anew as a whole, nor its end cut off. \
                Exit code 1 where something is wrong; the first broken entry or seal is named.
                """
        )
        @OptionGroup var options: OperatorOptions
        @Argument(help: "The issuer's name; without one, every trail, those of deleted issuers too.")
        var issuer: String?
        @Flag(help: "Only the installation's own trail.") var installation = false
        @Option(help: "A head that was printed before, NUMBER:HASH.", transform: readHead) var head:
            AuditHead?

        @Sendable private static func readHead(_ text: String) throws -> AuditHead {
            guard let head = AuditHead(text) else {
                throw ValidationError("A head is NUMBER:HASH, the hash 64 hexadecimal digits.")
            }
            return head
        }

        func validate() throws {
            guard issuer == nil || !installation else {
                throw ValidationError("Give either an issuer or --installation.")
            }
            guard head == nil || issuer != nil || installation else {
                throw ValidationError("--head needs an issuer, or --installation.")
            }
        }

        func run() async throws {
            try await options.withRuntime { runtime in
                var isSound = true
                for (key, name) in try await chains(runtime.store) {
                    let last = try await runtime.store.auditSeals(of: key, below: nil, limit: 1).first?.number
                    var bar = ProgressBar()
                    let verdict = try await runtime.store.verifyAudit(of: key, expecting: head) { number in
                        bar.show(Int(number), of: Int(last ?? number), "seals")
                    }
                    bar.finish()
                    isSound = isSound && verdict.broken == nil
                    report(verdict, of: name ?? (key == 0 ? nil : "deleted issuer \(key)"))
                }
                if !isSound { throw Failure.refused }
            }
        }

        private func chains(_ store: OutboxStore) async throws -> [(issuer: Int32, name: String?)] {
            if installation { return [(0, nil)] }
            guard let issuer else { return try await store.auditChains() }
            guard let found = try await store.issuer(named: issuer) else {
                throw Failure("not_found: There is no issuer of this name.")
            }
            return [(found.key, found.name)]
        }

        private func report(_ verdict: AuditVerdict, of name: String?) {
            let head = "\(verdict.head)"
            if options.json {
                let object = JSON.object(of: [
                    ("trail", name.map(JSON.string) ?? .null), ("intact", .bool(verdict.broken == nil)),
                    ("entries", .int(verdict.intact)),
                    ("seals_no_longer_kept", .int(verdict.droppedSeals)),
                    ("no_longer_kept", .int(verdict.notKept)),
                    ("not_yet_sealed", .int(verdict.unsealed)), ("head", .string(head)),
                    ("broken", verdict.broken.map { .string($0.code) } ?? .null),
                    ("broken_seal", verdict.broken.map { .int($0.seal) } ?? .null),
                    ("broken_entry", (verdict.broken?.entry?.lowercased).map(JSON.string) ?? .null),
                ])
                return print(String(decoding: object.serialized(), as: UTF8.self))
            }
            print(
                "\(name ?? "installation"): \(verdict.broken.map { "BROKEN: \($0.explanation)" } ?? "intact")"
            )
            let waiting = verdict.unsealed == OutboxStore.maximumCountedUnsealed ? " or more" : ""
            print(
                "  \(verdict.intact) entries as they were sealed, \(verdict.notKept) no longer kept, "
                    + "\(verdict.unsealed)\(waiting) not yet sealed"
            )
            if verdict.droppedSeals > 0 {
                print("  the chain begins behind seal \(verdict.droppedSeals): retention has dropped it")
            }
            print("  head \(head)")
        }
    }
}
