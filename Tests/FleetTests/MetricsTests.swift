import Foundation
import LastcallTestKit
import PostgresClient
import Telemetry
import Testing

@Suite("Metrics of a fleet", .lastcallDatabase, .serialized, .timeLimit(.minutes(30)))
struct MetricsTests {
    /// What no test of a usual fleet has: it needs certificates, a signer of the OP's own, or traces.
    private static let unusual: Set = [
        "lastcall_tls_not_valid_after_seconds", "lastcall_remote_signatures_total",
        "lastcall_trace_spans_exported_total", "lastcall_trace_spans_dropped_total",
        "lastcall_trace_spans_waiting",
    ]

    private func report(_ port: UInt16, _ client: String, key: String? = Fleet.operatorKey) async throws
        -> (status: Int, body: String)
    {
        try await LoopbackCall.send(
            "POST",
            "/v1/issuers/op/logout-events",
            port: port,
            key: key,
            body: #"{"targets": [{"client_id": "\#(client)", "sub": "alice", "sid": "s-1"}]}"#
        )
    }

    /// An API and a worker that have delivered, retried and refused something; with their operators' ports.
    private func busyFleet() async throws -> (
        fleet: Fleet, rp: ScriptedRelyingParty, members: [Member], admin: [UInt16]
    ) {
        let fleet = try Fleet()
        let rp = try Fleet.relyingParty()
        rp.script(.status(500), path: "/second")
        try await fleet.prepare(["rp": rp.uri(), "second": rp.uri("/second")])
        let api = try await fleet.start("serve")
        let worker = try await fleet.start("work")
        for client in ["rp", "second"] {
            let answer = try await report(api.port, client)
            #expect(answer.status == 202)
            _ = try await fleet.end(of: try object(answer.body).text("id"))
        }
        #expect(try await report(api.port, "rp", key: nil).status == 401)
        let apiAdmin = try #require(try api.process.port(of: "admin"))
        return (fleet, rp, [api, worker], [apiAdmin, worker.port])
    }

