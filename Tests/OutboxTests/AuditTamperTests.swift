import AuditTrail
import FoundationEssentials
import LastcallTestKit
import LogoutModel
import Outbox
import Testing

@Suite("Tampering with the audit trail", .lastcallDatabase, .timeLimit(.minutes(30)))
struct AuditTamperTests {
    /// Three seals: the issuer's first event, then four, then four.
    static func sealed() async throws -> (bench: Workbench, ids: [UUID]) {
        let bench = try await Workbench()
        try await bench.sealAll()
        try bench.addAudit(8)
        try await bench.sealAll(limit: 4)
        let ids = try bench.auditIDs().compactMap { UUID(uuidString: $0) }
        return (bench, ids)
    }

    @Test(
        "whatever of a sealed event is changed, it is named",
        arguments: [
            "type = 'client.held'", "severity = 'info'", "subject_id = gen_random_uuid()",
            "session_durability = 'volatile'", "client_id = ''", "actor = 'nobody'", "data = null",
            "data = '{\"n\": 7}'",
        ]
    )
    func changed(change: String) async throws {
        let (bench, ids) = try await Self.sealed()
        try bench.run("update lastcall.audit_events set \(change) where audit_id = '\(ids[6])'")
        let verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(verdict.broken == .changed(ids[6], seal: 3))
        #expect(verdict.head.number == 2 && verdict.intact == 5)
    }

    @Test("a sealed event that is gone is named", arguments: [1, 4, 5, 8])
    func missing(place: Int) async throws {
        let (bench, ids) = try await Self.sealed()
        try bench.run("delete from lastcall.audit_events where audit_id = '\(ids[place])'")
        let verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(verdict.broken == .missing(ids[place], seal: place < 5 ? 2 : 3))
    }

    @Test(
        "events that were slipped in are named, however many and wherever they stand",
        arguments: [
            (0, 1, 1), (1, 1, 2), (4, 1, 2), (5, 1, 3), (8, 1, 3), (0, 50, 1), (3, 50, 2), (8, 50, 3),
        ]
    )
    func inserted(place: Int, count: Int, seal: Int64) async throws {
        let (bench, ids) = try await Self.sealed()
        // Just before a sealed event, with ids that are a little lower.
        try bench.run(
            """
            insert into lastcall.audit_events (audit_id, issuer_key, type, severity, actor, xact)
            select encode(overlay(uuid_send(audit_id) placing int8send(low - n) from 9), 'hex')::uuid, issuer_key, type, severity,
                actor, xact
            from (select *, ('x' || encode(substring(uuid_send(audit_id) from 9), 'hex'))::bit(64)::bigint as low
                from lastcall.audit_events where audit_id = '\(ids[place])') e, generate_series(1, \(count)) n
            """
        )
        let broken = try #require(try await bench.store.verifyAudit(of: bench.issuer).broken)
        #expect(broken.code == "inserted" && broken.seal == seal, "\(broken)")
        #expect(broken.entry.map { !ids.contains($0) } == true)
    }

    @Test("an event that was moved in the order is named")
    func moved() async throws {
        let (bench, ids) = try await Self.sealed()
        try bench.run("update lastcall.audit_events set xact = '5' where audit_id = '\(ids[7])'")
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == .inserted(ids[7], seal: 1))
    }

    @Test(
        "a seal that was changed is named",
        arguments: [
            ("hash = sha256(hash)", 2), ("previous_hash = sha256(hash)", 2),
            ("entries = substring(entries from 1 for 191) || '\\x00'", 2),
            ("entries = substring(entries from 1 for 144), entry_count = 3", 2),
            ("last_id = first_id", 2), ("last_xact = '1'", 2),
        ]
    )
    func brokenSeal(change: String, number: Int64) async throws {
        let (bench, _) = try await Self.sealed()
        try bench.run(
            "update lastcall.audit_seals set \(change) where issuer_key = \(bench.issuer) and number = 2"
        )
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == .brokenSeal(number))
    }

    @Test("a seal that is gone is named", arguments: [1, 2])
    func missingSeal(number: Int64) async throws {
        let (bench, _) = try await Self.sealed()
        try bench.run(
            "delete from lastcall.audit_seals where issuer_key = \(bench.issuer) and number = \(number)"
        )
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == .missingSeal(number))
    }

    @Test("an end that was cut off and sealed anew is found out by the head that was kept")
    func keptHead() async throws {
        let (bench, ids) = try await Self.sealed()
        let kept = try await bench.store.verifyAudit(of: bench.issuer).head
        #expect(kept.number == 3)
        try bench.run(
            """
            delete from lastcall.audit_seals where issuer_key = \(bench.issuer) and number = 3;
            delete from lastcall.audit_events where audit_id = '\(ids[8])'
            """
        )
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == nil)
        #expect(
            try await bench.store.verifyAudit(of: bench.issuer, expecting: kept).broken == .cutOff(head: 3)
        )
        try await bench.sealAll()
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == nil)
        #expect(
            try await bench.store.verifyAudit(of: bench.issuer, expecting: kept).broken == .otherHead(3)
        )
    }

    @Test(
        "what is gone is no longer kept where retention has noted it, else missing",
        arguments: [1, 3, 5, 9]
    )
    func retention(count: Int) async throws {
        let (bench, ids) = try await Self.sealed()
        let last = ids.sorted()[count - 1]
        let next = count < 9 ? ids.sorted()[count].lowercased : "ffffffff-ffff-ffff-ffff-ffffffffffff"
        try bench.run("delete from lastcall.audit_events where audit_id <= '\(last)'")
        #expect(try await bench.store.verifyAudit(of: bench.issuer).broken == .missing(ids[0], seal: 1))
        try bench.run(
            """
            insert into lastcall.audit_marks (issuer_key, kept_from) values (\(bench.issuer), '\(next)')
            """
        )
        let verdict = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(verdict.broken == nil && verdict.head.number == 3)
        #expect(verdict.notKept == count && verdict.intact == 9 - count)
    }

    @Test("a trail without events, or without seals, is intact")
    func empty() async throws {
        let bench = try await Workbench()
        let none = try await bench.store.verifyAudit(of: 0)
        #expect(none.broken == nil && none.head.number == 0 && none.unsealed == 0)
        try bench.addAudit(3)
        let unsealed = try await bench.store.verifyAudit(of: bench.issuer)
        #expect(unsealed.broken == nil && unsealed.intact == 0 && unsealed.unsealed == 4)
        #expect(try await bench.store.verifyAudit(of: 0, expecting: none.head).broken == nil)
    }

    @Test("a long trail is verified seal by seal")
    func long() async throws {
        let bench = try await Workbench()
        for _ in 0..<5 { try bench.addAudit(1_000) }
        let steps = try await bench.sealAll()
        #expect(steps == [1_000, 1_000, 1_000, 1_000, 1_000, 1])
        var seen: [Int64] = []
        let verdict = try await bench.store.verifyAudit(of: bench.issuer) { seen.append($0) }
        #expect(verdict.broken == nil && verdict.intact == 5_001 && seen == Array(1...6))
    }
}
