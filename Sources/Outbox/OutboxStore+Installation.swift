import PostgresClient

extension OutboxStore {
    /// What the places in lists are signed with, so that none can be made up: 32 random bytes, the same in every process.
    public func cursorSecret() async throws -> [UInt8] {
        try await perform { connection in
            guard let row = try connection.query(.installation).first else { throw OutboxError.notFound }
            return try row.bytes(0)
        }
    }
}