    @Test("every metric is one of the catalogue, promtool finds no fault, and what happened is counted")
    func catalogue() async throws {
        let (_, _, members, admin) = try await busyFleet()
        try await eventually("the readings of the queue") {
            let pages = try await [Scrape(port: admin[0]), Scrape(port: admin[1])]
            return pages.allSatisfy { $0.value("lastcall_oldest_due_age_seconds") == 0 }
        }
        // The history is measured half a minute after the start at the earliest; the gauge is there before.
        let pages = try await [Scrape(port: admin[0]), Scrape(port: admin[1])]
        let known = Dictionary(uniqueKeysWithValues: MetricCatalogue.all.map { ($0.name, $0) })
        for page in pages {
            for (name, family) in page.families {
                guard let metric = known[name] else {
                    Issue.record("\(name) is not in the catalogue")
                    continue
                }
                #expect(family.type == metric.kind.rawValue, "\(name)")
                #expect(family.help == metric.help, "\(name)")
                #expect(family.labels == Set(metric.labels), "\(name)")
            }
            let folder = try TemporaryFolder()
            try folder.write(page.text, to: "page")
            try Shell.run("promtool check metrics < \"$1/page\" >&2", [folder.path])
            withExtendedLifetime(folder) {}
        }
        let seen = Set(pages.flatMap { $0.families.keys })
        #expect(Set(known.keys).subtracting(seen).subtracting(Self.unusual).sorted() == [])
        checkCounts(ofAPI: pages[0])
        checkCounts(ofWorker: pages[1])
        for member in members { #expect(await member.process.stop() == .exit(0)) }
    }

    private func checkCounts(ofAPI api: Scrape) {
        let route = #"route="POST /v1/issuers/{issuer}/logout-events""#
        #expect(api.value(#"lastcall_http_requests_total{\#(route),status="202"}"#) == 2)
        #expect(api.value(#"lastcall_http_requests_total{\#(route),status="401"}"#) == 1)
        #expect(api.value("lastcall_http_request_duration_seconds_count{\(route)}") == 3)
        #expect(api.value(#"lastcall_intake_refusals_total{code="unauthorized"}"#) == 1)
        #expect(api.value("lastcall_accept_batch_size_count") == 2)
        #expect(api.value(#"lastcall_build_info{role="serve",version="0.1.0"}"#) == 1)
    }

    private func checkCounts(ofWorker worker: Scrape) {
        #expect(worker.value(#"lastcall_attempts_total{outcome="delivered"}"#) == 2)
        #expect(worker.value(#"lastcall_attempts_total{outcome="server_error"}"#) == 1)
        #expect(worker.value(#"lastcall_retries_total{reason="server_error"}"#) == 1)
        #expect(worker.value(#"lastcall_deliveries_ended_total{status="delivered"}"#) == 2)
        // The second try of a delivery is no way from its acceptance.
        #expect(worker.value("lastcall_accept_to_post_seconds_count") == 2)
        let issuer = #"issuer="\#(Fleet.iss)""#
        let failed = #"lastcall_client_attempts_total{client_id="second",\#(issuer),result="failed"}"#
        #expect(worker.value(failed) == 1)
        #expect(worker.value("lastcall_slots") == 512)
        #expect(worker.value("lastcall_deliveries_held") == 0)
        #expect(worker.value("lastcall_leases_expired_total") == 0)
        #expect(worker.value("lastcall_clocks_agree") == 1)
    }

    @Test("a scrape waits for no database: it is answered while a lock holds up every reading of the queue")
    func locked() async throws {
        let fleet = try Fleet()
        let api = try await fleet.start("serve")
        let admin = try #require(try api.process.port(of: "admin"))
        try await eventually("a reading") {
            try await Scrape(port: admin).value("lastcall_deliveries_open") == 0
        }
        let holder = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        try holder.execute(script: "begin; lock table lastcall.delivery_queue in access exclusive mode")
        let page = try await Scrape(port: admin)
        #expect(page.value("lastcall_deliveries_open") == 0)
        try await eventually("an old reading") {
            try #require(try await Scrape(port: admin).value("lastcall_queue_reading_age_seconds")) > 7
        }
        try holder.execute(script: "rollback")
        #expect(await api.process.stop() == .exit(0))
    }

    @Test("with no client to be counted by name all of them are other")
    func others() async throws {
        let fleet = try Fleet(["LASTCALL_METRICS_CLIENTS": "0"])
        let rp = try Fleet.relyingParty()
        try await fleet.prepare(["rp": rp.uri()])
        let worker = try await fleet.start("work")
        _ = try await fleet.end(of: try await fleet.logout("rp"))
        let page = try await Scrape(port: worker.port)
        let series = #"lastcall_client_attempts_total{client_id="other",issuer="other",result="delivered"}"#
        #expect(page.value(series) == 1)
        #expect(!page.text.contains(#"client_id="rp""#))
        #expect(rp.received.count == 1)
        #expect(await worker.process.stop() == .exit(0))
    }

    @Test("a real Prometheus, as it is shipped, scrapes a fleet and evaluates every alert")
    func prometheus() async throws {
        let (_, _, members, admin) = try await busyFleet()
        let prometheus = try await PrometheusServer(targets: admin)
        let roles = try await eventually("both processes in Prometheus") {
            let found = try await prometheus.query("lastcall_build_info").compactMap { $0["role"] }
            return found.count == 2 ? found.sorted() : nil
        }
        #expect(roles == ["serve", "work"])
        let delivered = #"lastcall_attempts_total{outcome="delivered"} == 2"#
        #expect(try await prometheus.query(delivered).map { $0["job"] } == ["lastcall"])
        #expect(try await prometheus.query("lastcall_accept_to_post_seconds_bucket").count == 17)
        try await eventually("every rule evaluated") { try await prometheus.ruleHealth() == ["ok"] }
        for member in members { #expect(await member.process.stop() == .exit(0)) }
    }
}
