import PostgresClient

extension OutboxStore {
    /// Lets a database role call the functions of the SQL door, and nothing else of the schema.
    ///
    /// - Throws: ``PostgresError``, for one where there is no such role.
    public func openSQLDoor(to role: String) async throws {
        try await perform { _ = try $0.query(.sqlDoorOpen, .text(role)) }
    }

    /// Shuts a database role out again.
    public func closeSQLDoor(to role: String) async throws {
        try await perform { _ = try $0.query(.sqlDoorClose, .text(role)) }
    }
}
