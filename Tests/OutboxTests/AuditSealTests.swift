import AuditTrail
import FoundationEssentials
import LastcallSQL
import LastcallTestKit
import LogoutModel
import Outbox
import PostgresClient
import Testing

@Suite("Audit seals", .lastcallDatabase, .timeLimit(.minutes(30)))
struct AuditSealTests {
    @Test("an event's canonical form is the same in Swift and in Postgres, whatever is in it")
    func canonicalForm() async throws {
        let bench = try await Workbench()
        let event = try await bench.accept([.sid("rp é", "\u{1}\n\\\""), .sub("unknown", "u")]).event.id
        try bench.run(
            """
            insert into lastcall.audit_events (issuer_key, type, severity, subject_id, client_id, session_durability, actor, data) values
                (\(bench.issuer), 'client.changed', 'notice', null, 'a ~', null, 'x',
                    '{"é": "\\u001f \\u0001 \\"", "big": 12345678901234567890.10, "b": [null, true, {}], "a": 1e2}'),
                (\(bench.issuer), 'client.held', 'info', '\(event.text)', null, 'volatile', 'x', 'null'),
                (\(bench.issuer), 'client.held', 'info', '\(event.delivery(1).text)', '', null, 'x', null)
            """
        )
        try await bench.awaitSettled()
        let found = try await bench.settled()
        #expect(found.count >= 6)
        for entry in found {
            let row = try #require(
                try bench.rows(
                    "select lastcall.audit_canonical(e) from lastcall.audit_events e where audit_id = $1::uuid",
                    .uuid(entry.record.id)
                ).first
            )
            #expect(try row.bytes(0) == entry.record.canonicalForm)
        }
    }

    @Test("every event is sealed once, in its order, in steps of any size", arguments: [1, 4, 10, 1_000])
    func steps(limit: Int) async throws {
        let bench = try await Workbench()
        try bench.addAudit(9)
        let steps = try await bench.sealAll(limit: limit)
        #expect(steps.reduce(0, +) == 10 && steps.allSatisfy { $0 <= limit })
        #expect(try await bench.store.sealAudit(of: bench.issuer) == 0)
        let verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(verdict.broken == nil && verdict.intact == 10 && verdict.unsealed == 0)
        #expect(verdict.head.number == Int64(steps.count))
        let sealed = try bench.texts(
            """
            select encode(substring(entries from i * 48 + 1 for 16), 'hex')::uuid from lastcall.audit_seals,
                generate_series(0, entry_count - 1) i where issuer_key = \(bench.issuer) order by number, i
            """
        )
        #expect(try sealed == bench.auditIDs())
    }

    @Test("the hashes of the first seals are those of the documentation")
    func hashes() async throws {
        let bench = try await Workbench()
        try await bench.sealAll()
        try bench.addAudit(2)
        try await bench.sealAll()
        let seals = try await bench.store.auditSeals(of: bench.issuer, below: nil, limit: 10)
        #expect(seals.map(\.number) == [2, 1])
        #expect(seals[1].previousHash == AuditSeal.genesis(ofIssuer: bench.issuer))
        #expect(seals[0].previousHash == seals[1].hash)
        #expect(try await bench.store.auditSeals(of: bench.issuer, below: 2, limit: 10).map(\.number) == [1])
        #expect(seals[0].entryCount == 2)
        #expect([seals[0].firstID, seals[0].lastID].map(\.lowercased) == (try bench.auditIDs().suffix(2)))
    }

    @Test("a step that a crash cuts off has sealed nothing, and the next one does")
    func crash() async throws {
        let bench = try await Workbench()
        try bench.addAudit(5)
        try await bench.awaitSettled()
        struct Crash: Error {}
        let other = try Workbench.connect()
        let seal = try #require(try SealStep.statement())
        #expect(throws: Crash.self) {
            try other.transaction { connection in
                let rows = try connection.query(seal, .int4(bench.issuer), .int4(3))
                #expect(try rows.first?.int4(1) == 3)
                throw Crash()
            }
        }
        #expect(try bench.number("select count(*) from lastcall.audit_seals") == 0)
        #expect(try await bench.sealAll() == [6])
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == nil)
    }

    @Test("many sealers at once seal every event once")
    func concurrent() async throws {
        let bench = try await Workbench(connections: 8)
        try bench.addAudit(99)
        try await bench.awaitSettled()
        let store = bench.store
        let issuer = bench.issuer
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var sum = 0
                    for _ in 0..<20 { sum += try await store.sealAudit(of: issuer, limit: 7) ?? 0 }
                    return sum
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(counts + (try await bench.sealAll()).reduce(0, +) == 100)
        let verdict = try await store.verifyAudit(of: issuer)
        #expect(verdict.broken == nil && verdict.intact == 100)
    }

    @Test("while one process has the turn, another goes on with something else")
    func turn() async throws {
        let bench = try await Workbench()
        try bench.addAudit(1, issuer: 0)
        try await bench.awaitSettled()
        let other = try Workbench.connect()
        try other.execute(
            script: "select pg_advisory_lock(hashtextextended('lastcall.audit_seals', \(bench.issuer)))"
        )
        #expect(try await bench.store.sealAudit(of: bench.issuer) == nil)
        #expect(try await bench.store.sealAudit(of: 0) == 1)
    }

    @Test("an event whose transaction still runs is not passed over: what comes after it waits")
    func lateCommit() async throws {
        let bench = try await Workbench()
        try await bench.sealAll()
        let late = try Workbench.connect()
        try late.execute(script: "begin")
        try bench.addAudit(1, on: late)
        try bench.addAudit(2)
        #expect(try await bench.store.sealAudit(of: bench.issuer) == 0)
        #expect(try await bench.store.verifyAudit(of: bench.issuer).unsealed == 2)
        try late.execute(script: "commit")
        #expect(try await bench.sealAll() == [3])
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == nil)
    }

    @Test("a deleted issuer's trail is still sealed, and can be verified")
    func deletedIssuer() async throws {
        let bench = try await Workbench()
        try bench.addAudit(3)
        try await bench.store.deleteIssuer(
            named: "acme",
            force: false,
            note: AuditNote(.issuerChanged, actor: "test")
        )
        try await bench.awaitSettled()
        #expect(Set(try await bench.store.auditBacklog()) == [0, bench.issuer])
        try await bench.sealAll()
        try await bench.sealAll(0)
        let chains = try await bench.store.auditChains()
        #expect(chains.map(\.issuer) == [0, bench.issuer] && chains.map(\.name) == [nil, nil])
        for (issuer, _) in chains {
            #expect(try await bench.store.verifyAudit(of: issuer).broken == nil)
        }
        #expect(try await bench.store.auditBacklog().isEmpty)
    }

    @Test("a look finds the issuers with something new, wherever the one before it ended")
    func looks() async throws {
        let bench = try await Workbench()
        let other = try await Workbench.putIssuer("other", in: bench.store)
        try await bench.awaitSettled()
        let first = try await bench.store.unsealedAudit(after: .beginning)
        #expect(Set(first.issuers) == [bench.issuer, other])
        #expect(try await bench.store.unsealedAudit(after: first.end).issuers.isEmpty)
        try bench.addAudit(1, issuer: other)
        try await bench.awaitSettled()
        #expect(try await bench.store.unsealedAudit(after: first.end).issuers == [other])
        // What was sealed meanwhile, by whomever, is not looked at again.
        try await bench.sealAll(other)
        #expect(try await bench.store.unsealedAudit(after: first.end).issuers.isEmpty)
        #expect(try await bench.store.auditBacklog() == [bench.issuer])
    }
}

/// The statement of a step, for a test that cuts it off.
private enum SealStep {
    static func statement() throws -> PostgresStatement? {
        SQLText.queries.first { $0.name == "audit_seal" }.map {
            PostgresStatement(name: $0.name, text: $0.text)
        }
    }
}
