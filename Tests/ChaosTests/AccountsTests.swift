import Benchmarks
import Testing

@testable import Chaos

@Suite("Accounts")
struct AccountsTests {
    /// One difference: what is forged, and the check that must see it.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let what: String
        let check: String
        let forge: @Sendable (inout Evidence) -> Void

        var testDescription: String { what }

        init(_ what: String, seenBy check: String, _ forge: @escaping @Sendable (inout Evidence) -> Void) {
            (self.what, self.check, self.forge) = (what, check, forge)
        }
    }

    @Test("what balances balances, with its second POST explained and its takeover timed")
    func balanced() {
        let accounts = Accounts(ForgedEvidence.balanced(), .standard, judgesTimes: false)
        #expect(accounts.isBalanced, "\(accounts.checks.filter { !$0.holds })")
        #expect(accounts.accepted == 2)
        #expect(accounts.refused == 1)
        #expect(accounts.owed == 3)
        #expect(accounts.lost == 0)
        #expect(accounts.duplicatesExplained == 1)
        #expect(accounts.takeover.sorted == [10])
    }

    @Test("each kind of difference is seen, by its own check", arguments: forgeries)
    func seen(_ forgery: Forgery) {
        var evidence = ForgedEvidence.balanced()
        forgery.forge(&evidence)
        let accounts = Accounts(evidence, .standard, judgesTimes: false)
        let failed = accounts.checks.filter { !$0.holds }.map(\.sentence)
        #expect(failed.contains { $0.hasPrefix(forgery.check) }, "only \(failed)")
    }

    @Test("where nothing may be posted twice, an explained second POST and a lost attempt are differences")
    func none() {
        let strict = Expectations { $0.duplicates = .none }
        let failed = Accounts(ForgedEvidence.balanced(), strict, judgesTimes: false).checks.filter {
            !$0.holds
        }
        #expect(failed.map(\.sentence) == ["no delivery is posted twice", "no attempt is lost"])
    }

    @Test("what an asynchronous standby may lose is counted, and no difference")
    func mayLose() {
        var evidence = ForgedEvidence.balanced()
        forgetCall(1, &evidence)
        evidence.posts.removeAll { $0.sid == "s-1-0" }
        let accounts = Accounts(evidence, Expectations { $0.mayLose = true }, judgesTimes: false)
        #expect(accounts.isBalanced)
        #expect(accounts.lost == 1)
        #expect(!Accounts(evidence, .standard, judgesTimes: false).isBalanced)
    }

    @Test(
        "a claim that Postgres lost in a crash may leave a POST without its attempt, only where that is expected"
    )
    func mayLoseClaims() {
        var evidence = ForgedEvidence.balanced()
        evidence.posts.append(ForgedEvidence.post(0, sid: "s-0-0", jti: "j9", answer: nil))
        #expect(!Accounts(evidence, .standard, judgesTimes: false).isBalanced)
        #expect(Accounts(evidence, Expectations { $0.mayLoseClaims = true }, judgesTimes: false).isBalanced)
    }

    @Test("late deliveries after a fault are seen where times are judged")
    func times() {
        var evidence = ForgedEvidence.balanced()
        let second: UInt64 = 1_000_000_000
        (evidence.faultBegan, evidence.faultEnded, evidence.loadEnded) = (
            10 * second, 20 * second, 90 * second
        )
        evidence.posts = []
        evidence.calls = (0..<160).map { number in
            var call = ForgedEvidence.call(number, parties: [0])
            call.dueAt = UInt64(number) * second / 2
            return call
        }
        func deliver(after delay: (UInt64) -> UInt64) {
            evidence.posts = evidence.calls.map { call in
                ForgedEvidence.post(
                    0,
                    sid: call.targets[0].sid,
                    jti: call.key,
                    at: call.dueAt + delay(call.dueAt)
                )
            }
        }
        func failures() -> [String] {
            Accounts(evidence, .standard).checks.filter { !$0.holds }.map(\.sentence)
                .filter { $0.contains("after the fault") }
        }
        deliver { _ in second / 100 }
        #expect(failures().isEmpty)
        deliver { $0 > 20 * second && $0 < 70 * second ? second : second / 100 }
        #expect(Accounts(evidence, .standard).recovery == 50)
        deliver { $0 > 20 * second ? second : second / 100 }
        #expect(failures() == ["p99 is back after the fault within 60 s"])
        deliver { $0 > 10 * second ? 20 * second : second / 100 }
        #expect(failures().contains("the first delivery after the fault within 5 s"))
    }

    private func forgetCall(_ number: Int, _ evidence: inout Evidence) {
        let gone = evidence.deliveries.filter { $0.event == "e\(number)" }.map(\.id)
        evidence.events.removeAll { $0.id == "e\(number)" }
        evidence.deliveries.removeAll { gone.contains($0.id) }
        evidence.attempts.removeAll { gone.contains($0.delivery) }
        evidence.audit.removeAll { gone.contains($0.subject) || $0.subject == "e\(number)" }
    }
}

extension AccountsTests {
    static let forgeries: [Forgery] = calls + ends + posts + trail

