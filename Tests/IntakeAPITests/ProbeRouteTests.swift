import LastcallTestKit
import LogoutModel
import Outbox
import StrictJSON
import Testing

/// The worker's side of a probe is done by the test itself, through the outbox.
@Suite("Probing a client", .lastcallDatabase)
struct ProbeRouteTests {
    static let line = "POST /v1/issuers/acme/clients/rp/probe"
    static let brief =
        #"{"backchannel_logout_uri": "https://rp.example/logout", "delivery": {"attempt_timeout_seconds": 0.5}}"#

    private func take(_ store: OutboxStore, _ worker: Int32) async throws -> TakenProbe {
        try await eventually("a probe") {
            try await store.takeProbes(limit: 1, worker: worker, usualTimeout: 5).first
        }
    }

    @Test("the caller is answered with what the worker wrote down, and with these members")
    func answered() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let key = try await api.makeKey(of: "acme", ["operate"])
        try await api.withStore { store, worker in
            async let answer = api.call(Self.line, key: key)
            let result = ProbeResult(
                outcome: .rejected,
                httpStatus: 400,
                latencyMilliseconds: 17,
                error: "invalid_request",
                errorDescription: "no such sid"
            )
            try await store.finishProbe(take(store, worker).id, worker: worker, result)
            #expect(
                await answer.text
                    == #"{"outcome":"rejected","http_status":400,"latency_ms":17,"error":"invalid_request","error_description":"no such sid"}"#
            )
            #expect(await answer.status == 200)
        }
        let audit =
            await api.call("GET /v1/issuers/acme/audit-events?type=client.probed")["items"]?.elements ?? []
        #expect(audit.count == 1)
        #expect(audit.first?["client_id"] == .string("rp"))
        #expect(audit.first?["actor"]?.string.map { key.contains($0.filter { $0 != "-" }) } == true)
        #expect(audit.first?["data"]?["outcome"] == .string("rejected"))
    }

    @Test("where no worker takes it, it is refused, withdrawn, and never sent later")
    func noWorker() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp", Self.brief)
        let answer = await api.call(Self.line)
        #expect(answer.refusal == .init(503, "unavailable") && answer.header("Retry-After") == ["1"])
        #expect(try api.sqlTexts("select probe_id::text from lastcall.probes").isEmpty)
        #expect(
            try api.sqlTexts("select type::text from lastcall.audit_events where type = 'client.probed'")
                .isEmpty
        )
    }

    @Test("where its worker is lost, the outcome is unknown, and audited so once")
    func lostWorker() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp", Self.brief)
        try await api.withStore { store, worker in
            async let answer = api.call(Self.line)
            let taken = try await take(store, worker)
            #expect(
                await answer.text
                    == #"{"outcome":"unknown","http_status":null,"latency_ms":null,"error":null,"error_description":null}"#
            )
            #expect(try await !store.finishProbe(taken.id, worker: worker, ProbeResult(outcome: .delivered)))
        }
        #expect(
            try api.sqlTexts(
                "select data ->> 'outcome' from lastcall.audit_events where type = 'client.probed'"
            ) == ["unknown"]
        )
    }

    @Test("a client without a URI cannot be probed; an unknown one is not there; a body is not taken")
    func refused() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp", "{}")
        #expect(
            await api.call(Self.line).refusal
                == .init(400, "invalid_client_metadata", "/backchannel_logout_uri")
        )
        #expect(
            await api.call(Self.line.replacing("/rp/", with: "/ghost/")).refusal == .init(404, "not_found")
        )
        #expect(
            await api.call(Self.line, json: #"{"sid": "x"}"#).refusal == .init(400, "invalid_request", "/sid")
        )
        #expect(await api.call(Self.line + "?wait=5").refusal.code == "invalid_request")
        let key = try await api.makeKey(of: "acme", ["logout", "sessions", "clients", "read", "admin"])
        #expect(await api.call(Self.line, key: key).refusal == .init(403, "insufficient_scope"))
        #expect(try api.sqlTexts("select probe_id::text from lastcall.probes").isEmpty)
    }
}
