internal import Benchmarks
internal import StrictJSON

/// What `/readyz` of an API process says.
struct ReadinessReport: Sendable {
    let status: Int
    let text: String
    let durability: String?
    /// Seconds.
    let lossWindow: Double?

    /// Asks the first API process.
    static func of(_ world: World) async throws -> ReadinessReport {
        guard let port = world.fleet.apis.first?.adminPort else { throw ChaosError("this world has no API") }
        let answer = try await offPool { try HTTPCall.send("GET", "/readyz", port: port) }
        let body = answer.json
        return ReadinessReport(
            status: answer.status,
            text: answer.text,
            durability: body["durability"]?.string,
            lossWindow: body["loss_window_seconds"]?.double
        )
    }

    /// Checks what it says of durability.
    static func expect(_ durability: String, in world: World) async throws {
        let report = try await of(world)
        world.check(
            Check("/readyz says \(durability)", report.durability == durability, detail: report.text)
        )
    }
}
