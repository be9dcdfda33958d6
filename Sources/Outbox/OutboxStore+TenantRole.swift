import PostgresClient

/// Whether statements can act for one issuer: what they need is a role of the cluster, which a copy of the database alone
/// does not bring along.
public enum TenantRole: String, Sendable, Hashable, CaseIterable {
    /// They can.
    case ready
    /// The cluster has no such role.
    case missing
    /// The database's user may not take it, or it has lost its rights.
    case forbidden

    /// The role that the policies of row-level security are for.
    public static let name = "lastcall_tenant"

    /// What a refusal of the server says of the role; `nil` where it says nothing of it.
    init?(_ error: PostgresError) {
        guard case .server(let sqlState, _, _, _) = error else { return nil }
        switch sqlState.code {
        // invalid_parameter_value: of `role`, the one that `set` is given.
        case "22023": self = .missing
        case "42501": self = .forbidden
        default: return nil
        }
    }
}

extension OutboxStore {
    /// Acts for the installation, and says whether that worked.
    ///
    /// - Throws: ``PostgresError`` where the database is away, or has no schema.
    public func tenantRole(within deadline: Duration = .milliseconds(1_500)) async throws -> TenantRole {
        do {
            _ = try await reading(for: 0, within: deadline) { try $0.query(.tenantCheck).count }
            return .ready
        } catch OutboxError.cannotAct(let role) {
            return role
        }
    }

    /// The database's user, quoted as SQL needs it.
    public func databaseUser() async throws -> String {
        try await perform { connection in
            guard let row = try connection.query(.databaseUser).first else { throw OutboxError.notFound }
            return try row.text(0)
        }
    }
}
