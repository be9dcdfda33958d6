import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("Cancel, redeliver, redeliveries", .lastcallDatabase)
struct OperateTests {
    static let events = "/v1/issuers/acme/logout-events"
    static let deliveries = "/v1/issuers/acme/deliveries"
    static let redeliveries = "/v1/issuers/acme/redeliveries"
    static let members = [
        "id", "status", "matched", "done", "filter", "dry_run", "deliver_within_seconds", "rate_per_second",
        "created_at", "ended_at",
    ]
    static let unknown = "01900000-0000-7000-8000-000000000001"

    /// An API with a client `rp`, and an event whose one delivery has been cancelled.
    private func cancelled() async throws -> (api: TestAPI, event: String, delivery: String) {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let event = try await api.makeEvent()
        try await api.call("POST \(Self.events)/\(event)/cancel").require(200)
        return (api, event, event.dropLast(6) + "000001")
    }

    @Test("a cancelled event is answered with itself, once; its audit names who did it")
    func cancel() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeClient("rp")
        let event = try await api.makeEvent()
        let key = try await api.makeKey(of: "acme", ["operate"])
        let answer = await api.call("POST \(Self.events)/\(event)/cancel", key: key)
        #expect(answer.status == 200)
        #expect(answer.json.names == LogoutEventTests.members)
        #expect(answer["status"] == .string("cancelled"))
        #expect(answer["delivery_counts"]?["cancelled"]?.int == 1)
        let delivery = try #require(answer["deliveries"]?.elements.first)
        #expect(delivery["status"] == .string("cancelled"))
        #expect(delivery["reason"] == .string("cancelled_by_operator"))
        let again = await api.call("POST \(Self.events)/\(event)/cancel", key: key)
        #expect(again.refusal == .init(409, "already_ended"))
        let trail = await api.call("GET /v1/issuers/acme/audit-events?type=logout.back_channel.cancelled")
        let keyID = await api.call("GET /v1/api-keys")["items"]?.elements.first?["id"]?.string
        #expect(trail["items"]?.elements.map { $0["actor"]?.string } == [keyID])
    }

    @Test(
        "an event of the past, of nobody or of another issuer is not cancelled, nor is anything else in its body"
    )
    func cancelRefused() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        let foreign = try await api.makeEvent(of: "other")
        for id in [foreign, Self.unknown, "1", foreign.dropLast(6) + "000001"] {
            #expect(
                await api.call("POST \(Self.events)/\(id)/cancel").refusal == .init(404, "not_found"),
                "\(id)"
            )
        }
        let own = try await api.makeEvent(targets: "[]")
        #expect(await api.call("POST \(Self.events)/\(own)/cancel").refusal == .init(409, "already_ended"))
        let member = await api.call("POST \(Self.events)/\(own)/cancel", json: #"{"force": true}"#)
        #expect(member.refusal == .init(400, "invalid_request", "/force"))
        let query = await api.call("POST \(Self.events)/\(own)/cancel?force=true")
        #expect(query.refusal == .init(400, "invalid_request"))
    }

    @Test("a redelivered delivery is answered with itself, open, under its id")
    func redeliver() async throws {
        let (api, event, delivery) = try await cancelled()
        let answer = await api.call("POST \(Self.deliveries)/\(delivery)/redeliver")
        #expect(answer.status == 202)
        #expect(answer.json.names == LogoutEventTests.deliveryMembers)
        #expect(answer["id"] == .string(delivery))
        #expect(answer["status"] == .string("pending"))
        #expect(answer["ended_at"] == .null)
        #expect(await api.call("GET \(Self.events)/\(event)")["status"] == .string("in_progress"))
        let again = await api.call("POST \(Self.deliveries)/\(delivery)/redeliver", json: #"{"force": true}"#)
        #expect(again.refusal == .init(409, "not_ended"))
    }

    @Test("a delivered one needs force")
    func force() async throws {
        let (api, _, delivery) = try await cancelled()
        try api.sql("update lastcall.deliveries set status = 'delivered', reason = null")
        let path = "POST \(Self.deliveries)/\(delivery)/redeliver"
        #expect(await api.call(path).refusal == .init(409, "already_delivered"))
        #expect(await api.call(path, json: #"{"force": false}"#).refusal == .init(409, "already_delivered"))
        #expect(await api.call(path, json: #"{"force": true}"#).status == 202)
    }

    @Test(
        "what cannot be meant is refused, and nothing changes",
        arguments: [
            (#"{"force": 1}"#, Answer.Refusal(400, "invalid_request", "/force")),
            (#"{"deliver_within_seconds": 0}"#, .init(400, "invalid_request", "/deliver_within_seconds")),
            (
                #"{"deliver_within_seconds": 2592001}"#,
                .init(400, "invalid_request", "/deliver_within_seconds")
            ),
            (#"{"deliver_within_seconds": 1.5}"#, .init(400, "invalid_request", "/deliver_within_seconds")),
            (#"{"forced": true}"#, .init(400, "invalid_request", "/forced")),
            (#"[]"#, .init(400, "invalid_request", "")),
        ]
    )
    func redeliverRefused(body: String, refusal: Answer.Refusal) async throws {
        let (api, _, delivery) = try await cancelled()
        let answer = await api.call("POST \(Self.deliveries)/\(delivery)/redeliver", json: body)
        #expect(
            answer.refusal.status == refusal.status && answer.refusal.code == refusal.code,
            "\(answer.text)"
        )
        #expect((answer.refusal.pointer ?? "") == (refusal.pointer ?? ""))
        #expect(await api.call("GET \(Self.deliveries)/\(delivery)")["status"] == .string("cancelled"))
    }

    @Test("a deadline of 1 second and one of 30 days are taken", arguments: [1, 2_592_000])
    func deadlines(seconds: Int) async throws {
        let (api, _, delivery) = try await cancelled()
        let body = #"{"deliver_within_seconds": \#(seconds)}"#
        #expect(await api.call("POST \(Self.deliveries)/\(delivery)/redeliver", json: body).status == 202)
    }

    @Test("what is no delivery of this issuer is not found")
    func redeliverUnknown() async throws {
        let (api, event, delivery) = try await cancelled()
        try await api.makeIssuer("other")
        for path in [
            "\(Self.deliveries)/\(event)", "\(Self.deliveries)/\(Self.unknown)", "\(Self.deliveries)/x",
            "/v1/issuers/other/deliveries/\(delivery)",
        ] {
            #expect(await api.call("POST \(path)/redeliver").refusal == .init(404, "not_found"), "\(path)")
        }
    }

    @Test("a redelivery in bulk is answered with itself, shown, listed and cancelled once")
    func redeliveriesLife() async throws {
        let (api, _, delivery) = try await cancelled()
        let body =
            #"{"filter": {"client_id": "rp", "status": "cancelled", "created_after": "2026-01-01T00:00:00+01:00"}, "rate_per_second": 10, "deliver_within_seconds": 60}"#
        let answer = await api.call("POST \(Self.redeliveries)", json: body)
        #expect(answer.status == 202)
        #expect(answer.json.names == Self.members)
        #expect(answer["status"] == .string("running"))
        #expect(answer["matched"]?.int == 1)
        #expect(answer["done"]?.int == 0)
        #expect(answer["rate_per_second"]?.int == 10)
        #expect(answer["deliver_within_seconds"]?.int == 60)
        #expect(answer["dry_run"] == .bool(false))
        #expect(answer["filter"]?["status"] == .array([.string("cancelled")]))
        #expect(answer["filter"]?["created_after"] == .string("2025-12-31T23:00:00.000000Z"))
        let id = try answer.text("id")
        #expect(await api.call("GET \(Self.redeliveries)/\(id)").text == answer.text)
        let list = await api.call("GET \(Self.redeliveries)?status=running")
        #expect(list["items"]?.elements == [answer.json])
        #expect(await api.call("GET \(Self.redeliveries)?status=done")["items"] == .array([]))
        let stopped = await api.call("POST \(Self.redeliveries)/\(id)/cancel")
        #expect(stopped.status == 200)
        #expect(stopped["status"] == .string("cancelled"))
        #expect(stopped.json.names == Self.members)
        #expect(
            await api.call("POST \(Self.redeliveries)/\(id)/cancel").refusal == .init(409, "already_ended")
        )
        #expect(await api.call("GET \(Self.deliveries)/\(delivery)")["status"] == .string("cancelled"))
    }

    @Test("a dry run counts, is done, and changes nothing")
    func dryRun() async throws {
        let (api, _, delivery) = try await cancelled()
        let answer = await api.call(
            "POST \(Self.redeliveries)",
            json: #"{"filter": {"status": ["cancelled"]}, "dry_run": true}"#
        )
        #expect(answer.status == 202)
        #expect(answer["status"] == .string("done"))
        #expect(answer["matched"]?.int == 1 && answer["done"]?.int == 0)
        #expect(answer["rate_per_second"]?.int == 1_000)
        #expect(await api.call("GET \(Self.deliveries)/\(delivery)")["status"] == .string("cancelled"))
        let id = try answer.text("id")
        #expect(
            await api.call("POST \(Self.redeliveries)/\(id)/cancel").refusal == .init(409, "already_ended")
        )
    }

    @Test(
        "a bad redelivery is refused where it is bad, and leaves no row",
        arguments: [
            (#"{}"#, "/filter"), (#"{"filter": null}"#, "/filter"), (#"{"filter": {}}"#, "/filter"),
            (#"{"filter": {"client_id": null, "status": [], "reason": null}}"#, "/filter"),
            (#"{"filter": []}"#, "/filter"), (#"{"filter": {"sub": "s"}}"#, "/filter/sub"),
            (#"{"filter": {"status": "delivered"}}"#, "/filter/status"),
            (#"{"filter": {"status": "pending"}}"#, "/filter/status"),
            (#"{"filter": {"status": ["failed", "held"]}}"#, "/filter/status/1"),
            (#"{"filter": {"status": 1}}"#, "/filter/status"),
            (#"{"filter": {"status": [1]}}"#, "/filter/status/0"),
            (#"{"filter": {"reason": "timeout"}}"#, "/filter/reason"),
            (#"{"filter": {"reason": ["rejected", "Rejected"]}}"#, "/filter/reason/1"),
            (#"{"filter": {"client_id": ""}}"#, "/filter/client_id"),
            (#"{"filter": {"client_id": "é"}}"#, "/filter/client_id"),
            (#"{"filter": {"created_after": "yesterday"}}"#, "/filter/created_after"),
            (#"{"filter": {"created_before": "2026-02-30T00:00:00Z"}}"#, "/filter/created_before"),
            (#"{"filter": {"client_id": "rp"}, "rate_per_second": 0}"#, "/rate_per_second"),
            (#"{"filter": {"client_id": "rp"}, "rate_per_second": 10001}"#, "/rate_per_second"),
            (#"{"filter": {"client_id": "rp"}, "deliver_within_seconds": 0}"#, "/deliver_within_seconds"),
            (#"{"filter": {"client_id": "rp"}, "dry_run": "yes"}"#, "/dry_run"),
            (#"{"filter": {"client_id": "rp"}, "force": true}"#, "/force"),
        ]
    )
    func badRequests(body: String, pointer: String) async throws {
        let api = try await TestAPI.withIssuer()
        let answer = await api.call("POST \(Self.redeliveries)", json: body)
        #expect(answer.refusal == .init(400, "invalid_request", pointer), "\(answer.text)")
        #expect(await api.call("GET \(Self.redeliveries)")["items"] == .array([]))
    }

    @Test("the slowest and the fastest rate are taken", arguments: [1, 10_000])
    func rates(rate: Int) async throws {
        let api = try await TestAPI.withIssuer()
        let body = #"{"filter": {"client_id": "rp"}, "rate_per_second": \#(rate)}"#
        let answer = await api.call("POST \(Self.redeliveries)", json: body)
        #expect(answer.status == 202)
        #expect(answer["rate_per_second"]?.int == rate)
    }

    @Test("a redelivery of nobody or of another issuer is not found")
    func redeliveryUnknown() async throws {
        let api = try await TestAPI.withIssuer()
        try await api.makeIssuer("other")
        let body = #"{"filter": {"client_id": "rp"}}"#
        let id = try await api.call("POST /v1/issuers/other/redeliveries", json: body).text("id")
        for id in [id, Self.unknown, "x"] {
            #expect(await api.call("GET \(Self.redeliveries)/\(id)").refusal == .init(404, "not_found"))
            #expect(
                await api.call("POST \(Self.redeliveries)/\(id)/cancel").refusal == .init(404, "not_found")
            )
        }
        #expect(await api.call("GET \(Self.redeliveries)")["items"] == .array([]))
        #expect(
            await api.call("GET \(Self.redeliveries)?status=ended").refusal == .init(400, "invalid_request")
        )
    }

    @Test(
        "no value in a filter is ever a 500",
        arguments: ["client_id", "status", "reason", "created_after", "created_before"]
    )
    func nasty(member: String) async throws {
        let api = try await TestAPI.withIssuer()
        for value in SecrecyTests.nasty {
            let body = #"{"filter": {"\#(member)": \#(value)}, "dry_run": true}"#
            let answer = await api.call("POST \(Self.redeliveries)", json: body)
            #expect([202, 400].contains(answer.status), "\(value.prefix(60)): \(answer.text)")
        }
    }
}
