import APIClient
import ArgumentParser
import Foundation
import Logging
import Outbox
import PostgresClient
import Settings
import Telemetry

/// What every operator's command takes.
struct OperatorOptions: ParsableArguments {
    @Option(help: "The settings file.", completion: .file())
    var config: String?
    @Option(
        help: "The data folder of `lastcall up`, whose database is used unless another is given.",
        completion: .directory
    )
    var dataDir: String?
    @Option(
        help: "A file with the database's connection string (or LASTCALL_DATABASE_URL).",
        completion: .file()
    )
    var databaseURLFile: String?
    @Option(
        help: "Allow http, and loopback addresses, for development (or LASTCALL_ALLOW_INSECURE_LOOPBACK)."
    )
    var allowInsecureLoopback: String?
    @OptionGroup(title: "An API that runs elsewhere") var remote: RemoteOptions
    @Flag(help: "Print JSON: an object a line, with the members of the API; errors too.")
    var json = false

    private var flags: [String: String] {
        var flags: [String: String] = [:]
        flags["config"] = config
        flags["data_dir"] = dataDir
        flags["database_url_file"] = databaseURLFile
        flags["allow_insecure_loopback"] = allowInsecureLoopback
        return flags
    }

    /// Opens the API for one command: the one that runs elsewhere, or on the settings' database, in this process.
    func withAPI(_ body: (Operator) async throws -> Void) async throws {
        try await finishing(json: json) {
            let remote = try remote.filled(from: ProcessInfo.processInfo.environment)
            if let server = try remote.server() {
                return try await body(Operator(server, printsJSON: json))
            }
            try await withDatabase { runtime in try await body(Operator(runtime.api, printsJSON: json)) }
        }
    }

    /// Opens the settings' database for what no route of the API does.
    func withStore(_ body: (OutboxStore) async throws -> Void) async throws {
        try await withRuntime { try await body($0.store) }
    }

    /// Builds everything on the settings' database, in this process, for one command that no API can do.
    func withRuntime(_ body: (Runtime) async throws -> Void) async throws {
        try await finishing(json: json) {
            guard remote.api == nil else {
                throw Failure(
                    "this command needs the database itself; --api does not help it",
                    code: Failure.usage
                )
            }
            try await withDatabase(body)
        }
    }

    private func withDatabase(_ body: (Runtime) async throws -> Void) async throws {
        var environment = RemoteOptions.others(in: ProcessInfo.processInfo.environment)
        var settings = try LastcallSettings.load(flags: flags, environment: environment)
        let keys = DataFolder(path: settings.dataDirectory).existingKeys(for: settings)
        if !keys.isEmpty {
            environment.merge(keys) { $1 }
            settings = try LastcallSettings.load(flags: flags, environment: environment)
        }
        if !settings.coreDumps { CrashTraces.forbid() }
        let quiet = Logger(label: "lastcall") { _ in SwiftLogNoOpLogHandler() }
        let runtime = try Runtime(settings, roles: .api, logger: quiet, registry: .init(), traces: false)
        do {
            try await body(runtime)
        } catch {
            await runtime.pool.shutdown()
            throw error
        }
        await runtime.pool.shutdown()
    }
}
