public import AuditTrail
public import FoundationEssentials
public import LogoutModel
import PostgresClient

/// What a presented API key is worth, apart from its secret.
public struct AccessGrant: Sendable {
    /// SHA-256 of the secret.
    public let secretHash: [UInt8]
    /// The issuer's row; `nil` for an operator's key.
    public let issuerKey: Int32?
    /// The issuer's name.
    public let issuerName: String?
    /// What it may do.
    public let scopes: Set<AccessScope>
    /// Whether it is neither revoked nor expired.
    public let isUsable: Bool
}

extension OutboxStore {
    /// What is known of the API key of this id.
    public func accessGrant(_ id: UUID) async throws -> AccessGrant? {
        try await perform { connection in
            try connection.query(.apiKeyFind, .uuid(id)).first.map { row in
                var columns = ColumnReader(row)
                return AccessGrant(
                    secretHash: try columns.bytes(),
                    issuerKey: try columns.optionalInt4(),
                    issuerName: try columns.optionalText(),
                    scopes: Set(try columns.texts().compactMap(AccessScope.init)),
                    isUsable: try columns.bool()
                )
            }
        }
    }

    /// Keeps a new API key; only the hash of its secret is ever stored.
    public func addAccessKey(
        id: UUID,
        name: String,
        issuer: (key: Int32, name: String)?,
        scopes: [AccessScope],
        secretHash: [UInt8],
        expiresAt: Timestamp?,
        note: AuditNote
    ) async throws -> AccessKey {
        try await repeating { connection in
            try connection.transaction { connection in
                let rows = try connection.query(
                    .apiKeyAdd,
                    .uuid(id),
                    (issuer?.key).map { .int4($0) } ?? .null,
                    .text(name),
                    .textArray(scopes.map(\.rawValue)),
                    .bytea(secretHash),
                    .optionalTime(expiresAt)
                )
                guard let row = rows.first else { throw OutboxError.alreadyExists }
                var columns = ColumnReader(row)
                let key = AccessKey(
                    id: try columns.uuid(),
                    name: try columns.text(),
                    issuerName: issuer?.name,
                    scopes: try columns.texts().compactMap(AccessScope.init),
                    createdAt: try columns.time(),
                    expiresAt: try columns.optionalTime()
                )
                try connection.note(note, issuer: issuer?.key ?? 0)
                return key
            }
        }
    }

    /// API keys that are not revoked, newest first; of one issuer, or all.
    public func accessKeys(of issuer: Int32?, before id: UUID?, limit: Int) async throws -> [AccessKey] {
        try await perform { connection in
            try connection.query(
                .apiKeysList,
                issuer.map { .int4($0) } ?? .null,
                .optionalUUID(id),
                .int4(Int32(limit))
            ).map { row in
                var columns = ColumnReader(row)
                let id = try columns.uuid()
                let name = try columns.text()
                let scopes = try columns.texts().compactMap(AccessScope.init)
                let createdAt = try columns.time()
                let expiresAt = try columns.optionalTime()
                return AccessKey(
                    id: id,
                    name: name,
                    issuerName: try columns.optionalText(),
                    scopes: scopes,
                    createdAt: createdAt,
                    expiresAt: expiresAt
                )
            }
        }
    }

    /// Revokes an API key.
    ///
    /// `issuer`: only a key of this issuer.
    /// - Throws: ``OutboxError/notFound``.
    public func revokeAccessKey(_ id: UUID, of issuer: Int32?, note: AuditNote) async throws {
        try await repeating { connection in
            try connection.transaction { connection in
                let rows = try connection.query(.apiKeyRevoke, .uuid(id), issuer.map { .int4($0) } ?? .null)
                guard let row = rows.first else { throw OutboxError.notFound }
                try connection.note(note, issuer: try row.optionalInt4(0) ?? 0)
            }
        }
    }
}
