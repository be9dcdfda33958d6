import DeliveryWorker
import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Audit sealer", .lastcallDatabase, .timeLimit(.minutes(30)))
struct AuditSealerTests {
    /// How many events of the issuer, and of the installation, are not sealed.
    static func unsealed(_ bench: Bench) async throws -> Int {
        try await bench.store.verifyAudit(of: bench.issuer).unsealed + bench.store.verifyAudit(of: 0).unsealed
    }

    static func write(_ count: Int, of issuer: Int32) throws {
        try PostgresConnection.connect(try ScratchDatabase.current.configuration).execute(
            script: """
                insert into lastcall.audit_events (issuer_key, type, severity, actor)
                select \(issuer), 'client.changed', 'notice', 'test' from generate_series(1, \(count))
                """
        )
    }

    @Test("a round seals everything that has settled, of every issuer, and the next one what came since")
    func rounds() async throws {
        try await Bench.run { bench in
            try Self.write(2_500, of: bench.issuer)
            try Self.write(1, of: 0)
            let sealer = AuditSealer(store: bench.store, logger: bench.logger)
            // Whatever other tests have under way on this server holds it back.
            try await eventually("the first seals") {
                _ = try await sealer.round(after: nil)
                return try await Self.unsealed(bench) == 0
            }
            var position = try await sealer.round(after: nil)
            try Self.write(1_001, of: bench.issuer)
            try await eventually("the next seals") {
                position = try await sealer.round(after: position)
                return try await Self.unsealed(bench) == 0
            }
            for issuer in [0, bench.issuer] {
                #expect(try await bench.store.verifyAudit(of: issuer).broken == nil)
            }
        }
    }

    @Test("workers seal what they do, and the chain holds with several of them")
    func worker() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            try await bench.withWorker { _ in
                try await bench.withWorker { _ in
                    for _ in 0..<20 { _ = try await bench.logout() }
                    // Each leaves its acceptance, its delivery and its end.
                    try await eventually("the seals") {
                        let verdict = try await bench.store.verifyAudit(of: bench.issuer)
                        return verdict.intact >= 60 && verdict.unsealed == 0
                    }
                }
            }
            #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == nil)
        }
    }
}
