internal import Glibc
public import Logging
public import ServiceLifecycle
internal import Synchronization

/// The private Postgres of `lastcall up`: made in the data folder on the first start, reachable over a Unix socket
/// by its owner and root only, and gone with this process, even by `kill -9`.
///
/// Call ``start()``, use ``connectionString``, and let a service group call ``run()``, before all services that use
/// the database: a group stops its services in reverse. Other processes find a running one by
/// ``connectionString(dataDirectory:)``.
public final class EmbeddedCluster: Service, Sendable {
    private typealias Outcome = Result<Void, EmbeddedPostgresError>

    private enum Phase {
        case idle
        case starting
        case running(ChildProcess)
        case ended(Outcome)
    }

    private struct State {
        var phase = Phase.idle
        var isStopping = false
        var waiters: [CheckedContinuation<Outcome, Never>] = []
    }

    private let configuration: EmbeddedClusterConfiguration
    private let folder: ClusterFolder
    private let logger: Logger
    private let state = Mutex(State())

    /// Describes a cluster; touches nothing.
    ///
    /// - Parameters:
    ///   - configuration: where it lives.
    ///   - logger: hears of starts and ends.
    public init(configuration: EmbeddedClusterConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        folder = ClusterFolder(dataDirectory: configuration.dataDirectory)
    }

    /// How to reach the database `lastcall`; a libpq conninfo string. Good once ``start()`` has returned.
    public var connectionString: String { folder.connectionString }

    /// How to reach the cluster of a data folder, whoever runs it.
    ///
    /// - Parameter dataDirectory: as in the configuration of the process that runs it.
    /// - Returns: a libpq conninfo string, the same for every process that names the folder.
    public static func connectionString(dataDirectory: String) -> String {
        ClusterFolder(dataDirectory: dataDirectory).connectionString
    }

    /// Makes the cluster where it is missing, starts the server, waits until it answers.
    ///
    /// - Throws: ``EmbeddedPostgresError``; then nothing runs.
    public func start() async throws(EmbeddedPostgresError) {
        let isFirst = state.withLock { state in
            guard case .idle = state.phase else { return false }
            state.phase = .starting
            return true
        }
        guard isFirst else { throw .alreadyStarted }
        let result = await withCheckedContinuation { started in
            do throws(EmbeddedPostgresError) {
                try ServerThread.start { self.supervise(started) }
            } catch {
                finish(.failure(error))
                started.resume(returning: Outcome.failure(error))
            }
        }
        try result.get()
    }

    /// Starts the server unless ``start()`` was called, and returns when it has been stopped: by a graceful shutdown,
    /// by cancellation or by ``stop()``.
    ///
    /// - Throws: ``EmbeddedPostgresError/died(status:log:)`` where the server ends by itself, and what starting or
    ///   stopping throws.
    public func run() async throws {
        let isIdle = state.withLock { if case .idle = $0.phase { true } else { false } }
        if isIdle { try await start() }
        let result = await withTaskCancellationOrGracefulShutdownHandler {
            await end()
        } onCancelOrGracefulShutdown: {
            self.beginStop()
        }
        try result.get()
    }

    /// Stops the server: a fast shutdown, and an immediate one where that takes too long.
    ///
    /// - Throws: ``EmbeddedPostgresError/didNotStop(pid:)``, or what ended the server before.
    public func stop() async throws(EmbeddedPostgresError) {
        beginStop()
        try await end().get()
    }

    private func end() async -> Outcome {
        await withCheckedContinuation { continuation in
            let result: Outcome? = state.withLock { state in
                switch state.phase {
                case .idle: return .success(())
                case .ended(let result): return result
                case .starting, .running:
                    state.waiters.append(continuation)
                    return nil
                }
            }
            if let result { continuation.resume(returning: result) }
        }
    }

    private func finish(_ result: Outcome) {
        let waiters: [CheckedContinuation<Outcome, Never>] = state.withLock { state in
            if case .ended = state.phase { return [] }
            state.phase = .ended(result)
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    /// The whole life of the server, on one thread.
    private func supervise(_ started: CheckedContinuation<Outcome, Never>) {
        let server: Startup.Server
        do {
            server = try Startup(configuration: configuration, folder: folder, logger: logger).run()
        } catch {
            finish(.failure(error))
            started.resume(returning: .failure(error))
            return
        }
        let isStopping = state.withLock { state in
            state.phase = .running(server.process)
            return state.isStopping
        }
        logger.info(
            "embedded Postgres started",
            metadata: ["pid": "\(server.process.id)", "folder": "\(folder.cluster)"]
        )
        if isStopping { shutDown(server.process) }
        started.resume(returning: .success(()))
        let end = server.process.waitForEnd()
        server.lock.release()
        if state.withLock({ $0.isStopping }) {
            logger.info("embedded Postgres stopped", metadata: ["end": "\(end)"])
            finish(.success(()))
        } else {
            let log = FileSystem.text(of: folder.log, from: server.logStart)
            logger.error("embedded Postgres died", metadata: ["end": "\(end)"])
            finish(.failure(.died(status: "\(end)", log: log)))
        }
    }

    private func beginStop() {
        let process: ChildProcess? = state.withLock { state in
            guard !state.isStopping else { return nil }
            state.isStopping = true
            if case .running(let process) = state.phase { return process }
            return nil
        }
        if let process { shutDown(process) }
    }

    /// Asks for a fast shutdown at once, and for an immediate one, which costs a recovery at the next start, when the
    /// time for it is over.
    private func shutDown(_ process: ChildProcess) {
        process.send(SIGINT)
        let timeout = configuration.stopTimeout
        do {
            try ServerThread.start {
                if ServerThread.wait(until: .now + timeout, for: { process.end != nil }) { return }
                self.logger.warning("embedded Postgres stops too slowly", metadata: ["pid": "\(process.id)"])
                process.send(SIGQUIT)
                if ServerThread.wait(until: .now + timeout, for: { process.end != nil }) { return }
                self.finish(.failure(.didNotStop(pid: process.id)))
            }
        } catch {
            finish(.failure(error))
        }
    }
}
