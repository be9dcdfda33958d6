import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import PostgresClient
import Testing

/// A server of its own, whose settings may be bad.
@Suite("Doctor: the server", .timeLimit(.minutes(30)))
struct DoctorServerTests {
    private let cluster: ScratchCluster
    private let store: OutboxStore
    private let connection: PostgresConnection

    init() async throws {
        cluster = try ScratchCluster(settings: [
            "fsync": "on", "full_page_writes": "on", "max_prepared_transactions": "2",
        ])
        let name = try await cluster.createDatabase()
        let configuration = try PostgresConfiguration(
            connectionString: cluster.connectionString(database: name)
        )
        try await Migrator(OutboxSchema.migrations()).migrate(configuration, deadline: .seconds(60))
        store = Workbench.store(try PostgresPool(configuration: configuration, size: 2))
        connection = try PostgresConnection.connect(configuration)
    }

    private func examine(_ check: DoctorFinding.Check, _ limits: Doctor.Limits = .init()) async throws
        -> DoctorFinding
    {
        let findings = try await Workbench.doctor(store, limits).examine()
        return try #require(findings.first { $0.check == check })
    }

    @Test("a server as it should be has nothing wrong with it; what is switched off is found")
    func settings() async throws {
        for finding in try await Workbench.doctor(store).examine() {
            #expect(finding.severity == .ok, "\(finding)")
        }
        for (setting, check) in [
            ("fsync", DoctorFinding.Check.crashSafety), ("full_page_writes", .crashSafety),
            ("autovacuum", .autovacuum), ("track_counts", .autovacuum), ("synchronous_commit", .durability),
        ] {
            try await cluster.execute("alter system set \(setting) = off")
            try await cluster.execute("select pg_reload_conf()")
            try await eventually("\(setting) to be found") {
                let found = try await examine(check)
                return found.severity == .error && found.figure.contains("\(setting) ") && found.remedy != nil
            }
            try await cluster.execute("alter system reset \(setting)")
            try await cluster.execute("select pg_reload_conf()")
            try await eventually("\(setting) to be well again") { try await examine(check).severity == .ok }
        }
    }

    @Test("an open snapshot is named with its holder", arguments: [(0, 1, 2), (2, 3, 1), (3, 3, 0)])
    func snapshot(severity: Int, warning: Int, error: Int) async throws {
        let name = try await cluster.createDatabase()
        let holder = try PostgresConnection.connect(
            PostgresConfiguration(
                connectionString: cluster.connectionString(database: name),
                applicationName: "a report"
            )
        )
        try holder.execute(script: "begin isolation level repeatable read; select txid_current()")
        let pid = try #require(
            try holder.query(PostgresStatement(name: "pid", text: "select pg_backend_pid()")).first?.int4(0)
        )
        var limits = Doctor.Limits()
        limits.holderSeconds = Doctor.Threshold(
            warning: warning == 3 ? 0 : 1_000,
            error: error == 0 ? 0 : 1_000
        )
        let expected: DoctorFinding.Severity = severity == 0 ? .ok : severity == 2 ? .warning : .error
        // A session that has just been opened may still hold an older one.
        try await eventually("the holder") {
            let found = try await examine(.snapshot, limits)
            return found.figure.contains("pid \(pid) (a report, user postgres, idle in transaction)")
                && found.severity == expected && (found.remedy == nil) == (expected == .ok)
        }
    }

    @Test("prepared transactions and replication slots that hold rows back are named")
    func holders() async throws {
        #expect(try await examine(.preparedTransactions).figure == "none")
        #expect(try await examine(.replicationSlots).figure == "none")
        try connection.execute(script: "begin; select txid_current(); prepare transaction 'left behind'")
        try await cluster.execute("select pg_create_physical_replication_slot('forgotten', true)")
        var limits = Doctor.Limits()
        limits.holderSeconds = Doctor.Threshold(warning: 0, error: 1_000)
        limits.slotTransactions = Doctor.Threshold(warning: 0, error: 1_000_000)
        let prepared = try await examine(.preparedTransactions, limits)
        #expect(prepared.severity == .warning && prepared.figure.hasPrefix("left behind of user postgres"))
        #expect(prepared.remedy?.contains("rollback prepared 'left behind'") == true)
        let slot = try await examine(.replicationSlots, limits)
        #expect(slot.severity == .warning && slot.figure.hasPrefix("forgotten (physical, inactive)"))
        #expect(try await examine(.preparedTransactions).severity == .ok)
        try connection.execute(script: "rollback prepared 'left behind'")
        #expect(try await examine(.preparedTransactions).figure == "none")
    }

    @Test("checkpoints that come too often, and connections that run out, are found")
    func load() async throws {
        #expect(try await examine(.checkpoints).severity == .ok)
        for _ in 0..<12 { try connection.execute(script: "checkpoint") }
        try await eventually("the checkpoints") { try await examine(.checkpoints).severity == .warning }
        var limits = Doctor.Limits()
        limits.connectionShare = Doctor.Threshold(warning: 0.001, error: 0.9)
        let found = try await examine(.connections, limits)
        #expect(found.severity == .warning && found.figure.hasSuffix("of 200 connections are in use"))
        limits.connectionShare = Doctor.Threshold(warning: 0, error: 0.001)
        #expect(try await examine(.connections, limits).severity == .error)
    }
}
