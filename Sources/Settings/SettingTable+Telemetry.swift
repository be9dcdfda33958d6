/// What an operator sees of a fleet: metrics and traces.
extension SettingTable {
    static let metricsClients = Setting.integer(
        "metrics_clients",
        default: 20,
        0...400,
        unit: "clients",
        "Of so many of its busiest clients each process has metrics of their own; all others share one, other."
    )
    static let tracesEndpoint = Setting(
        "traces_endpoint",
        .text,
        default: nil,
        without: "no traces",
        allowed: "https:// and so on, or http:// to loopback; at most 2048 bytes",
        example: "https://collector.example.com:4318/v1/traces",
        "Where spans go, as OTLP over HTTP in JSON: the whole address."
    ) { text in
        let isForm = text.hasPrefix("https://") || text.hasPrefix("http://")
        return isForm && text.utf8.count <= 2_048 && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            ? text : nil
    }
    static let tracesHeadersFile = Setting.path(
        "traces_headers_file",
        without: "none",
        example: "/run/secrets/lastcall-traces-headers",
        "Headers of calls to the collector, such as its API key: Name: value, one on each line."
    )
    static let tracesCAFile = Setting.path(
        "traces_ca_file",
        without: "ca_file, or the system's",
        example: "/etc/lastcall/collector-ca.pem",
        "Certificate authorities that the collector is checked against, in PEM."
    )
    static let tracesSampleOneIn = Setting.integer(
        "traces_sample_one_in",
        default: 1,
        1...1_000_000,
        unit: "traces",
        "Of so many traces that begin here one is recorded. One that the OP began is recorded if the OP records it."
    )
    static let tracesBuffer = Setting.integer(
        "traces_buffer_spans",
        default: 8_192,
        512...1_000_000,
        unit: "spans",
        "Spans that may wait for the collector; more are dropped and counted. Nothing ever waits for it."
    )
}
