import FoundationEssentials
import LastcallTestKit
import PostgresClient
import Testing

@Suite("Scratch cluster")
struct ScratchClusterTests {
    @Test("a cluster keeps its data over a crash and a stop, and is gone when nobody holds it")
    func lifetime() async throws {
        var cluster: ScratchCluster? = try ScratchCluster(settings: ["max_connections": "17"])
        let directory = try #require(cluster?.directory)
        let configuration = try PostgresConfiguration(
            connectionString: try #require(cluster?.connectionString())
        )
        let limit = PostgresStatement(name: "limit", text: "show max_connections")
        #expect(try PostgresConnection.connect(configuration).query(limit).first?.text(0) == "17")
        try await cluster?.execute("create table t (n int)")
        try cluster?.restart(immediately: true)
        try cluster?.stop(immediately: false)
        #expect(throws: PostgresError.self) { try PostgresConnection.connect(configuration) }
        try cluster?.start()
        try PostgresConnection.connect(configuration).execute(script: "insert into t values (1)")
        cluster = nil
        let end = ContinuousClock.now + .seconds(20)
        while FileManager.default.fileExists(atPath: directory), ContinuousClock.now < end {
            await Task.yield()
        }
        #expect(!FileManager.default.fileExists(atPath: directory))
    }
}
