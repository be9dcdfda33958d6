import LastcallTestKit
import PostgresClient
import Testing
import Threads

@testable import Benchmarks

@Suite("The floor's rows", .emptyDatabase)
struct BareLifecycleTests {
    @Test("Every row goes through queue and history once")
    func rows() async throws {
        let configuration = try ScratchDatabase.current.configuration
        let counts = try await DedicatedThread.run(named: "bare-lifecycle") {
            let connection = try PostgresConnection.connect(configuration)
            let cost = try BareLifecycle(on: connection).run(BareLifecycle.batch * 20)
            let text =
                "select (select count(*) from bench_floor.queue), (select count(distinct id) from bench_floor.history)"
            let row = try #require(
                try connection.query(.init(name: "count", text: text, access: .readOnly)).first
            )
            return (try row.int8(0), try row.int8(1), cost.backend, cost.client)
        }
        #expect(counts.0 == 0)
        #expect(counts.1 == Int64(BareLifecycle.batch * 20))
        #expect(counts.2 > 0)
        #expect(counts.3 > 0)
    }
}
