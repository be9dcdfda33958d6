import LastcallTestKit
import Outbox
import PostgresClient
import StrictJSON
import Testing

@Suite("The API without its database")
struct OutageTests {
    @Test("while the database is away every call is 503 with Retry-After, and goes on when it is back")
    func away() async throws {
        let cluster = try ScratchCluster()
        let configuration = try PostgresConfiguration(
            connectionString: cluster.connectionString(),
            applicationName: "test"
        )
        try await Migrator(OutboxSchema.migrations()).migrate(configuration, deadline: .seconds(60))
        let api = try TestAPI(configuration, deadline: .milliseconds(1_900))
        try await api.makeIssuer("acme")
        let key = try await api.makeKey(of: "acme", TestAPI.scopes)
        let event = #"{"targets": []}"#
        let line = "POST /v1/issuers/acme/logout-events"
        try await api.call(line, key: key, json: event, headers: [("idempotency-key", "before")]).require(202)

        try cluster.stop()
        let fixed: Set = ["GET /healthz", "GET /openapi.json", "GET /docs"]
        for route in RouteScope.all where !fixed.contains(route.route) {
            let body = QueryReaderTests.body(of: route.route)
            let query = route.route.hasSuffix("/logout-status") ? "?sub=s" : ""
            let answer = await api.call(
                route.line(issuer: "acme") + query,
                json: body,
                headers: route.headers
            )
            #expect(answer.status == 503, "\(route): \(answer.text)")
            #expect(answer.header("Retry-After") == ["1"], "\(route)")
            if route.route != "GET /readyz" { #expect(answer.refusal == .init(503, "unavailable")) }
        }
        #expect(await api.call("GET /healthz", key: nil).status == 200)
        // Who cannot be a key's holder is told so without the database.
        #expect(await api.call(line, key: "no key", json: event).status == 401)
        let lost = await api.call(line, key: key, json: event, headers: [("idempotency-key", "during")])
        #expect(lost.refusal == .init(503, "unavailable"))

        try cluster.start()
        let again = [("idempotency-key", "during")]
        try await eventually("an answer") {
            await api.call(line, key: key, json: event, headers: again).status == 202
        }
        let replayed = await api.call(line, key: key, json: event, headers: [("idempotency-key", "before")])
        #expect(replayed.status == 200 && replayed.header("Idempotency-Replayed") == ["true"])
        #expect(await api.call("GET /readyz", key: nil)["status"] == .string("ready"))
        for line in api.logs.lines { #expect(!line.contains("call failed"), "\(line)") }
    }

    @Test("a database that answers nobody ends in 503, and its log line names no secret")
    func frozen() async throws {
        let cluster = try ScratchCluster()
        let configuration = try PostgresConfiguration(
            connectionString: cluster.connectionString() + " password=database-password",
            applicationName: "test"
        )
        try await Migrator(OutboxSchema.migrations()).migrate(configuration, deadline: .seconds(60))
        let api = try TestAPI(configuration, deadline: .milliseconds(500))
        try cluster.freeze()
        let answer = await api.call("POST /v1/issuers/acme/logout-events", json: #"{"targets": []}"#)
        #expect(answer.refusal == .init(503, "unavailable"))
        try cluster.freeze(false)
        #expect(!api.logs.lines.isEmpty)
        for line in api.logs.lines {
            #expect(!line.contains("database-password") && !line.contains(TestAPI.operatorKey))
        }
    }
}
