internal import Glibc

/// A process of the product, as shipped.
public struct ProductProcess: Sendable {
    /// What it does, by the subcommand.
    public enum Role: String, Sendable, Hashable {
        /// API and deliveries.
        case up
        /// The API.
        case serve
        /// Deliveries.
        case work
    }

    /// What it does.
    public let role: Role
    /// The process.
    public let program: ChildProgram
    /// Of the API on 127.0.0.1; nobody listens there in a worker.
    public let port: UInt16
    /// Of health and metrics on 127.0.0.1.
    public let adminPort: UInt16

    /// How long a start may take, with a cluster that is cold.
    private static let patience: Duration = .seconds(60)

    func waitUntilReady(key: String) throws(BenchmarkError) {
        let caller = try APICaller(port: adminPort, key: key)
        let deadline = ContinuousClock.now + Self.patience
        while true {
            try Interrupt.check()
            guard program.isRunning else {
                throw BenchmarkError("lastcall \(role.rawValue) has ended: \(program.lastWords)")
            }
            if let answer = try? caller.send("GET", "/readyz"), answer.status == 200 { return }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkError("lastcall \(role.rawValue) is not ready: \(program.lastWords)")
            }
            usleep(20_000)
        }
    }
}
