/// Every metric that a process of Lastcall may have.
public enum MetricCatalogue {
    /// The metrics under headings, in the order that operators read them.
    public static let groups: [(title: String, remark: String, metrics: [Metric])] = [
        (
            "The fleet's queue",
            "Read from the database every few seconds by every process; each says the same.",
            fleet
        ),
        ("Deliveries", "Of processes that deliver: `work` and `up`.", deliveries),
        ("The worker", "Of processes that deliver.", worker),
        ("The API", "Of processes that answer the API: `serve` and `up`.", api),
        ("Every process", "", process),
    ]

    /// All of them.
    public static let all: [Metric] = groups.flatMap(\.metrics)

    /// The `# HELP` texts.
    public static let help = Dictionary(all.map { ($0.name, $0.help) }) { first, _ in first }

    /// The histograms whose bounds are not the usual ones.
    public static let buckets: [String: HistogramBuckets] = [
        "lastcall_accept_to_post_seconds": .untilPost
    ]

    private static let fleet: [Metric] = [
        .gauge(
            "lastcall_oldest_due_age_seconds",
            "For how long the oldest delivery that may be sent now has been due; 0 where none is."
                + " Not counted: clients on hold, breakers that are not closed, and what a client is "
                + "sent that was down. What to scale workers on."
        ),
        .gauge(
            "lastcall_deliveries_open",
            "Deliveries that have not ended, in flight or waiting: an estimate, from the "
                + "statistics of Postgres."
        ),
        .gauge(
            "lastcall_clients_waiting",
            "Clients for which something waits, is due or is in flight, counted up to 2000."
        ),
        .gauge("lastcall_clients_held", "Of the clients for which something waits, those on hold."),
        .gauge(
            "lastcall_breakers_open",
            "Of the clients for which something waits, those whose breaker is not closed."
        ),
        .gauge(
            "lastcall_breaker_open_age_seconds",
            "For how long the first of these breakers has not been closed; 0 where all are."
        ),
        .gauge("lastcall_queue_dead_rows", "Rows of the queue that vacuum has not removed yet: an estimate."),
        .gauge(
            "lastcall_oldest_snapshot_age_seconds",
            "Age of the oldest snapshot of the database, which vacuum must respect; not a number "
                + "where none is seen."
        ),
        .gauge(
            "lastcall_loss_window_seconds",
            "How much of the past a failover to the best standby would lose now; not a number "
                + "without a standby."
        ),
        .gauge(
            "lastcall_durability",
            labels: ["mode"],
            "1 for what an acknowledged commit survives: local, sync or async_risk."
        ),
        .gauge(
            "lastcall_queue_reading_age_seconds",
            "Age of what this process says of the fleet's queue, since its start where it has not"
                + " been read yet."
        ),
    ]

    private static let deliveries: [Metric] = [
        .histogram(
            "lastcall_accept_to_post_seconds",
            "From the acceptance of a logout to the first POST to an RP; what was on hold, and "
                + "bulk logouts, included."
        ),
        .histogram("lastcall_attempt_duration_seconds", "Attempts from the POST to its answer or failure."),
        .counter("lastcall_attempts_total", labels: ["outcome"], "Attempts by outcome."),
        .counter(
            "lastcall_retries_total",
            labels: ["reason"],
            "Deliveries that are tried again, by what the attempt met."
        ),
        .counter(
            "lastcall_client_attempts_total",
            labels: ["issuer", "client_id", "result"],
            "Attempts at this process's busiest clients (metrics_clients), at all others as "
                + "other; delivered or failed."
        ),
        .counter("lastcall_deliveries_claimed_total", "Deliveries claimed by this process."),
        .counter(
            "lastcall_deliveries_ended_total",
            labels: ["status"],
            "Deliveries that an attempt of this process ended, by status."
        ),
        .counter(
            "lastcall_deliveries_swept_total",
            labels: ["reason"],
            "Deliveries that ended without another attempt: deadline_passed, "
                + "superseded_by_new_session, cancelled and so on."
        ),
        .counter(
            "lastcall_webhooks_ended_total",
            labels: ["status"],
            "Completion webhooks that ended, by status."
        ),
        .counter(
            "lastcall_breaker_changes_total",
            labels: ["to"],
            "Breakers that this process has opened and closed."
        ),
    ]

