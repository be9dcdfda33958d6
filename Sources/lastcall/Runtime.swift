import DeliveryPolicy
import DeliveryWorker
import Foundation
import HTTPListener
import Hummingbird
import HummingbirdCore
import IntakeAPI
import Logging
import LogoutTokens
import Metrics
import NIOCore
import Outbox
import PostgresClient
import RelyingPartyClient
import ServiceLifecycle
import Settings
import Telemetry
import UnixSignals

/// The composition root: builds everything once, from the settings, and runs it as one group.
struct Runtime {
    /// What this process does.
    struct Roles: OptionSet {
        let rawValue: Int
        static let api = Roles(rawValue: 1)
        static let deliveries = Roles(rawValue: 2)

        /// The subcommand that does it.
        var name: String { self == .api ? "serve" : self == .deliveries ? "work" : "up" }
    }

    let settings: LastcallSettings
    let roles: Roles
    let logger: Logger
    let registry: PrometheusRegistry
    let database: Database
    let pool: PostgresPool
    let store: OutboxStore
    let wake: WakeSignal
    let worker: DeliveryWorker?
    let api: LastcallAPI
    let apiConnections: ConnectionSlots
    let tls: ServerTLS?
    let queue: QueueWatch
    let collector: TraceCollector?

    /// `traces`: whether anything is traced; a command that ends at once leaves nothing behind.
    init(
        _ settings: LastcallSettings,
        roles: Roles,
        logger: Logger,
        registry: PrometheusRegistry,
        traces: Bool = true
    ) throws {
        let budget = DescriptorBudget(
            limit: DescriptorLimit.raise(),
            apiConnections: roles.contains(.api) ? settings.apiConnectionLimit : 0,
            keptConnections: roles.contains(.deliveries) ? settings.keptConnections : 0,
            others: Self.adminConnectionLimit + settings.databasePoolSize
                + (roles.contains(.deliveries) ? settings.slots : 0)
        )
        if budget.isShort {
            logger.warning(
                "the system allows fewer open files than the settings ask for: connections are fewer",
                metadata: [
                    "wanted": "\(budget.wanted)", "api_connections": "\(budget.apiConnections)",
                    "kept_connections": "\(budget.keptConnections)",
                ]
            )
        }
        self.settings = settings
        self.roles = roles
        self.logger = logger
        self.registry = registry
        database = try Database(settings, role: roles.name)
        pool = try database.pool(logger)
        store = OutboxStore(pool: pool, logger: logger)
        wake = WakeSignal(store: store)
        queue = QueueWatch(store: store, logger: logger)
        let collector = traces ? try TraceCollector(settings, role: roles.name) : nil
        self.collector = collector
        let tracer = collector.map { TraceRecorder(exporter: $0.exporter, oneIn: settings.tracesSampleOneIn) }
        let tracing = DeliveryTracing(tracer: tracer, propagates: settings.propagateTraceContext)
        let worker =
            roles.contains(.deliveries) ? try Self.worker(settings, budget, store, tracing, logger) : nil
        self.worker = worker
        if let worker { wake.listen { worker.wake($0) } }
        let probe = ReadinessProbe(store: store, pool: pool, worker: worker, lease: settings.lease)
        api = LastcallAPI(
            store: store,
            intake: GroupCommit(
                store: store,
                wake: wake,
                usualDeliverWithin: Double(DeliverySettings.standard.deliverWithinSeconds),
                maximumWaiting: settings.intakeQueueLimit
            ),
            wake: wake,
            settings: try settings.api(isDelivering: worker != nil),
            logger: logger,
            tracer: tracer
        ) { await probe.readiness() }
        apiConnections = ConnectionSlots(limit: budget.apiConnections)
        tls = roles.contains(.api) ? try settings.tlsFiles.map { try ServerTLS($0) } : nil
        worker?.listen { [ends = api.ends] in ends.ended($0) }
        observe()
    }

    /// Nobody but monitoring comes to the operator's own port.
    private static let adminConnectionLimit = 100

