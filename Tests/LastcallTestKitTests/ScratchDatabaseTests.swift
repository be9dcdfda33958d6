import LastcallTestKit
import PostgresClient
import Synchronization
import Testing

@Suite("Scratch databases")
struct ScratchDatabaseTests {
    static let preparations = Atomic<Int>(0)
    static let template = ScratchTemplate(name: "one table") { configuration in
        preparations.add(1, ordering: .relaxed)
        try PostgresConnection.connect(configuration).execute(script: "create table t (n int)")
    }

    @Test("a template is prepared once, however many tests copy it", .serialized, arguments: 0..<5)
    func copies(number: Int) async throws {
        let database = try await Self.template.copy()
        // The insert would fail on the second copy if the copies were one database.
        try PostgresConnection.connect(try database.configuration)
            .execute(script: "alter table t add primary key (n); insert into t values (1)")
        #expect(Self.preparations.load(ordering: .relaxed) == 1)
        try await database.cluster.dropDatabase(database.name)
    }

    @Test("a template that cannot be prepared fails every test that wants it")
    func brokenTemplate() async throws {
        let broken = ScratchTemplate(name: "broken") { _ in throw PostgresError.closed }
        for _ in 0..<2 {
            await #expect(throws: PostgresError.closed) { _ = try await broken.copy() }
        }
    }

    @Test("the trait binds a database of the test's own", .emptyDatabase, arguments: 0..<3)
    func bound(number: Int) throws {
        let connection = try PostgresConnection.connect(try ScratchDatabase.current.configuration)
        try connection.execute(script: "create table t (n int)")
    }

    @Test("a test without the trait has no database")
    func unbound() {
        #expect(throws: TestKitError.self) { try ScratchDatabase.current }
    }
}
