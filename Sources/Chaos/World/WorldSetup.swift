/// What a fault is played in.
package struct WorldSetup: Sendable, Hashable {
    /// A second Postgres that follows the first.
    package enum Standby: String, Sendable, Hashable {
        /// None.
        case none
        /// A commit waits for it.
        case synchronous
        /// A commit does not wait for it.
        case asynchronous
    }

    /// Processes of `lastcall serve`.
    package var apis = 2
    /// Processes of `lastcall work`.
    package var workers = 4
    /// Relying parties, each a client of the one issuer.
    package var parties = 200
    /// Logouts a second, of one to four targets each.
    package var ratePerSecond = 100
    /// Whether a second Postgres follows the first.
    package var standby = Standby.none
    /// Whether the product talks to Postgres through a ``CuttingProxy``.
    package var viaProxy = false
    /// Whether the product talks to Postgres through pgbouncer in transaction mode.
    package var viaPooler = false
    /// What Postgres's data lies on.
    package var disk = PostgresServer.Disk.ordinary
    /// Settings of every process of the product beyond the shipped ones, by their names in the environment.
    package var settings: [String: String] = [:]
    /// What the clients' metadata say under `delivery`, as JSON; the shipped defaults unless told.
    package var clientDelivery = "{}"

    /// Relying parties that the load leaves to the fault: the last few.
    package var spares: Range<Int> { (parties - min(8, parties / 4))..<parties }

    /// What most faults are played in.
    package static let standard = WorldSetup()

    /// - Parameter change: what is different from ``standard``.
    package init(_ change: (inout WorldSetup) -> Void = { _ in }) { change(&self) }

    /// The same, small enough for `scripts/test`.
    package var quick: WorldSetup {
        WorldSetup {
            $0 = self
            $0.workers = min(workers, 3)
            $0.parties = min(parties, 20)
            $0.ratePerSecond = min(ratePerSecond, 20)
        }
    }
}
