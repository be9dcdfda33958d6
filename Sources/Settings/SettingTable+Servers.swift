/// The servers: what they let in, and their TLS.
extension SettingTable {
    static let listen = Setting.address(
        "listen",
        default: "127.0.0.1:8080",
        unix: true,
        "Where the API and the console answer. Port 0 lets the system choose."
    )
    static let adminListen = Setting.address(
        "admin_listen",
        default: "127.0.0.1:8081",
        unix: false,
        "Where /metrics, /healthz and /readyz answer."
    )
    static let apiConnectionLimit = Setting.integer(
        "api_connection_limit",
        default: 10_000,
        1...1_000_000,
        unit: "connections",
        "Open connections to the API; more are answered 503 and closed until one ends."
    )
    static let apiInProgressLimit = Setting.integer(
        "api_in_progress_limit",
        default: 2_000,
        1...1_000_000,
        unit: "calls",
        "Calls that one process works on at once, without those that wait; more are answered 503."
    )
    static let apiHeaderDeadline = Setting.seconds(
        "api_header_deadline_seconds",
        default: 10,
        from: 0.1,
        to: 300,
        "How long a request's head may take, from the opening of a connection or from its first byte."
    )
    static let apiBodyDeadline = Setting.seconds(
        "api_body_deadline_seconds",
        default: 30,
        from: 0.1,
        to: 3_600,
        "How long a request's body may take, on top of what api_body_floor_bytes_per_second earns it."
    )
    static let apiBodyFloor = Setting.integer(
        "api_body_floor_bytes_per_second",
        default: 32_768,
        1_024...1_073_741_824,
        unit: "bytes per second",
        "How fast a long body must come; time in which Lastcall does not read it does not count."
    )
    static let apiIdle = Setting.seconds(
        "api_idle_seconds",
        default: 75,
        from: 0.1,
        to: 3_600,
        "How long a connection may be open between two requests."
    )
    static let apiWriteDeadline = Setting.seconds(
        "api_write_deadline_seconds",
        default: 30,
        from: 0.1,
        to: 3_600,
        "How long a caller may take to read an answer that fills its connection."
    )
    static let apiHeaderLimit = Setting.integer(
        "api_header_limit_bytes",
        default: 16_384,
        1_024...1_048_576,
        unit: "bytes",
        "The longest request head: the request target and all header fields."
    )
    static let apiHeaderFieldLimit = Setting.integer(
        "api_header_field_limit",
        default: 100,
        10...10_000,
        unit: "fields",
        "The most header fields of a request."
    )
    static let apiTargetLimit = Setting.integer(
        "api_target_limit_bytes",
        default: 8_192,
        1_024...1_048_576,
        unit: "bytes",
        "The longest request target: path and query as they are sent."
    )
    static let bodyLimit = Setting.integer(
        "body_limit_bytes",
        default: 1_048_576,
        1_024...16_777_216,
        unit: "bytes",
        "The longest request body; the import of sessions has a limit of its own."
    )
    static let intakeQueueLimit = Setting.integer(
        "intake_queue_limit",
        default: 10_000,
        1...1_000_000,
        unit: "requests",
        "Requests that may wait for a group commit; more are answered 503."
    )
    static let auditStreamLimit = Setting.integer(
        "audit_stream_limit",
        default: 1_000,
        1...1_000_000,
        unit: "streams",
        "Streams of the audit trail that may be open in one process; more are answered 503."
    )
    static let apiKeyCallsPerSecond = Setting.integer(
        "api_key_calls_per_second",
        default: 20_000,
        0...1_000_000,
        unit: "calls a second",
        "Calls that one API key may make of one process, unless it has a limit of its own; more are answered 429. 0: no limit."
    )
    static let apiKeyBurstCalls = Setting.integer(
        "api_key_burst_calls",
        default: 20_000,
        1...1_000_000,
        unit: "calls",
        "Calls that one API key may make at once after a pause."
    )
    static let failedAuthenticationsPerSecond = Setting.integer(
        "failed_authentications_per_second",
        default: 200,
        0...100_000,
        unit: "calls a second",
        "Calls without a valid API key that one process looks into; more are answered 429 unseen. 0: no limit."
    )

    static let waitLimit = Setting.integer(
        "wait_limit",
        default: 10_000,
        0...1_000_000,
        unit: "calls",
        "Calls that may wait for the end of a logout event; more are answered at once."
    )

    // TLS.

    static let tlsCertificate = Setting.path(
        "tls_certificate_file",
        without: "plain HTTP",
        example: "/etc/lastcall/tls.pem",
        "The API's certificate and those between it and its authority, in PEM. Changed files are taken in."
    )
    static let tlsPrivateKey = Setting.path(
        "tls_private_key_file",
        without: "plain HTTP",
        example: "/etc/lastcall/tls-key.pem",
        "The certificate's private key, in PEM, not encrypted."
    )
    static let tlsMinimumVersion = Setting.word(
        "tls_minimum_version",
        default: "1.2",
        of: ["1.2", "1.3"],
        "The oldest TLS version that is spoken."
    )
    static let tlsClientCA = Setting.path(
        "tls_client_ca_file",
        without: "no client certificates",
        example: "/etc/lastcall/callers-ca.pem",
        "Certificate authorities of callers' certificates, in PEM."
    )
    static let tlsClientCertificates = Setting.word(
        "tls_client_certificates",
        default: "none",
        of: ["none", "optional", "required"],
        "Whether callers show a certificate: not at all, a good one or none, or a good one always."
    )
    static let tlsReload = Setting.seconds(
        "tls_reload_seconds",
        default: 5,
        from: 0.1,
        to: 3_600,
        "How often it is looked whether the TLS files have changed; SIGHUP reads them at once."
    )
}
