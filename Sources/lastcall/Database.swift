import EmbeddedPostgres
import Logging
import Outbox
import PostgresClient
import Settings

/// The database that the settings name.
struct Database: Sendable {
    let configuration: PostgresConfiguration
    let listening: PostgresConfiguration
    let poolSize: Int

    /// The database of the settings, or the one that `up` runs in the data folder.
    init(_ settings: LastcallSettings, role: String) throws {
        let embedded = EmbeddedCluster.connectionString(dataDirectory: settings.dataDirectory)
        func configured(_ url: Secret<String>?, _ name: String) throws -> PostgresConfiguration {
            var configuration = try PostgresConfiguration(
                connectionString: url?.reveal() ?? embedded,
                applicationName: "lastcall \(name)"
            )
            configuration.statementTimeout = settings.databaseStatementTimeout
            configuration.lockTimeout = settings.databaseLockTimeout
            configuration.preparedStatements = settings.databasePreparedStatements
            return configuration
        }
        configuration = try configured(settings.databaseURL, role)
        var listening = try configured(settings.databaseListenURL ?? settings.databaseURL, "\(role) listen")
        listening.preparedStatements = true
        self.listening = listening
        poolSize = settings.databasePoolSize
    }

    func pool(_ logger: Logger) throws -> PostgresPool {
        try PostgresPool(configuration: configuration, size: poolSize) { notice in
            logger.debug("notice of the database", metadata: ["sqlstate": "\(notice.sqlState)"])
        }
    }

    static func migrator() throws -> Migrator {
        try Migrator(OutboxSchema.migrations())
    }

    /// Brings the schema up to date; safe in any number of processes at once.
    func migrate() async throws -> MigrationState {
        try await Self.migrator().migrate(listening, deadline: .seconds(300))
    }
}
