import LastcallTestKit
import Synchronization
import Testing

@Suite("A fleet behind an egress proxy", .lastcallDatabase, .serialized)
struct ProxyFleetTests {
    @Test("what the proxy refuses is retried, never taken for an answer; its password is nowhere to be read")
    func refusedThenDelivered() async throws {
        let party = try Fleet.relyingParty()
        let calls = Mutex(0)
        let proxy = try ScriptedProxy { _ in
            let call = calls.withLock { calls in
                calls += 1
                return calls
            }
            return call == 1 ? .refuse(407) : .tunnel
        }
        let fleet = try Fleet([
            "LASTCALL_EGRESS_PROXY": "http://127.0.0.1:\(proxy.port)",
            "LASTCALL_EGRESS_PROXY_CREDENTIALS": "op:hunter2-secret", "LASTCALL_LOG_LEVEL": "trace",
        ])
        try await fleet.prepare(["rp": party.uri()])
        let worker = try await fleet.start("work")
        let event = try await fleet.logout("rp")
        let delivery = try #require(try await fleet.end(of: event).first)
        #expect(try delivery.text("status") == "delivered")
        #expect(try delivery.attempts("outcome") == ["unreachable", "delivered"])
        #expect(try delivery.attempts("error") == ["egress_proxy_refused", nil])
        #expect(
            try delivery.attempts("error_description") == ["the egress proxy answered CONNECT with 407", nil]
        )
        #expect(try delivery.attempts("remote_address") == ["127.0.0.1", "127.0.0.1"])
        #expect(party.received.count == 1)
        #expect(proxy.received.map(\.target) == ["127.0.0.1:\(party.port)", "127.0.0.1:\(party.port)"])
        #expect(await worker.process.stop() == .exit(0))
        #expect(worker.process.errors.contains("relying parties are called through a proxy"))
        #expect(!worker.process.errors.contains("hunter2"))
    }
}
