import Settings
import Testing

@Suite("Settings: what each may hold")
struct SettingTableTests {
    @Test(
        "ranges hold on both sides of both edges",
        arguments: [
            ("database_pool_size", "0", "1", "100", "101"),
            ("database_statement_timeout_seconds", "2.999999999", "3", "300", "300.1"),
            ("database_lock_timeout_seconds", "0.099", "0.1", "9.9", "60.1"),
            ("lease_seconds", "3.9", "8", "600", "600.5"),
            ("slots", "0", "1", "65536", "65537"),
            ("poll_interval_milliseconds", "4", "5", "10000", "10001"),
            ("settle_batch_size", "0", "1", "1000", "1001"),
            ("settle_interval_milliseconds", "-1", "0", "1000", "1001"),
            ("replay_minimum_per_second", "0", "1", "1000000", "1000001"),
            ("signer_threads", "-1", "0", "256", "257"),
            ("drain_seconds", "0.9", "1", "300", "300.1"),
            ("intake_queue_limit", "0", "1", "1000000", "1000001"),
            ("wait_limit", "-1", "0", "1000000", "1000001"),
            ("api_connection_limit", "0", "1", "1000000", "1000001"),
            ("api_in_progress_limit", "0", "1", "1000000", "1000001"),
            ("api_header_deadline_seconds", "0.09", "0.1", "300", "300.1"),
            ("api_body_deadline_seconds", "0.09", "0.1", "3600", "3600.1"),
            ("api_body_floor_bytes_per_second", "1023", "1024", "1073741824", "1073741825"),
            ("api_idle_seconds", "0.09", "0.1", "3600", "3600.1"),
            ("api_write_deadline_seconds", "0.09", "0.1", "3600", "3600.1"),
            ("api_header_limit_bytes", "1023", "1024", "1048576", "1048577"),
            ("api_header_field_limit", "9", "10", "10000", "10001"),
            ("api_target_limit_bytes", "1023", "1024", "1048576", "1048577"),
            ("console_idle_seconds", "59.9", "60", "86400", "86400.1"),
            ("console_session_seconds", "59.9", "60", "604800", "604800.1"),
            ("console_stream_limit", "-1", "0", "10000", "10001"),
            ("tls_reload_seconds", "0.09", "0.1", "3600", "3600.1"),
            ("body_limit_bytes", "1023", "1024", "16777216", "16777217"),
            ("key_publication_seconds", "-1", "0", "2592000", "2592001"),
            ("retired_key_publication_seconds", "182.9", "183", "31536000", "31536001"),
            ("remote_signer_timeout_seconds", "0.04", "0.05", "30", "30.1"),
            ("remote_signer_max_in_flight", "0", "1", "1024", "1025"),
            ("clock_skew_limit_seconds", "0.09", "0.1", "60", "60.1"),
            ("client_jwks_stale_seconds", "-1", "0", "2592000", "2592001"),
            ("partition_days_ahead", "0", "1", "30", "31"),
            ("retention_interval_seconds", "0.999", "1", "86400", "86400.001"),
            ("installation_retention_days", "0", "1", "3650", "3651"),
            ("analyze_interval_seconds", "0.999", "1", "604800", "604800.001"),
            ("log_buffer_bytes", "65535", "65536", "1073741824", "1073741825"),
        ]
    )
    func ranges(name: String, below: String, lowest: String, highest: String, above: String) throws {
        for text in [lowest, highest] { _ = try load(flags: [name: text]) }
        let definition = try #require(LastcallSettings.definitions.first { $0.name == name })
        // Under three seconds a statement is no longer than the default wait for a lock: a contradiction.
        for text in [below, above] where !(name == "database_statement_timeout_seconds" && text == below) {
            let expected = SettingsError.invalidValue(
                setting: name,
                source: .flag(definition.flagName),
                value: "\"\(text)\"",
                allowed: definition.allowed
            )
            #expect(throws: expected) { try load(flags: [name: text]) }
        }
    }

    @Test(
        "a whole number is digits only, seconds are digits with a point",
        arguments: [
            ("slots", ""), ("slots", "+5"), ("slots", " 5"), ("slots", "5.0"), ("slots", "5_0"),
            ("slots", "٥"),
            ("slots", "99999999999999999999"), ("lease_seconds", "1e1"), ("lease_seconds", "10."),
            ("lease_seconds", ".5"), ("lease_seconds", "10s"), ("lease_seconds", "1.2.3"),
            ("lease_seconds", "inf"),
            ("allow_private_networks", "yes"), ("allow_private_networks", "True"), ("log_level", "INFO"),
            ("data_dir", ""), ("ca_file", "a\nb"), ("admin_listen", "unix:/run/a.sock"),
            ("tls_minimum_version", "1.1"), ("tls_minimum_version", "TLSv1.2"),
            ("tls_client_certificates", "yes"), ("tls_certificate_file", ""), ("listen", "8080"),
        ]
    )
    func spelling(name: String, text: String) throws {
        let definition = try #require(LastcallSettings.definitions.first { $0.name == name })
        let shown = text == "٥" ? "\"\\u{0665}\"" : "\"\(text == "a\nb" ? "a\\nb" : text)\""
        let expected = SettingsError.invalidValue(
            setting: name,
            source: .environment(definition.environmentName),
            value: shown,
            allowed: definition.allowed
        )
        #expect(throws: expected) { try load(environment: [definition.environmentName: text]) }
    }

    @Test("fractions of seconds are exact")
    func fractions() throws {
        #expect(try load(flags: ["lease_seconds": "8.25"]).lease == .milliseconds(8_250))
        #expect(try load(file: "clock_skew_limit_seconds = 0.1").clockSkewLimit == .milliseconds(100))
    }

    @Test("a long value is cut in the message")
    func longValue() {
        let shown = "\"" + String(repeating: "9", count: 80) + "...\""
        let expected = SettingsError.invalidValue(
            setting: "slots",
            source: .flag("--slots"),
            value: shown,
            allowed: "a whole number, 1 to 65536 attempts"
        )
        #expect(throws: expected) { try load(flags: ["slots": String(repeating: "9", count: 81)]) }
    }

    @Test("names are the same everywhere, and no two settings share one")
    func names() throws {
        let definitions = LastcallSettings.definitions
        #expect(Set(definitions.map(\.name)).count == definitions.count)
        let lease = try #require(definitions.first { $0.name == "lease_seconds" })
        #expect(lease.environmentName == "LASTCALL_LEASE_SECONDS")
        #expect(lease.flagName == "--lease-seconds")
        #expect(lease.places == [.flag, .environment, .file])
        for secret in definitions where secret.isSecret {
            #expect(secret.places == [.environment, .file])
            #expect(definitions.contains(secret.fileForm))
        }
        let secrets = definitions.filter(\.isSecret).map(\.name)
        #expect(
            secrets == [
                "database_url", "database_listen_url", "operator_api_key", "key_encryption_key",
                "previous_key_encryption_keys", "pkcs11_pin", "remote_signer_token",
                "egress_proxy_credentials",
            ]
        )
    }
}
