import Settings
import Testing

@Suite("Settings: contradictions")
struct SettingContradictionTests {
    @Test("a lease shorter than an attempt and its margin is refused", arguments: ["4", "7.9"])
    func shortLease(text: String) throws {
        let lease: Duration = text == "4" ? .seconds(4) : .milliseconds(7_900)
        let expected = SettingsError.contradiction(
            .leaseShorterThanAttempt(lease: lease, attemptTimeout: .seconds(5), margin: .seconds(3)),
            .environment("LASTCALL_LEASE_SECONDS"),
            .standard
        )
        #expect(throws: expected) { try load(environment: ["LASTCALL_LEASE_SECONDS": text]) }
        #expect("\(expected)".contains("a lease shorter than an attempt: it must be at least 8.0 seconds"))
        #expect(try load(flags: ["lease_seconds": "8"]).lease == LastcallSettings.shortestLease)
    }

    @Test(
        "two listeners that want one port are refused",
        arguments: [
            ("127.0.0.1:8081", true), ("0.0.0.0:8081", true), ("[::]:8081", true), ("127.0.0.1:8082", false),
            ("127.0.0.2:8081", false), ("unix:/run/a.sock", false),
        ]
    )
    func listeners(text: String, refused: Bool) throws {
        let address = try #require(ListenAddress(text))
        let admin = ListenAddress.tcp(host: "127.0.0.1", port: 8081)
        if refused {
            let expected = SettingsError.contradiction(
                .listenersOverlap(address, admin),
                .flag("--listen"),
                .standard
            )
            #expect(throws: expected) { try load(flags: ["listen": text]) }
        } else {
            #expect(try load(flags: ["listen": text]).listen == address)
        }
    }

    @Test("a wait for a lock ends before its statement does")
    func lockTimeout() throws {
        let expected = SettingsError.contradiction(
            .lockTimeoutNeverActs(lock: .seconds(2), statement: .seconds(2)),
            .standard,
            .flag("--database-statement-timeout-seconds")
        )
        #expect(throws: expected) { try load(flags: ["database_statement_timeout_seconds": "2"]) }
        #expect(
            try load(flags: ["database_statement_timeout_seconds": "2.1"]).databaseLockTimeout == .seconds(2)
        )
    }

    @Test(
        "what belongs to a proxy needs a proxy",
        arguments: [("egress_proxy_credentials", "op:pw"), ("egress_proxy_resolves_names", "true")]
    )
    func proxySettings(name: String, value: String) throws {
        let variable = "LASTCALL_\(name.uppercased())"
        let expected = SettingsError.contradiction(
            .proxySettingAlone(name),
            .environment(variable),
            .standard
        )
        #expect(throws: expected) { try load(environment: [variable: value]) }
        let both = [variable: value, "LASTCALL_EGRESS_PROXY": "https://[::1]:3129/"]
        #expect(try load(environment: both).egressProxy?.description == "https://[::1]:3129")
    }

    @Test(
        "a retired key is published past the last token that a worker may have signed with it",
        arguments: [("8", "183", true), ("63", "183", true), ("64", "183", false), ("64", "184", true)]
    )
    func retiredKeys(lease: String, publication: String, allowed: Bool) throws {
        let flags = ["lease_seconds": lease, "retired_key_publication_seconds": publication]
        guard !allowed else {
            #expect(try load(flags: flags).retiredKeyPublication >= .seconds(183))
            return
        }
        let expected = SettingsError.contradiction(
            .retiredKeyLeavesEarly(publication: .seconds(183), least: .seconds(184)),
            .flag("--retired-key-publication-seconds"),
            .flag("--lease-seconds")
        )
        #expect(throws: expected) { try load(flags: flags) }
    }

    @Test(
        "previous key-encryption keys need a current one, and are at most eight, one on a line or between commas"
    )
    func previousKeys() throws {
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        let name = "LASTCALL_PREVIOUS_KEY_ENCRYPTION_KEYS"
        let source = SettingSource.environment(name)
        #expect(throws: SettingsError.contradiction(.previousKeysAlone, source, .standard)) {
            try load(environment: [name: key])
        }
        func count(_ text: String) throws -> Int? {
            try load(environment: [name: text, "LASTCALL_KEY_ENCRYPTION_KEY": key])
                .previousKeyEncryptionKeys?.reveal().count
        }
        #expect(try count(key) == 1)
        #expect(try count("\(key),\(key)") == 2)
        #expect(try count("\(key)\n\(key)\n") == 2)
        #expect(try count(Array(repeating: key, count: 8).joined(separator: ",")) == 8)
        for bad in [Array(repeating: key, count: 9).joined(separator: ","), "", ",", "x", "\(key) \(key)"] {
            #expect(throws: SettingsError.self) { try count(bad) }
        }
    }

    @Test("a connection for LISTEN needs the database it belongs to")
    func listenURL() throws {
        let variables = ["LASTCALL_DATABASE_LISTEN_URL": "host=direct"]
        let source = SettingSource.environment("LASTCALL_DATABASE_LISTEN_URL")
        #expect(throws: SettingsError.contradiction(.listenURLAlone, source, .standard)) {
            try load(environment: variables)
        }
        let settings = try load(environment: variables.merging(["LASTCALL_DATABASE_URL": "host=pool"]) { $1 })
        #expect(settings.databaseURL?.reveal() == "host=pool")
        #expect(settings.databaseListenURL?.reveal() == "host=direct")
    }

    static let certificate = ["tls_certificate_file": "/c"]
    static let both = ["tls_certificate_file": "/c", "tls_private_key_file": "/k"]

    @Test(
        "half of a TLS configuration is refused",
        arguments: [
            (certificate, SettingContradiction.halfOfTLS), (["tls_private_key_file": "/k"], .halfOfTLS),
            (both.merging(["tls_client_ca_file": "/a"]) { $1 }, .clientAuthorities),
            (both.merging(["tls_client_certificates": "optional"]) { $1 }, .clientAuthorities),
            (["tls_client_ca_file": "/a", "tls_client_certificates": "required"], .noTLS),
        ]
    )
    func tls(flags: [String: String], contradiction: SettingContradiction) throws {
        do {
            _ = try load(flags: flags)
            Issue.record("it was taken in")
        } catch {
            guard case .contradiction(contradiction, _, _) = error else { throw error }
        }
        #expect(!"\(contradiction)".isEmpty)
    }

    @Test("a whole TLS configuration is taken in")
    func wholeTLS() throws {
        #expect(try load(flags: Self.both).tlsCertificate == "/c")
        let mutual = ["tls_client_ca_file": "/a", "tls_client_certificates": "required"]
        #expect(try load(flags: Self.both.merging(mutual) { $1 }).tlsClientCA == "/a")
    }
}
