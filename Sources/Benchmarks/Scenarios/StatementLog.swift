internal import FoundationEssentials
internal import PostgresClient

/// How long each statement takes, as the server itself says: every process's, without asking any of them.
final class StatementLog {
    private let scene: Scene
    private let path: String
    private let start: Int

    /// Lets the server write down each statement.
    init(of scene: Scene) throws {
        self.scene = scene
        path = scene.stage.folder + "/cluster/postgres.log"
        start = FileManager.default.contents(atPath: path)?.count ?? 0
        try Self.set("0", scene)
    }

    /// Stops that, and says what was written down.
    func end() throws -> [StatementTime] {
        try Self.set("-1", scene)
        guard let log = FileManager.default.contents(atPath: path) else {
            throw BenchmarkError("the server's log is gone")
        }
        return StatementTime.all(in: String(decoding: log.dropFirst(start), as: UTF8.self))
    }

    private static func set(_ milliseconds: String, _ scene: Scene) throws {
        try scene.database.execute(script: "alter system set log_min_duration_statement = \(milliseconds)")
        try scene.database.execute(script: "select pg_reload_conf()")
        // The server's processes take a moment to hear of it.
        Pause.milliseconds(300)
    }
}
