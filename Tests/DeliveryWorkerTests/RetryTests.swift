import AuditTrail
import DeliveryPolicy
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import Testing

@Suite("Retries of deliveries", .lastcallDatabase, .serialized)
struct RetryTests {
    /// How long a delivery waits after its last attempt, in seconds.
    private func wait(_ found: (delivery: DeliveryRecord, attempts: [AttemptRecord])) throws -> Double {
        let next = try #require(found.delivery.nextAttemptAt)
        let last = try #require(found.attempts.last).finishedAt
        return Double(next.microseconds - last.microseconds) / 1e6
    }

    @Test(
        "the client's own waits are kept, with their jitter",
        arguments: [(1, 500.0...1_501), (2, 5_000.0...15_001)]
    )
    func waits(attempts: Int, range: ClosedRange<Double>) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(500))
            let waits = attempts == 1 ? "[1000, 9]" : "[0.01, 10000]"
            try await bench.addClient(uri: rp.uri(), delivery: #"{"retry_waits_seconds": \#(waits)}"#)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let found = try await bench.retrying(event, attempts: attempts)
                let seconds = try wait(found)
                #expect(range.contains(seconds))
                #expect(found.delivery.reason == "server_error")
                #expect(found.delivery.attemptCount == attempts)
            }
        }
    }

    @Test(
        "Retry-After is a floor for the wait, up to the client's cap",
        arguments: [
            (503, "100", 3_600, 100.0...105), (429, "100", 3_600, 100.0...105),
            (503, "100000", 60, 60.0...65),
            (429, "100", 0, 0.0...5), (503, "soon", 3_600, 0.0...5),
            (429, "Fri, 31 Dec 1999 23:59:59 GMT", 60, 0.0...5),
        ]
    )
    func retryAfter(status: Int, value: String, cap: Int, range: ClosedRange<Double>) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(status, headers: ["Retry-After: \(value)"]))
            // The second nominal wait keeps the delivery where it is while the test looks at it.
            try await bench.addClient(
                uri: rp.uri(),
                delivery: #"{"retry_waits_seconds": [0.5], "retry_after_cap_seconds": \#(cap)}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let seconds = try wait(await bench.retrying(event))
                #expect(range.contains(seconds))
            }
        }
    }

    @Test("the last attempt that counts ends the delivery", arguments: [1, 3])
    func attemptsExhausted(most: Int) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(500))
            try await bench.addClient(
                uri: rp.uri(),
                delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": \#(most)}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.reason == "attempts_exhausted")
                #expect(try end.attempts.count == most)
                #expect(rp.received.count == most)
            }
        }
    }

    @Test("a delivery whose deadline passes while it waits ends as expired, and nothing is sent for it")
    func deadlineWhileWaiting() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(500))
            try await bench.addClient(uri: rp.uri(), delivery: #"{"retry_waits_seconds": [1000]}"#)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                _ = try await bench.retrying(event)
                try await bench.execute("update lastcall.delivery_queue set deliver_before = now()")
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "expired")
                #expect(try end.delivery.reason == "deadline_passed")
                #expect(try end.attempts.map(\.outcome) == ["server_error"])
                #expect(rp.received.count == 1)
                #expect(end.event.status == .failed)
            }
            let types = try await bench.audit(event).map(\.type)
            #expect(types.contains("logout.back_channel.expired"))
        }
    }

    @Test("an attempt lasts no longer than what is left to the deadline")
    func deadlineInFlight() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .hang)
            try await bench.addClient(uri: rp.uri(), delivery: #"{"attempt_timeout_seconds": 60}"#)
            try await bench.withWorker { _ in
                let event = try await bench.logout(within: 3)
                _ = try await rp.next()
                let end = try await bench.end(of: event)
                #expect(try end.delivery.reason == "deadline_passed")
                #expect(try end.attempts.map(\.outcome) == ["timeout"])
            }
        }
    }

    @Test("a URI that is mended while a delivery waits is used by the next attempt")
    func mendedURI() async throws {
        try await Bench.run { bench in
            let broken = try Bench.relyingParty(.expired)
            let good = try Bench.relyingParty()
            try await bench.addClient(uri: broken.uri())
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                _ = try await eventually("a failed attempt") {
                    try await bench.delivery(event).attempts.isEmpty ? nil : true
                }
                try await bench.addClient(uri: good.uri())
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "delivered")
                #expect(good.received.count == 1)
                #expect(try await bench.verified(good.received).count == 1)
            }
        }
    }

    @Test("a URI that is taken away while a delivery waits leaves it not covered")
    func removedURI() async throws {
        try await Bench.run { bench in
            let broken = try Bench.relyingParty(.expired)
            try await bench.addClient(uri: broken.uri())
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                _ = try await eventually("a failed attempt") {
                    try await bench.delivery(event).attempts.isEmpty ? nil : true
                }
                try await bench.addClient(uri: nil)
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "not_covered")
                #expect(try end.delivery.reason == "no_backchannel_logout_uri")
                // The claim that found no URI sent nothing, so it counts for nothing.
                #expect(try end.delivery.attemptCount == end.attempts.count)
            }
        }
    }

    @Test("a client without a key to sign for it waits, and is told once there is one")
    func signingFailed() async throws {
        try await Bench.run(alg: .es384) { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri(), alg: .es256)
            let event = try await bench.logout()
            try await bench.withWorker { _ in
                _ = try await eventually("an attempt that could not be signed") {
                    try await bench.delivery(event).attempts.first?.outcome == "signing_failed" ? true : nil
                }
                #expect(rp.connections == 0)
                let key = try await bench.addKey(.es256)
                let end = try await bench.end(of: event)
                #expect(try end.delivery.status == "delivered")
                let last = try #require(try end.attempts.last)
                #expect(last.outcome == "delivered")
                #expect(last.kid == key.kid)
                let earlier = try end.attempts.dropLast()
                #expect(earlier.allSatisfy { $0.outcome == "signing_failed" && $0.jti == nil })
                #expect(rp.received.count == 1)
                _ = try await bench.verified(rp.received)
            }
        }
    }

    @Test("a key that another key-encryption key sealed signs nothing")
    func sealedElsewhere() async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty()
            try await bench.addClient(
                uri: rp.uri(),
                delivery: #"{"retry_waits_seconds": [0.01], "max_attempts": 2}"#
            )
            let event = try await bench.logout()
            try await bench.withWorker { settings, _ in
                let other = [UInt8](repeating: 8, count: 32)
                settings.keyEncryptionKey =
                    (try? KeyEncryptionKey(base64: Base64.encode(other)))
                    ?? settings.keyEncryptionKey
            } _: { _ in
                let end = try await bench.end(of: event)
                #expect(try end.attempts.map(\.outcome) == ["signing_failed", "signing_failed"])
                #expect(rp.connections == 0)
            }
        }
    }

    @Test("a refusal after an attempt of a lost worker is kept as such", arguments: [400, 500])
    func rejectedAfterUnknown(status: Int) async throws {
        try await Bench.run { bench in
            let rp = try Bench.relyingParty(standing: .status(400))
            rp.script(.status(status))
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            let lost = try await bench.store.registerWorker(named: "lost")
            let lane = try #require(event.lanes.first)
            let claim = LaneClaim(client: lane, lowWater: Timestamp(microseconds: .min), quota: 1)
            let brief = ClaimDefaults(
                leaseSeconds: 0,
                marginSeconds: 0,
                maxInFlight: 1,
                attemptTimeoutSeconds: 0
            )
            let batch = try await bench.store.claim([claim], limit: 1, worker: lost, defaults: brief)
            #expect(batch.deliveries.count == 1)
            try await bench.withWorker { _ in
                let end = try await bench.end(of: event)
                #expect(try end.delivery.reason == "rejected")
                #expect(try end.delivery.flags == ["rejected_after_unknown"])
                let between = status == 400 ? [] : ["server_error"]
                #expect(try end.attempts.map(\.outcome) == ["unknown"] + between + ["rejected"])
                #expect(try end.attempts.first?.worker == "lost")
                #expect(try end.attempts.first?.jti == nil)
            }
        }
    }
}
