// swift-tools-version: 6.2
// The layers of Lastcall, bottom to top. A target imports only targets of lower layers, never a neighbour; the
// architecture test reads this file and says so when an arrow points up or sideways.
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let toml = Target.Dependency.product(name: "TOMLKit", package: "TOMLKit")

let package = Package(
    name: "lastcall",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "lastcall", targets: ["lastcall"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/LebJe/TOMLKit.git", from: "0.6.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
    ],
    targets: [
        // Layer 0: C libraries, the text of sql/, JSON by the letter.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "LastcallSQL", path: "sql",
            exclude: ["migrations", "queries", "schema.sql", "README.md"],
            swiftSettings: strict, plugins: ["EmbedSQL"]
        ),
        .target(name: "StrictJSON", swiftSettings: strict),
        .systemLibrary(name: "CSpawn"),
        .systemLibrary(name: "CEpoll"),
        .target(name: "Threads", swiftSettings: strict),

        // Layer 1: values.
        .target(name: "LogoutModel", dependencies: ["StrictJSON"], swiftSettings: strict),

        // Layer 2: rules; no I/O, no clock, no randomness of their own.
        .target(
            name: "DeliveryPolicy", dependencies: ["LogoutModel", "StrictJSON"], exclude: ["Registries"], swiftSettings: strict
        ),
        .target(name: "LogoutTokens", dependencies: ["COpenSSL", "LogoutModel", "StrictJSON"], swiftSettings: strict),
        .target(name: "AuditTrail", dependencies: ["COpenSSL", "LogoutModel"], swiftSettings: strict),

        // Layer 3: I/O mechanisms.
        .target(name: "PostgresClient", dependencies: ["CPostgres", "Threads"], swiftSettings: strict),
        // The address rule is judged when a socket is opened, hence the arrow to DeliveryPolicy.
        .target(name: "RelyingPartyClient", dependencies: ["CCurl", "COpenSSL", "DeliveryPolicy", "StrictJSON", "Threads"], swiftSettings: strict),

        // What the command line calls an API with that runs elsewhere.
        .target(name: "APIClient", dependencies: ["CCurl", "Threads"], swiftSettings: strict),

        // Signing keys that an HSM holds.
        .target(name: "HardwareKeys", dependencies: ["COpenSSL", "LogoutTokens", "Threads"], swiftSettings: strict),

        // Throw-away certificates for servers on loopback, of tests and benchmarks.
        .target(name: "Certificates", dependencies: ["COpenSSL"], swiftSettings: strict),

        .target(name: "EmbeddedPostgres", dependencies: ["CSpawn", "Threads", logging, lifecycle], swiftSettings: strict),
        .target(
            name: "Telemetry", dependencies: ["StrictJSON", "Threads", "LogoutModel", logging, coreMetrics, tracing],
            swiftSettings: strict
        ),
        .target(name: "Settings", dependencies: ["DeliveryPolicy", configuration, argumentParser, logging, toml], swiftSettings: strict),
        // Everybody reaches this one: TLS, limits and deadlines stand in front of whatever answers.
        .target(
            name: "HTTPListener",
            dependencies: ["StrictJSON", hummingbird, hummingbirdCore, nioSSL, logging, lifecycle, signals],
            swiftSettings: strict
        ),

        // Layer 4: the only module that changes state.
        .target(
            name: "Outbox",
            dependencies: ["LastcallSQL", "LogoutModel", "AuditTrail", "PostgresClient", logging, metrics, coreMetrics, lifecycle],
            swiftSettings: strict
        ),

        // Layer 5: surfaces.
        .target(
            name: "IntakeAPI",
            dependencies: [
                "StrictJSON", "LogoutModel", "DeliveryPolicy", "LogoutTokens", "AuditTrail", "PostgresClient", "Outbox",
                "HTTPListener", "Telemetry", "Threads", hummingbird, logging, metrics, coreMetrics, tracing, lifecycle,
            ],
            swiftSettings: strict
        ),
        .target(
            name: "DeliveryWorker",
            dependencies: [
                "StrictJSON", "LogoutModel", "DeliveryPolicy", "LogoutTokens", "AuditTrail", "PostgresClient",
                "HardwareKeys", "RelyingPartyClient", "Telemetry", "Outbox", "Threads", deques, logging, metrics, coreMetrics, tracing,
                lifecycle,
            ],
            swiftSettings: strict
        ),

        .target(
            name: "OperatorConsole",
            dependencies: ["StrictJSON", "LogoutModel", "LogoutTokens", "AuditTrail", "Outbox", "Threads", mustache, logging, lifecycle],
            exclude: ["Assets", "Templates"],
            swiftSettings: strict, plugins: ["EmbedPages"]
        ),

        // Measures the product from outside, as processes: it knows nothing of Outbox, IntakeAPI or DeliveryWorker.
        .target(
            name: "Benchmarks",
            dependencies: [
                "CEpoll", "COpenSSL", "CCurl", "CSpawn", "StrictJSON", "Threads", "LogoutTokens", "PostgresClient", "Certificates",
                "EmbeddedPostgres", logging,
            ],
            swiftSettings: strict
        ),

        // Layer 6: the composition root.
        .executableTarget(
            name: "lastcall",
            dependencies: [
                "CSpawn", "StrictJSON", "Threads", "LogoutModel", "DeliveryPolicy", "LogoutTokens", "AuditTrail", "PostgresClient",
                "HardwareKeys", "RelyingPartyClient", "EmbeddedPostgres", "HTTPListener", "Telemetry", "Settings", "Outbox",
                "IntakeAPI", "DeliveryWorker", "OperatorConsole", "Benchmarks", "APIClient",
                argumentParser, hummingbird, hummingbirdCore, logging, metrics, coreMetrics, tracing, lifecycle, signals,
            ],
            swiftSettings: strict
        ),

        // Beside the layers: what builds, tests and demonstrates them. No product depends on these.
        .executableTarget(name: "embed-sql", swiftSettings: strict),
        .executableTarget(name: "embed-pages", swiftSettings: strict),
        .plugin(name: "EmbedPages", capability: .buildTool(), dependencies: ["embed-pages"]),
        .plugin(name: "EmbedSQL", capability: .buildTool(), dependencies: ["embed-sql"]),
        .target(
            name: "LastcallTestKit", dependencies: ["COpenSSL", "CSpawn", "Certificates", "PostgresClient", "Outbox", "StrictJSON", "Threads"],
            swiftSettings: strict
        ),
        // The three RPs of scripts/run.
        .executableTarget(
            name: "lastcall-demo", dependencies: ["LastcallTestKit", argumentParser], swiftSettings: strict
        ),
        // What must hold for every reader of outside bytes: replayed by its tests, searched by scripts/fuzz.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "CCurl", "StrictJSON", "LogoutModel", "DeliveryPolicy", "LogoutTokens", "RelyingPartyClient", "IntakeAPI",
            ],
            swiftSettings: strict
        ),
        tests("FuzzTargets"),
        // Breaks a fleet of the product on purpose, as processes and from outside: scripts/chaos.
        .target(
            name: "Chaos",
            dependencies: [
                "Benchmarks", "CEpoll", "COpenSSL", "CSpawn", "Certificates", "DeliveryPolicy", "EmbeddedPostgres", "LastcallTestKit",
                "LogoutModel", "LogoutTokens", "PostgresClient", "StrictJSON", "Threads", logging,
            ],
            swiftSettings: strict
        ),
        .executableTarget(name: "lastcall-chaos", dependencies: ["Benchmarks", "Chaos", argumentParser, signals], swiftSettings: strict),
        tests(
            "Chaos",
            [
                "Benchmarks", "Certificates", "DeliveryPolicy", "LastcallSQL", "LastcallTestKit", "LogoutTokens", "PostgresClient",
                "RelyingPartyClient", "StrictJSON", "Threads", "lastcall",
            ]
        ),
        // A fleet on a virtual clock, with faults at every step: the product's decisions, everything around them simulated.
        .target(
            name: "FleetSimulation",
            dependencies: ["LogoutModel", "DeliveryPolicy", "PostgresClient", "RelyingPartyClient", "Outbox", "DeliveryWorker"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "lastcall-simulate", dependencies: ["FleetSimulation", argumentParser], swiftSettings: strict
        ),
        tests("FleetSimulation", ["LastcallTestKit", "LogoutModel", "Outbox", "PostgresClient", "AuditTrail", logging]),
        // What scripts/harden network runs inside its network namespace.
        .executableTarget(
            name: "lastcall-network-proof",
            dependencies: ["DeliveryPolicy", "LastcallTestKit", "RelyingPartyClient"], swiftSettings: strict
        ),
        tests("StrictJSON"),
        tests("LogoutModel"),
        tests("DeliveryPolicy", ["LogoutModel", "StrictJSON"]),
        tests("LogoutTokens", ["LastcallTestKit", "LogoutModel", "StrictJSON"]),
        tests("AuditTrail", ["LogoutModel"]),
        tests("PostgresClient", ["LastcallTestKit"]),
        tests("RelyingPartyClient", ["DeliveryPolicy", "LastcallTestKit"]),
        tests("EmbeddedPostgres", [logging, lifecycle]),
        tests("HTTPListener", ["LastcallTestKit", hummingbird, nioEmbedded, logging, lifecycle]),
        tests("Telemetry", ["LastcallTestKit", "LogoutModel", logging, metrics, coreMetrics, tracing]),
        tests("Settings", ["DeliveryPolicy", argumentParser, logging]),
        tests("APIClient", ["LastcallTestKit", "Threads"]),
        tests("LastcallTestKit", ["LogoutTokens", "PostgresClient", "StrictJSON"]),
        tests(
            "Outbox",
            ["LastcallSQL", "LogoutModel", "AuditTrail", "PostgresClient", "LastcallTestKit", logging, lifecycle]
        ),
        tests(
            "IntakeAPI",
            [
                "DeliveryPolicy", "HTTPListener", "LastcallTestKit", "LogoutModel", "LogoutTokens", "Outbox",
                "PostgresClient", "StrictJSON",
                hummingbird, logging, lifecycle,
            ]
        ),
        tests(
            "OperatorConsole",
            ["LastcallTestKit", "LogoutTokens", "Outbox", "PostgresClient", "StrictJSON", "lastcall"]
        ),
        .testTarget(name: "ArchitectureTests", swiftSettings: strict),
        tests("Benchmarks", ["Certificates", "LastcallTestKit", "LogoutTokens", "PostgresClient", "StrictJSON", "Threads"]),
        tests(
            "DeliveryWorker",
            [
                "AuditTrail", "DeliveryPolicy", "LastcallTestKit", "LogoutModel", "LogoutTokens", "Outbox",
                "PostgresClient", "RelyingPartyClient", logging, lifecycle,
            ]
        ),
        .testTarget(
            name: "FleetTests", dependencies: ["LastcallTestKit", "LogoutTokens", "PostgresClient", "StrictJSON", "Telemetry", "lastcall"],
            swiftSettings: strict
        ),
    ]
)

/// The tests of one target.
func tests(_ name: String, _ others: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + others, swiftSettings: strict
    )
}

// libFuzzer and coverage in every module come from the command line of scripts/fuzz, the only caller.
if Context.environment["LASTCALL_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(name: "lastcall-fuzz", dependencies: ["FuzzTargets"], swiftSettings: strict)
    )
}
