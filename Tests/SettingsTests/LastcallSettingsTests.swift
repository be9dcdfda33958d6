import Logging
import Settings
import Testing

@Suite("Settings: defaults, order, names")
struct LastcallSettingsTests {
    @Test("without anything, every default of the contract holds")
    func defaults() throws {
        let settings = try load()
        #expect(settings.config == nil)
        #expect(settings.dataDirectory == "./lastcall-data")
        #expect(settings.postgresBinDirectory == nil)
        #expect(settings.databaseURL == nil && settings.databaseListenURL == nil)
        #expect(settings.databasePoolSize == 8)
        #expect(settings.databasePreparedStatements)
        #expect(settings.databaseStatementTimeout == .seconds(10))
        #expect(settings.databaseLockTimeout == .seconds(2))
        #expect(settings.listen == .tcp(host: "127.0.0.1", port: 8080))
        #expect(settings.adminListen == .tcp(host: "127.0.0.1", port: 8081))
        #expect(settings.apiConnectionLimit == 10_000)
        #expect(settings.bodyLimit == 1_048_576)
        #expect(settings.intakeQueueLimit == 10_000)
        #expect(settings.operatorAPIKey == nil && settings.keyEncryptionKey == nil)
        #expect(settings.keyPublication == .seconds(3_600))
        #expect(settings.retiredKeyPublication == .seconds(86_400))
        #expect(settings.clockSkewLimit == .seconds(5))
        #expect(settings.signerThreads == 0)
        #expect(!settings.allowPrivateNetworks && !settings.allowInsecureLoopback)
        #expect(settings.caFile == nil && !settings.propagateTraceContext)
        #expect(settings.authoritiesDirectory == nil && settings.tlsClientCertificatesDirectory == nil)
        #expect(settings.minimumTLSVersion == "1.2" && settings.clientKeysStale == .seconds(86_400))
        #expect(settings.lease == .seconds(10))
        #expect(settings.slots == 512)
        #expect(settings.keptConnections == 2_500)
        #expect(settings.pollInterval == .milliseconds(250))
        #expect(settings.settleBatchSize == 128)
        #expect(settings.settleInterval == .milliseconds(5))
        #expect(settings.replayRate == 1)
        #expect(settings.drain == .seconds(25))
        #expect(settings.partitionDaysAhead == 3)
        #expect(
            settings.retentionInterval == .seconds(21_600) && settings.analyzeInterval == .seconds(21_600)
        )
        #expect(settings.installationRetentionDays == 30)
        #expect(settings.logLevel == .info && settings.logSubjects == "hashed")
        #expect(settings.logBuffer == 4_194_304)
    }

    @Test("flags come before the environment, the environment before the file, the file before the defaults")
    func order() throws {
        let (file, environment, flags) = ("slots = 2", ["LASTCALL_SLOTS": "3"], ["slots": "4"])
        #expect(try load(file: file).slots == 2)
        #expect(try load(environment: environment, file: file).slots == 3)
        #expect(try load(flags: flags, environment: environment, file: file).slots == 4)
    }

    @Test("every setting is read, and its origin is known")
    func everySettingIsRead() throws {
        let settings = try load(flags: ["slots": "4"], file: "listen = \"[::1]:80\"")
        #expect(Set(settings.origins.keys) == Set(LastcallSettings.definitions.map(\.name)))
        #expect(settings.origins["slots"] == .flag("--slots"))
        #expect(settings.origins["listen"] == .file(path: "/lastcall.toml", key: "listen"))
        #expect(settings.origins["config"] == .environment("LASTCALL_CONFIG"))
        #expect(settings.origins["lease_seconds"] == .standard)
    }

    @Test("a flag names the file before the environment does")
    func configByFlag() throws {
        let settings = try load(
            flags: ["config": "/a.toml"],
            environment: ["LASTCALL_CONFIG": "/b.toml"],
            files: ["/a.toml": "slots = 7"]
        )
        #expect(settings.slots == 7)
        #expect(settings.config == "/a.toml")
    }

    @Test("a missing settings file stops the start")
    func missingFile() {
        let expected = SettingsError.unreadableFile(
            setting: "config",
            source: .flag("--config"),
            path: "/none.toml",
            .system(code: 2)
        )
        #expect(throws: expected) { try load(flags: ["config": "/none.toml"]) }
        #expect("\(expected)" == "config (flag --config): cannot read /none.toml: No such file or directory")
    }

    @Test("variables of others are not ours")
    func foreignVariables() throws {
        #expect(
            try load(environment: ["LASTCALLX": "1", "PATH": "/bin", "lastcall_slots": "x"]).slots == 512
        )
    }

    @Test(
        "an unknown variable stops the start and names the nearest",
        arguments: [
            ("LASTCALL_LEASE_SECOND", "LASTCALL_LEASE_SECONDS"), ("LASTCALL_LISTN", "LASTCALL_LISTEN"),
            ("LASTCALL_slots", "LASTCALL_SLOTS"), ("LASTCALL_API_KEY", "LASTCALL_OPERATOR_API_KEY"),
            ("LASTCALL_DATABASE_URL_FIL", "LASTCALL_DATABASE_URL_FILE"),
        ]
    )
    func unknownVariable(name: String, nearest: String) {
        #expect(throws: SettingsError.unknownName(.environment(name), nearest: nearest)) {
            try load(environment: [name: "1"])
        }
    }

    @Test("an unknown key or flag stops the start and names the nearest")
    func unknownKeyOrFlag() {
        let key = SettingsError.unknownName(.file(path: "/lastcall.toml", key: "slot"), nearest: "slots")
        #expect(throws: key) { try load(file: "slot = 1") }
        #expect("\(key)" == "unknown setting (key slot in /lastcall.toml); the nearest known name is slots")
        #expect(throws: SettingsError.unknownName(.flag("--drain-second"), nearest: "--drain-seconds")) {
            try load(flags: ["drain_second": "1"])
        }
    }

    @Test("the file cannot name another file, and a secret cannot be a flag")
    func wrongPlace() {
        let config = SettingsError.notAllowedHere(
            setting: "config",
            source: .file(path: "/lastcall.toml", key: "config"),
            instead: "LASTCALL_CONFIG or --config"
        )
        #expect(throws: config) { try load(file: "config = \"/b.toml\"") }
        let secret = SettingsError.notAllowedHere(
            setting: "database_url",
            source: .flag("--database-url"),
            instead: "LASTCALL_DATABASE_URL or --database-url-file"
        )
        #expect(throws: secret) { try load(flags: ["database_url": "host=a"]) }
    }

    @Test("a proxy comes with its credentials, which are a secret, and with who resolves names")
    func proxy() throws {
        let settings = try load(
            flags: ["egress_proxy_resolves_names": "true"],
            environment: [
                "LASTCALL_EGRESS_PROXY": "http://proxy:3128",
                "LASTCALL_EGRESS_PROXY_CREDENTIALS": "op:hunter2",
            ]
        )
        #expect(settings.egressProxy == ProxyAddress("http://proxy:3128"))
        #expect(settings.egressProxyCredentials?.reveal() == "op:hunter2")
        #expect(settings.egressProxyResolvesNames)
        #expect(!"\(settings)".contains("hunter2"))
        #expect(try load(file: "").egressProxy == nil)
    }

    @Test("credentials are a user, a colon and a password", arguments: ["op", ":pw", "a\nb:c", ""])
    func proxyCredentials(text: String) {
        let variables = ["LASTCALL_EGRESS_PROXY": "http://p:1", "LASTCALL_EGRESS_PROXY_CREDENTIALS": text]
        #expect(throws: SettingsError.self) { try load(environment: variables) }
    }
}