    private static func worker(
        _ settings: LastcallSettings,
        _ budget: DescriptorBudget,
        _ store: OutboxStore,
        _ tracing: DeliveryTracing?,
        _ logger: Logger
    ) throws -> DeliveryWorker {
        guard let key = try settings.sealingKey() else {
            throw Failure(
                "LASTCALL_KEY_ENCRYPTION_KEY is needed to open the signing keys (32 bytes in base64, or ..._FILE)",
                code: Failure.misconfigured
            )
        }
        var configuration = ClientConfiguration(userAgent: "Lastcall/\(Version.text)")
        configuration.caFile = settings.caFile
        configuration.minimumTLS = settings.minimumTLSVersion == "1.3" ? .tls13 : .tls12
        configuration.shutdownGrace = settings.drain
        configuration.maximumConnections = budget.keptConnections
        configuration.egressProxy = settings.proxy
        if let proxy = configuration.egressProxy {
            logger.info(
                "relying parties are called through a proxy",
                metadata: ["proxy": "\(proxy)", "resolves_names": "\(proxy.resolvesNames)"]
            )
        }
        let client = try RelyingPartyClient(configuration)
        var worker = WorkerSettings(
            name: "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)",
            addressRule: settings.addressRule,
            keyEncryptionKey: key
        )
        worker.egress = settings.egress
        worker.tlsFolders = settings.tlsFolders
        worker.clientKeysStale = settings.clientKeysStale
        for path in worker.tlsFolders.exposedKeyFiles() {
            logger.warning(
                "a private key is open to others than its owner: chmod o-rwx,g-w",
                metadata: ["file": "\(path)"]
            )
        }
        worker.logSubjects = SubjectLabels.Form(rawValue: settings.logSubjects) ?? .hashed
        worker.slots = settings.slots
        worker.lease = settings.lease
        worker.leaseMargin = LastcallSettings.leaseMargin
        worker.pollInterval = settings.pollInterval
        worker.settleBatchSize = settings.settleBatchSize
        worker.settleInterval = settings.settleInterval
        worker.replayRate = settings.replayRate
        worker.signerThreads =
            settings.signerThreads > 0 ? settings.signerThreads : ProcessInfo.processInfo.activeProcessorCount
        worker.drain = settings.drain
        worker.clockSkewLimit = settings.clockSkewLimit
        worker.partitionDaysAhead = settings.partitionDaysAhead
        worker.retentionInterval = settings.retentionInterval
        worker.installationRetentionDays = settings.installationRetentionDays
        worker.analyzeInterval = settings.analyzeInterval
        worker.metricsClients = settings.metricsClients
        worker.previousKeyEncryptionKeys = try settings.previousKeys()
        return DeliveryWorker(
            settings: worker,
            store: store,
            client: client,
            remoteSigner: try settings.remoteSigner(userAgent: configuration.userAgent),
            hardwareSigner: settings.hardwareSigner(),
            tracing: tracing,
            logger: logger
        )
    }

    /// Runs until SIGTERM or SIGINT, then stops in order: the API, the deliveries, the database.
    ///
    /// `below`: services that everything else stands on; they stop last.
    func run(below: [any Service] = []) async throws {
        do {
            try await RoleCheck(store: store, pool: pool).run()
        } catch {
            await pool.shutdown()
            throw error
        }
        var services: [any Service] = below + [PoolService(pool: pool), wake, queue]
        if let collector { services.append(collector) }
        if let worker {
            services.append(
                ListenerService(configuration: database.listening, worker: worker, logger: logger)
            )
            services.append(worker)
        }
        services.append(
            server(
                settings.adminListen,
                "admin",
                connections: ConnectionSlots(limit: Self.adminConnectionLimit),
                responder: AdminAPI(api: api, registry: registry)
            )
        )
        if roles.contains(.api) {
            services.append(api.auditFeed)
            if let tls { services.append(TLSReloader(tls, every: settings.tlsReload, logger: logger)) }
            if tls == nil, !settings.listen.isLocal {
                logger.warning(
                    "the API listens beyond this machine without TLS: API keys can be read on the way",
                    metadata: ["listen": "\(settings.listen)"]
                )
            }
            services.append(api.keyUse)
            services.append(
                server(
                    settings.listen,
                    "api",
                    connections: apiConnections,
                    tls: tls,
                    responder: HTTPFrontend(try consoleOrAPI())
                )
            )
            // The last to start is the first to stop: no call must wait on while the server ends.
            services.append(api.ends)
        }
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        group.maximumGracefulShutdownDuration = settings.drain + .seconds(4)
        try await ServiceGroup(configuration: group).run()
    }

    private func server<Responder: HTTPResponder>(
        _ address: ListenAddress,
        _ name: String,
        connections: ConnectionSlots,
        tls: ServerTLS? = nil,
        responder: Responder
    ) -> any Service where Responder.Context == HTTPFrontend.Context {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .notice)
        return Application(
            responder: responder,
            server: .guarded(
                limits: settings.listenerLimits,
                slots: connections,
                tls: tls,
                handlers: HTTPFrontend.connectionHandlers
            ),
            configuration: ApplicationConfiguration(
                address: address.bindAddress,
                serverName: nil,
                backlog: 1_024
            ),
            onServerRunning: { [self] channel in
                AcceptPause.add(to: channel)
                // The port that the system chose, where the setting says 0.
                let address =
                    channel.localAddress.flatMap { local in
                        local.port.map { "\(local.ipAddress ?? ""):\($0)" }
                    } ?? "\(address)"
                self.logger.info(
                    "listening",
                    metadata: [
                        "server": "\(name)", "address": "\(address)", "tls": tls == nil ? "off" : "on",
                    ]
                )
            },
            logger: logger
        )
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
