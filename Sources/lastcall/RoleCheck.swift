import Outbox
import PostgresClient

/// Looks before the start whether the database lets Lastcall act for issuers. A database that was restored into another
/// cluster came without the role for that, and every call would fail.
struct RoleCheck: Sendable {
    let store: OutboxStore
    let pool: PostgresPool

    /// - Throws: ``Failure`` with what an administrator must run. A database that is away, or has no schema yet, is waited for.
    func run() async throws {
        guard let role = try? await role(), role != .ready else { return }
        let user = (try? await store.databaseUser()) ?? "the user of database_url"
        let name = TenantRole.name
        let reason =
            role == .missing
            ? "the database's cluster lacks the role \(name)"
            : "\(user) may not act as \(name), or that role has lost its rights in a restore"
        throw Failure(
            "\(reason): an administrator must run: create role \(name) nologin nobypassrls; grant \(name) to \(user); "
                + "a restore needs it before it begins, see docs/decisions/0008-tenants.md",
            code: Failure.misconfigured
        )
    }

    private func role() async throws -> TenantRole {
        let state = try await pool.withConnection(deadline: .milliseconds(900)) { connection in
            try Database.migrator().state(on: connection)
        }
        return state.pending.isEmpty ? try await store.tenantRole() : .ready
    }
}