    private static let worker: [Metric] = [
        .gauge("lastcall_slots", "Deliveries that this process may hold."),
        .gauge(
            "lastcall_deliveries_held",
            "Deliveries that this process holds, from the claim until the outcome is recorded."
        ),
        .gauge(
            "lastcall_deliveries_held_slow",
            "Those of clients that time out; at most a quarter of the slots."
        ),
        .gauge("lastcall_deliveries_held_bulk", "Those of bulk logouts."),
        .histogram("lastcall_claim_batch_size", "Deliveries claimed by one statement."),
        .histogram("lastcall_settle_batch_size", "Outcomes recorded in one statement."),
        .gauge("lastcall_settler_lag_seconds", "Age of the oldest outcome not yet recorded."),
        .counter("lastcall_settles_fenced_total", "Outcomes that came after their lease was lost."),
        .counter(
            "lastcall_leases_expired_total",
            "Deliveries claimed after the lease of another claim had run out."
        ),
        .counter(
            "lastcall_wake_ups_total",
            labels: ["source"],
            "Announcements of due deliveries, by who announced them."
        ),
        .gauge(
            "lastcall_clocks_agree",
            "1 while this machine's clock agrees with the database's, so that tokens are signed."
        ),
        .counter(
            "lastcall_remote_signatures_total",
            labels: ["outcome"],
            "Calls of the remote signer: signed, failed, not_asked."
        ),
        .counter(
            "lastcall_participations_expired_total",
            "Participations whose time was over, and which nobody was told of."
        ),
        .counter("lastcall_audit_entries_sealed_total", "Audit events sealed by this process."),
        .gauge(
            "lastcall_partition_horizon_seconds",
            "For how long after today every partitioned table is prepared; -86400: not even for today."
        ),
        .gauge(
            "lastcall_default_partition_rows",
            "Rows in default partitions, counted up to 10000 for each table."
        ),
        .counter("lastcall_retention_tables_dropped_total", "Days of history dropped by this process."),
        .counter(
            "lastcall_retention_rows_deleted_total",
            "Rows of history deleted one by one by this process."
        ),
    ]

    private static let api: [Metric] = [
        .counter(
            "lastcall_http_requests_total",
            labels: ["route", "status"],
            "Calls of the API by route and status; none: no such route."
        ),
        .histogram(
            "lastcall_http_request_duration_seconds",
            labels: ["route"],
            "Calls of the API, from their head to the answer's; calls that wait are as long as "
                + "they wait."
        ),
        .counter(
            "lastcall_intake_refusals_total",
            labels: ["code"],
            "Logouts that were not accepted, by the code of the answer."
        ),
        .histogram("lastcall_accept_batch_size", "Logouts accepted in one commit."),
        .gauge("lastcall_intake_waiting", "Logouts that wait for a commit to begin."),
        .gauge("lastcall_waiting_calls", "Calls that wait for the end of a logout event."),
        .gauge("lastcall_api_calls", "Calls that are worked on."),
        .counter("lastcall_api_calls_refused_total", "Calls beyond api_in_progress_limit, answered 503."),
        .gauge("lastcall_api_connections", "Open connections to the API."),
        .counter("lastcall_api_connections_refused_total", "Connections to the API that were turned away."),
        .counter("lastcall_authentications_failed_total", "Calls answered 401."),
        .counter(
            "lastcall_authentications_refused_total",
            "Calls without a proven key answered 429, because too many had failed."
        ),
        .counter(
            "lastcall_calls_rate_limited_total",
            "Calls answered 429, because their key had made too many."
        ),
        .gauge(
            "lastcall_tls_not_valid_after_seconds",
            "End of the API's certificate, in seconds since 1970."
        ),
    ]

    private static let process: [Metric] = [
        .gauge(
            "lastcall_build_info",
            labels: ["version", "role"],
            "1; which version runs, as up, serve or work."
        ),
        .gauge("lastcall_pool_size", "Database connections that this process may have."),
        .gauge("lastcall_pool_open", "Database connections that are open."),
        .gauge("lastcall_pool_busy", "Database connections in use."),
        .gauge("lastcall_pool_queued", "Jobs that wait for a database connection."),
        .counter("lastcall_log_lines_dropped_total", "Log lines that found no room."),
        .counter("lastcall_trace_spans_exported_total", "Spans that the collector has taken."),
        .counter(
            "lastcall_trace_spans_dropped_total",
            labels: ["reason"],
            "Spans lost: buffer_full, not_taken by the collector after some tries, refused by it."
        ),
        .gauge("lastcall_trace_spans_waiting", "Spans that wait for the collector."),
        .gauge("process_resident_memory_bytes", "Resident memory in bytes."),
        .gauge("process_open_fds", "Open file descriptors."),
        .gauge("process_max_fds", "The most file descriptors that may be open."),
        .counter("process_cpu_seconds_total", "CPU time spent in user and system mode, in seconds."),
        .gauge("process_start_time_seconds", "When the process started, in seconds since 1970."),
    ]
}

extension HistogramBuckets {
    /// From a few milliseconds, as it should be, to the hour of what was on hold.
    fileprivate static let untilPost = HistogramBuckets(known: [
        0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600,
    ])
}
