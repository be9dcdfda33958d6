import DeliveryWorker
import HTTPListener
import IntakeAPI
import Outbox
import PostgresClient
import Settings
import Telemetry

extension Runtime {
    /// Puts on the page what is asked for when somebody looks at it.
    func observe() {
        registry.observeProcess()
        registry.observe("lastcall_build_info", labels: [("version", Version.text), ("role", roles.name)]) {
            1
        }
        queue.observe(in: registry)
        observePool()
        if roles.contains(.api) { observeAPI() }
        if let worker { observe(worker) }
        if let collector {
            registry.observe("lastcall_trace_spans_waiting") { Double(collector.exporter.waiting) }
        }
    }

    private func observePool() {
        let size = Double(database.poolSize)
        registry.observe("lastcall_pool_size") { size }
        registry.observe("lastcall_pool_open") { [pool] in Double(pool.statistics.open) }
        registry.observe("lastcall_pool_busy") { [pool] in Double(pool.statistics.busy) }
        registry.observe("lastcall_pool_queued") { [pool] in Double(pool.statistics.queued) }
    }

    private func observeAPI() {
        registry.observe("lastcall_intake_waiting") { [intake = api.intake] in Double(intake.waiting) }
        registry.observe("lastcall_waiting_calls") { [ends = api.ends] in Double(ends.count) }
        registry.observe("lastcall_api_connections") { [apiConnections] in Double(apiConnections.openCount) }
        registry.observe("lastcall_api_connections_refused_total") { [apiConnections] in
            Double(apiConnections.refusedCount)
        }
        registry.observe("lastcall_api_calls") { [calls = api.calls] in Double(calls.count) }
        registry.observe("lastcall_api_calls_refused_total") { [calls = api.calls] in
            Double(calls.refusedCount)
        }
        if let tls {
            registry.observe("lastcall_tls_not_valid_after_seconds") { Double(tls.notValidAfter) }
        }
    }

    private func observe(_ worker: DeliveryWorker) {
        let slots = Double(settings.slots)
        registry.observe("lastcall_slots") { slots }
        registry.observe("lastcall_deliveries_held") { Double(worker.held) }
        registry.observe("lastcall_deliveries_held_slow") { Double(worker.heldBySlow) }
        registry.observe("lastcall_deliveries_held_bulk") { Double(worker.heldBulk) }
        registry.observe("lastcall_settler_lag_seconds") { worker.settlerLag.inSeconds }
        registry.observe("lastcall_clocks_agree") { worker.clocksAgree ? 1 : 0 }
    }
}
