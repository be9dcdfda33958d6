import AuditTrail
import DeliveryWorker
import LastcallTestKit
import LogoutModel
import LogoutTokens
import Outbox
import Testing

@Suite("Signing keys that change under a running worker", .lastcallDatabase)
struct KeyChangeTests {
    private let once = #"{"retry_waits_seconds": [0.01], "max_attempts": 1}"#

    @Test("a key signs from the moment it is made active, and nothing once it is retired")
    func rotation() async throws {
        try await Bench.run(alg: nil) { bench in
            let rp = try Bench.relyingParty()
            for kid in ["first", "second"] { try await bench.addKey(.es256, kid: kid) }
            try await bench.addClient(uri: rp.uri(), delivery: once)
            try await bench.withWorker { _ in
                #expect(try await bench.end(of: bench.logout()).attempts.map(\.kid) == ["first"])
                try await bench.activate("second")
                #expect(try await bench.end(of: bench.logout()).attempts.map(\.kid) == ["second"])
                try await bench.activate("first")
                #expect(try await bench.end(of: bench.logout()).attempts.map(\.kid) == ["first"])
                try await bench.retire("first")
                let unsigned = try await bench.end(of: bench.logout()).attempts
                #expect(unsigned.map(\.outcome) == ["signing_failed"] && unsigned.map(\.kid) == [nil])
            }
            #expect(try await bench.verified(rp.received).map(\.kid) == ["first", "second", "first"])
        }
    }

    @Test("a key that was retired while a delivery waits for its retry does not sign the retry")
    func betweenAttempts() async throws {
        try await Bench.run(alg: nil) { bench in
            let rp = try Bench.relyingParty()
            rp.script(.status(503))
            for kid in ["first", "second"] { try await bench.addKey(.es256, kid: kid) }
            try await bench.addClient(uri: rp.uri(), delivery: #"{"retry_waits_seconds": [3600]}"#)
            let event = try await bench.logout()
            try await bench.withWorker { worker in
                _ = try await bench.retrying(event)
                try await bench.activate("second")
                try await bench.execute("update lastcall.delivery_queue set due_at = now()")
                worker.wake(event.lanes)
                #expect(try await bench.end(of: event).attempts.map(\.kid) == ["first", "second"])
            }
        }
    }
}

extension Bench {
    /// Whatever the rules of the API say of it.
    fileprivate func activate(_ kid: String) async throws {
        let note = AuditNote(.signingKeyActivated, actor: "test")
        _ = try await store.activateSigningKey(kid, ofIssuerNamed: Self.name, note: note) { _, _ in }
    }

    fileprivate func retire(_ kid: String) async throws {
        let note = AuditNote(.signingKeyRetired, actor: "test")
        _ = try await store.retireSigningKey(kid, ofIssuerNamed: Self.name, note: note) { _, _ in }
    }
}
