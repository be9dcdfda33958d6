import IntakeAPI
import LastcallTestKit
import Outbox
import Testing

@Suite("Calls in progress", .lastcallDatabase)
struct CallsInProgressTests {
    @Test("calls beyond the limit are answered 503, health checks are not, and an ended call makes room")
    func limit() async throws {
        let api = try await TestAPI.withIssuer { $0.inProgressLimit = 1 }
        let (body, sender) = AsyncStream.makeStream(of: Void.self)
        async let slow = api.api.respond(
            to: APIRequest(
                method: "POST",
                path: "/v1/issuers/acme/logout-events",
                headers: [
                    ("authorization", "Bearer \(TestAPI.operatorKey)"), ("content-type", "application/json"),
                ]
            ) { _ in
                for await _ in body {}
                return Array(#"{"targets": []}"#.utf8)
            }
        )
        try await eventually("a call in progress") { api.api.calls.count == 1 }
        let refused = await api.call("GET /v1/issuers")
        #expect(refused.refusal == .init(503, "unavailable") && refused.header("Retry-After") == ["1"])
        #expect(await api.call("GET /healthz", key: nil).status == 200)
        #expect(await api.call("GET /readyz", key: nil).status == 200)
        sender.finish()
        #expect(await slow.status == 202)
        #expect(await api.call("GET /v1/issuers").status == 200)
        #expect(api.api.calls.count == 0 && api.api.calls.refusedCount == 1)
    }

    @Test("a call that waits for the end of an event takes nobody's place")
    func waiting() async throws {
        let api = try await TestAPI.withIssuer { $0.inProgressLimit = 1 }
        try await api.makeClient("rp")
        let id = try await api.makeEvent()
        async let waiting = api.call("GET /v1/issuers/acme/logout-events/\(id)?wait=30")
        try await eventually("a call that waits") { api.api.ends.count == 1 }
        #expect(await api.call("GET /v1/issuers").status == 200)
        #expect(api.api.calls.count == 0)
        try api.endAll()
        #expect(await waiting.status == 200)
        #expect(api.api.calls.count == 0)
    }

    @Test("a body that does not come in time is 408, and nothing is changed")
    func tooSlow() async throws {
        let api = try await TestAPI.withIssuer()
        let answer = Answer(
            await api.api.respond(
                to: APIRequest(
                    method: "POST",
                    path: "/v1/issuers/acme/logout-events",
                    headers: [
                        ("authorization", "Bearer \(TestAPI.operatorKey)"),
                        ("content-type", "application/json"),
                    ]
                ) { _ in throw APIRequest.BodyTooSlow() }
            )
        )
        #expect(answer.refusal == .init(408, "request_timeout"))
        #expect(try api.sqlTexts("select event_id::text from lastcall.logout_events").isEmpty)
    }
}
