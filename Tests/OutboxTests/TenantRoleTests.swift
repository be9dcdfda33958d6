import LastcallTestKit
import Outbox
import PostgresClient
import Testing

@Suite("Making the tenants' role", .timeLimit(.minutes(30)))
struct TenantRoleTests {
    private static func configuration(_ cluster: ScratchCluster, _ database: String, user: String) throws
        -> PostgresConfiguration
    {
        let string = cluster.connectionString(database: database).replacing(
            "user=postgres",
            with: "user=\(user)"
        )
        return try PostgresConfiguration(connectionString: string, applicationName: "test")
    }

    private static func migrate(_ configuration: PostgresConfiguration) async throws {
        try await Migrator(OutboxSchema.migrations()).migrate(configuration, deadline: .seconds(60))
    }

    /// A database of a user who may do everything in it.
    private static func database(of user: String, in cluster: ScratchCluster) async throws
        -> PostgresConfiguration
    {
        let name = try await cluster.createDatabase()
        try await cluster.execute("alter database \(name) owner to \(user)")
        return try configuration(cluster, name, user: user)
    }

    @Test("who may not make it hears what an administrator must run; two who may do so at once")
    func makers() async throws {
        let cluster = try ScratchCluster()
        try await cluster.execute(
            "create role plain login; create role maker login createrole; create role maker2 login createrole"
        )
        let plain = try await Self.database(of: "plain", in: cluster)
        let help =
            "an administrator must run: create role lastcall_tenant nologin nobypassrls; grant lastcall_tenant to plain;"
        func refusal() async -> String {
            do {
                try await Self.migrate(plain)
                return ""
            } catch {
                return "\(error)"
            }
        }
        let missing = await refusal()
        #expect(missing.contains("42501 the role lastcall_tenant is missing") && missing.hasSuffix(help))
        let (one, other) = (
            try await Self.database(of: "maker", in: cluster),
            try await Self.database(of: "maker2", in: cluster)
        )
        async let first: Void = Self.migrate(one)
        async let second: Void = Self.migrate(other)
        _ = try await (first, second)
        let stranger = await refusal()
        #expect(stranger.contains("42501 plain may not act as lastcall_tenant") && stranger.hasSuffix(help))
        try await cluster.execute("grant lastcall_tenant to plain")
        try await Self.migrate(plain)
        try await cluster.execute("alter role lastcall_tenant bypassrls")
        let again = try await Self.database(of: "plain", in: cluster)
        await #expect(throws: PostgresError.self) { try await Self.migrate(again) }

        // Nobody here is a superuser: the owner still acts as the role, and reads what it is shown.
        try await cluster.execute("alter role lastcall_tenant nobypassrls")
        let pool = try PostgresPool(configuration: one, size: 2)
        let store = Workbench.store(pool)
        let issuer = try await Workbench.putIssuer("acme", in: store)
        #expect(try await store.clients(of: issuer, after: nil, limit: 10).isEmpty)
        await pool.shutdown()
    }
}