    private static let calls: [Forgery] = [
        Forgery("a call is never answered", seenBy: "every call is answered") { $0.calls[0].outcome = .open },
        Forgery("a good call is refused", seenBy: "a call is refused where it is flawed") {
            $0.calls[0].outcome = .refused(status: 409)
        },
        Forgery("a flawed call is accepted", seenBy: "a call is refused where it is flawed") {
            $0.calls[2].outcome = .accepted(event: "e2")
        },
        Forgery("a repeated key makes another event", seenBy: "a repeated key") {
            $0.calls[0].otherEvents = ["e9"]
        },
        Forgery("two calls get one event", seenBy: "no two calls have one event") {
            $0.calls[1].outcome = .accepted(event: "e0")
        },
        Forgery("an event is nobody's", seenBy: "each event is one accepted call's") {
            $0.events.append(EventRow(id: "e9", status: "completed", counts: [:]))
        },
    ]

    private static let ends: [Forgery] = [
        Forgery("an accepted event is gone", seenBy: "every accepted logout has each of its deliveries") {
            $0.events.removeFirst()
        },
        Forgery("a delivery is gone", seenBy: "every accepted logout has each of its deliveries") {
            $0.deliveries.removeFirst()
        },
        Forgery("a target has two deliveries", seenBy: "no target has two deliveries") {
            var second = $0.deliveries[0]
            second.id = "d9"
            $0.deliveries.append(second)
        },
        Forgery("a delivery is another client's", seenBy: "each delivery is of its call's event and client") {
            $0.deliveries[0].client = "c7"
        },
        Forgery("a delivery has no end", seenBy: "nothing is open") { $0.deliveries[0].status = "open" },
        Forgery("an event has no end", seenBy: "nothing is open") { $0.events[0].status = "in_progress" },
        Forgery("a delivery failed", seenBy: "each end is one of delivered") {
            $0.deliveries[0].status = "failed"
        },
        Forgery("an end went back", seenBy: "no end goes back") {
            $0.wentBack = ["d0: delivered, then open"]
        },
    ]

    private static let posts: [Forgery] = [
        Forgery("a refused call is posted", seenBy: "no POST without an accepted logout") {
            $0.posts.append(ForgedEvidence.post(3, sid: "s-2-0", jti: "j9"))
        },
        Forgery("a session that nobody named is posted", seenBy: "no POST without an accepted logout") {
            $0.posts.append(ForgedEvidence.post(3, sid: "other", jti: "j9"))
        },
        Forgery("a POST comes to another RP", seenBy: "each POST is at its own RP") {
            $0.posts[0] = ForgedEvidence.post(5, sid: "s-0-0", jti: "j0")
        },
        Forgery("a token does not verify", seenBy: "each token verifies") { $0.posts[0].defect = "expired" },
        Forgery("a retry has the old jti", seenBy: "no two POSTs have one jti") {
            $0.posts[3] = ForgedEvidence.post(2, sid: "s-1-0", jti: "j2")
        },
        Forgery("what is delivered was never posted", seenBy: "what is delivered was accepted by its RP") {
            $0.posts.removeFirst()
        },
        Forgery("what is delivered was answered 500", seenBy: "what is delivered was accepted by its RP") {
            $0.posts[0] = ForgedEvidence.post(0, sid: "s-0-0", jti: "j0", answer: 500)
        },
        Forgery("a POST has no attempt", seenBy: "each POST has its attempt") { $0.attempts.remove(at: 2) },
        Forgery("two attempts deliver", seenBy: "one attempt delivers what is delivered") {
            $0.attempts[2].outcome = "delivered"
        },
        Forgery("what failed was delivered", seenBy: "one attempt delivers what is delivered") {
            $0.deliveries[0].status = "failed"
        },
        Forgery("a second POST has no reason", seenBy: "a second POST has its reason") {
            $0.attempts[2].outcome = "rejected"
        },
        Forgery("an attempt is not counted", seenBy: "attempts are counted as they are written") {
            $0.deliveries[2].attempts = 1
        },
    ]

    private static let trail: [Forgery] = [
        Forgery("an end is not in the audit trail", seenBy: "the audit trail, folded, is the state") {
            $0.audit.removeAll { $0.subject == "d0" }
        },
        Forgery("a lost attempt is not in the audit trail", seenBy: "the audit trail, folded, is the state") {
            $0.audit.removeLast()
        },
        Forgery("an event is told to have ended twice", seenBy: "the audit trail, folded, is the state") {
            $0.audit[1].count = 2
        },
        Forgery("an event is told to have ended otherwise", seenBy: "the audit trail, folded, is the state") {
            $0.audit[1].word = "failed"
        },
        Forgery(
            "an event counts otherwise than its deliveries",
            seenBy: "the audit trail, folded, is the state"
        ) {
            $0.events[0].counts["delivered"] = 1
        },
        Forgery("the trail tells of what is not", seenBy: "the audit trail, folded, is the state") {
            $0.audit.append(
                AuditCount(subject: "d9", type: "logout.back_channel.delivered", word: "", count: 1)
            )
        },
        Forgery("the seals are broken", seenBy: "the audit trail is what was sealed") {
            $0.auditBreak = "BROKEN"
        },
        Forgery("memory grows", seenBy: "memory, descriptors, threads") { $0.usage.after[0].memory = 400 },
        Forgery("descriptors grow", seenBy: "memory, descriptors, threads") {
            $0.usage.after[0].descriptors = 2_000
        },
        Forgery("threads grow", seenBy: "memory, descriptors, threads") { $0.usage.after[0].threads = 100 },
    ]
}
