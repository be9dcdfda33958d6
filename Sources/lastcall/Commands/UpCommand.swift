import ArgumentParser
import EmbeddedPostgres
import Foundation
import Logging
import PostgresClient
import Settings

/// `lastcall up`: everything on one machine.
struct UpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract:
            "Run everything on this machine: API, deliveries and, unless a database is given, a private Postgres."
    )
    @OptionGroup(title: "Settings") var flags: SettingFlags

    func run() async throws {
        try await finishing {
            let given = try loadSettings(flags)
            let folder = DataFolder(path: given.dataDirectory)
            try folder.create()
            let secrets = try folder.secrets(for: given)
            let settings = try LastcallSettings.load(
                flags: flags.values,
                environment: RemoteOptions.others(in: ProcessInfo.processInfo.environment)
                    .merging(secrets.environment) { $1 }
            )
            let logs = try Logs(settings)
            defer { logs.finish() }
            let cluster = settings.databaseURL == nil ? cluster(settings, logs.logger) : nil
            try await cluster?.start()
            do {
                _ = try await Database(settings, role: "up").migrate()
                announce(settings, secrets)
                try await Runtime(
                    settings,
                    roles: [.api, .deliveries],
                    logger: logs.logger,
                    registry: logs.registry
                ).run(below: cluster.map { [$0] } ?? [])
            } catch {
                try? await cluster?.stop()
                throw error
            }
            try await cluster?.stop()
        }
    }

    private func cluster(_ settings: LastcallSettings, _ logger: Logger) -> EmbeddedCluster {
        var configuration = EmbeddedClusterConfiguration(dataDirectory: settings.dataDirectory)
        configuration.binariesDirectory = settings.postgresBinDirectory
        return EmbeddedCluster(configuration: configuration, logger: logger)
    }

    private func announce(_ settings: LastcallSettings, _ secrets: DataFolder.Secrets) {
        print("Lastcall \(Version.text)")
        print("  API      \(settings.tlsFiles == nil ? "http" : "https")://\(settings.listen)")
        print("  metrics  http://\(settings.adminListen)/metrics")
        print("  data     \(settings.dataDirectory)")
        if let key = secrets.newOperatorKey {
            print("  operator API key, shown once (kept in \(secrets.operatorKeyPath)):")
            print("           \(key)")
        }
        fflush(nil)
    }
}
