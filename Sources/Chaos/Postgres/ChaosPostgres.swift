internal import LastcallTestKit
package import PostgresClient

/// The cluster of a world.
package final class ChaosPostgres: Sendable {
    private let cluster: ScratchCluster

    /// Makes and starts it.
    ///
    /// - Parameters:
    ///   - setup: which standby, and whether a proxy stands before it.
    ///   - folder: where its files are.
    /// - Throws: with the last words of the server.
    package init(setup: WorldSetup, folder: String) throws {
        cluster = try ScratchCluster(settings: ["fsync": "on", "full_page_writes": "on"])
    }

    /// For the product; through the proxy where there is one.
    package var connectionString: String { cluster.connectionString() }

    /// For the accounts; never through the proxy.
    package var directConfiguration: PostgresConfiguration {
        get throws {
            try PostgresConfiguration(
                connectionString: cluster.connectionString(),
                applicationName: "lastcall-chaos",
                statementTimeout: .seconds(120)
            )
        }
    }

    /// Stops it as a crash would.
    package func stopImmediate() throws { try cluster.stop(immediately: true) }

    /// Starts it again.
    package func start() throws { try cluster.start() }

    /// Removes it.
    package func close() { try? cluster.stop() }
}
