internal import COpenSSL
public import Certificates
internal import EmbeddedPostgres
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import LogoutTokens
public import PostgresClient

/// What one scenario plays on: a private Postgres with the shipped settings, an authority for the relying parties'
/// certificates, and a folder; all of it is gone when the scenario is.
///
/// The product runs on it as processes of this same program, with its defaults: see ``start(_:environment:)``. A stage belongs
/// to one thread.
public final class Stage {
    /// How much to do.
    public let scale: Scale
    /// A folder of its own; whoever may pass through may read it.
    public let folder: String
    /// Signs the certificates of relying parties; the product trusts it and no other.
    public let authority: CertificateAuthority
    /// How to reach the database, as its superuser.
    public let databaseURL: String
    /// The key that the product's API takes from an operator.
    public let operatorKey: String
    /// The first process of the cluster.
    public let postmaster: Int32
    /// What the server says of itself.
    public let serverVersion: String

    private let executable: String
    private let keyEncryptionKey: String
    private let cluster: EmbeddedCluster
    private let forgetCluster: @Sendable () -> Void
    private let tell: @Sendable (String) -> Void
    private var children: [ChildProgram] = []
    private var startedCount = 0

    /// Makes the folder, starts the cluster and migrates it.
    ///
    /// - Parameters:
    ///   - scale: how much the scenario is to do.
    ///   - base: the folder for the stage's own, on the disk that is to be measured.
    ///   - executable: the path of `lastcall`.
    ///   - tell: hears what is going on.
    /// - Throws: ``BenchmarkError`` and what OpenSSL or Postgres say; then nothing is left behind.
    init(
        scale: Scale,
        below base: String,
        executable: String,
        tell: @escaping @Sendable (String) -> Void
    ) throws {
        self.scale = scale
        self.executable = executable
        self.tell = tell
        var path = Array("\(base)/lastcall-bench-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&path) != nil else {
            throw BenchmarkError("no folder below \(base): errno \(errno)")
        }
        let folder = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.folder = folder
        // The server runs as a user of its own, who must get to its data.
        unsafe chmod(folder, 0o755)
        let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let cluster = EmbeddedCluster(configuration: .init(dataDirectory: folder + "/cluster"), logger: quiet)
        self.cluster = cluster
        do {
            authority = try CertificateAuthority(commonName: "Lastcall benchmark")
            let pem = Data(authority.certificatePEM.utf8)
            guard FileManager.default.createFile(atPath: folder + "/ca.pem", contents: pem) else {
                throw BenchmarkError("\(folder)/ca.pem cannot be written")
            }
            operatorKey = "lc_bench_" + Base64.urlEncode(try Digests.randomBytes(32))
            keyEncryptionKey = Base64.encode(try Digests.randomBytes(32))
            forgetCluster = try Interrupt.onRaise { Task { try? await cluster.stop() } }
            try Blocking.wait { try await cluster.start() }
            databaseURL = cluster.connectionString
            let pidFile = ProcFile.text(folder + "/cluster/postgres/postmaster.pid").prefix { $0 != "\n" }
            guard let postmaster = Int32(pidFile) else {
                throw BenchmarkError("the cluster has no process id")
            }
            self.postmaster = postmaster
            let connection = try PostgresConnection.connect(.init(connectionString: cluster.connectionString))
            serverVersion =
                try connection.query(
                    .init(
                        name: "version",
                        text: "select current_setting('server_version')",
                        access: .readOnly
                    )
                ).first?.text(0) ?? "unknown"
        } catch {
            try? Blocking.wait { try await cluster.stop() }
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
        do {
            try migrate()
        } catch {
            close()
            throw error
        }
    }

    /// The file of the authority's certificate.
    public var caFile: String { folder + "/ca.pem" }

    /// Says on standard error what is going on.
    ///
    /// - Parameter line: one line.
    public func say(_ line: String) { tell(line) }

    /// Opens a connection as the database's superuser, with ten minutes for each statement.
    ///
    /// - Returns: the connection, for this thread.
    /// - Throws: `PostgresError`.
    public func connect() throws -> PostgresConnection {
        try PostgresConnection.connect(
            try PostgresConfiguration(
                connectionString: databaseURL,
                applicationName: "lastcall-bench",
                statementTimeout: .seconds(600),
                idleInTransactionTimeout: .zero
            )
        )
    }

    /// Starts another process of this program, with pipes to its standard input and output.
    ///
    /// - Parameter arguments: the hidden subcommand and its arguments.
    /// - Returns: the process; it ends with the stage at the latest.
    /// - Throws: ``BenchmarkError``.
    public func startPiped(_ arguments: [String]) throws -> ChildProgram {
        startedCount += 1
        let child = try ChildProgram(
            [executable] + arguments,
            environment: [:],
            log: "\(folder)/\(arguments.first ?? "child")-\(startedCount).log",
            isPiped: true
        )
        children.append(child)
        return child
    }

    /// Starts a process of the product and waits until it is ready.
    ///
    /// - Parameters:
    ///   - role: what it does.
    ///   - environment: settings beyond the defaults, by their names in the environment.
    /// - Returns: the process; it ends with the stage at the latest.
    /// - Throws: ``BenchmarkError`` with what it printed last.
    public func start(_ role: ProductProcess.Role, environment: [String: String] = [:]) throws
        -> ProductProcess
    {
        startedCount += 1
        let (port, adminPort) = (try LocalPort.free(), try LocalPort.free())
        let child = try ChildProgram(
            [executable, role.rawValue],
            environment: settings(port, adminPort).merging(environment) { $1 },
            log: "\(folder)/\(role.rawValue)-\(startedCount).log",
            isPiped: false
        )
        children.append(child)
        let product = ProductProcess(role: role, program: child, port: port, adminPort: adminPort)
        try product.waitUntilReady(key: operatorKey)
        return product
    }

    /// A caller of a process's API.
    ///
    /// - Parameter product: one that has the API.
    /// - Returns: the caller, for this thread.
    /// - Throws: ``BenchmarkError``.
    public func caller(of product: ProductProcess) throws -> APICaller {
        try APICaller(port: product.port, key: operatorKey)
    }

    /// Reads the CPU times of now.
    ///
    /// - Parameters:
    ///   - product: the product's processes.
    ///   - sink: the relying parties' process.
    ///   - ours: connections of the benchmark itself, whose backends are not the product's cost; they stay open.
    /// - Returns: the reading, to be subtracted from a later one of the same processes.
    public func readCPU(
        product: [ProductProcess],
        sink: ChildProgram?,
        without ours: [PostgresConnection] = []
    ) -> CPUReading {
        var reading = CPUReading.now(
            product: product.map(\.program.id),
            postmaster: postmaster,
            sink: sink.map { [$0.id] } ?? []
        )
        for connection in ours {
            let used = ProcessCPU.microseconds(of: connection.backendPID) ?? 0
            reading.postgres -= used
            reading.benchmark += used
        }
        return reading
    }

    /// Ends every process and removes the folder.
    func close() {
        for child in children { child.end(within: .seconds(10)) }
        children = []
        try? Blocking.wait { [cluster] in try await cluster.stop() }
        forgetCluster()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func migrate() throws {
        let (port, adminPort) = (try LocalPort.free(), try LocalPort.free())
        let child = try ChildProgram(
            [executable, "migrate"],
            environment: settings(port, adminPort),
            log: folder + "/migrate.log",
            isPiped: false
        )
        while child.isRunning { usleep(5_000) }
        try Interrupt.check()
        guard child.endedWell else { throw BenchmarkError("lastcall migrate failed: \(child.lastWords)") }
    }

    private func settings(_ port: UInt16, _ adminPort: UInt16) -> [String: String] {
        [
            "LASTCALL_DATABASE_URL": databaseURL, "LASTCALL_LISTEN": "127.0.0.1:\(port)",
            "LASTCALL_ADMIN_LISTEN": "127.0.0.1:\(adminPort)", "LASTCALL_DATA_DIR": folder + "/data",
            "LASTCALL_ALLOW_INSECURE_LOOPBACK": "true", "LASTCALL_CA_FILE": caFile,
            "LASTCALL_OPERATOR_API_KEY": operatorKey, "LASTCALL_KEY_ENCRYPTION_KEY": keyEncryptionKey,
        ]
    }
}

@available(*, unavailable)
extension Stage: Sendable {}
