@testable import Chaos

/// Evidence that balances: call 0 with two targets, call 1 whose delivery was made twice because a worker was lost, and a flawed
/// call that was refused. Tests forge one entry of it.
enum ForgedEvidence {
    static func balanced() -> Evidence {
        var evidence = Evidence()
        evidence.calls = [call(0, parties: [0, 1]), call(1, parties: [2]), flawed(2)]
        evidence.posts = [
            post(0, sid: "s-0-0", jti: "j0"), post(1, sid: "s-0-1", jti: "j1"),
            post(2, sid: "s-1-0", jti: "j2", answer: nil),
            post(2, sid: "s-1-0", jti: "j3", at: 12_000_000_000),
        ]
        evidence.deliveries = [
            DeliveryRow(
                id: "d0",
                event: "e0",
                client: "c0",
                sid: "s-0-0",
                status: "delivered",
                attempts: 1,
                endedAt: 1
            ),
            DeliveryRow(
                id: "d1",
                event: "e0",
                client: "c1",
                sid: "s-0-1",
                status: "delivered",
                attempts: 1,
                endedAt: 1
            ),
            DeliveryRow(
                id: "d2",
                event: "e1",
                client: "c2",
                sid: "s-1-0",
                status: "delivered",
                attempts: 2,
                endedAt: 1
            ),
        ]
        evidence.attempts = [
            attempt("d0", 1, "delivered", jti: "j0"), attempt("d1", 1, "delivered", jti: "j1"),
            attempt("d2", 1, "unknown", worker: "host-77"),
            attempt("d2", 2, "delivered", jti: "j3", at: 12_000_000),
        ]
        evidence.losses = [WorkerLoss(pid: 77, at: 2_000_000)]
        evidence.events = [
            EventRow(id: "e0", status: "completed", counts: ["open": 0, "delivered": 2, "failed": 0]),
            EventRow(id: "e1", status: "completed", counts: ["open": 0, "delivered": 1, "failed": 0]),
        ]
        for event in ["e0", "e1"] {
            evidence.audit.append(AuditCount(subject: event, type: "logout.accepted", word: "", count: 1))
            evidence.audit.append(
                AuditCount(subject: event, type: "logout.ended", word: "completed", count: 1)
            )
        }
        for delivery in ["d0", "d1", "d2"] {
            evidence.audit.append(
                AuditCount(subject: delivery, type: "logout.back_channel.delivered", word: "", count: 1)
            )
        }
        evidence.audit.append(
            AuditCount(subject: "d2", type: "logout.back_channel.attempted", word: "unknown", count: 1)
        )
        let usage = [ProcessUsage(role: "worker", memory: 60, descriptors: 100, threads: 12)]
        evidence.usage = (usage, usage)
        return evidence
    }

    static func call(_ number: Int, parties: [Int]) -> LogoutCall {
        let targets = parties.enumerated().map { place, party in
            LogoutCall.Target(party: party, sub: "u", sid: "s-\(number)-\(place)")
        }
        var call = LogoutCall(number: number, key: "k\(number)", targets: targets)
        call.outcome = .accepted(event: "e\(number)")
        return call
    }

    static func flawed(_ number: Int) -> LogoutCall {
        let target = LogoutCall.Target(party: 3, sub: "u", sid: "s-\(number)-0")
        var call = LogoutCall(number: number, key: "k\(number)", targets: [target], isFlawed: true)
        call.outcome = .refused(status: 400)
        return call
    }

    static func post(
        _ party: Int,
        sid: String,
        jti: String,
        at arrivedAt: UInt64 = 1_000_000_000,
        answer: Int? = 200
    ) -> PostRecord {
        PostRecord(
            ReceivedPost(party: party, arrivedAt: arrivedAt, body: "", answer: answer),
            aud: "c\(party)",
            sid: sid,
            jti: jti
        )
    }

    static func attempt(
        _ delivery: String,
        _ number: Int,
        _ outcome: String,
        jti: String? = nil,
        worker: String = "host-78",
        at startedAt: Int64 = 1_000_000
    ) -> AttemptRow {
        AttemptRow(
            delivery: delivery,
            number: number,
            startedAt: startedAt,
            outcome: outcome,
            worker: worker,
            jti: jti
        )
    }
}
