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
    /// How long it is until it expires, on the database clock; `nil`: it does not.
    public let timeLeft: Duration?
    /// Its own limit; `nil`: the usual one.
    public let callsPerSecond: Int?
}

/// An API key to be kept.
public struct NewAccessKey: Sendable {
    /// Its id.
    public var id: UUID
    /// What its maker calls it.
    public var name: String
    /// The issuer it is for, by row and name; `nil` for an operator's key.
    public var issuer: (key: Int32, name: String)?
    /// What it may do.
    public var scopes: [AccessScope]
    /// SHA-256 of the secret, which is itself never stored.
    public var secretHash: [UInt8]
    /// When it stops working.
    public var expiresAt: Timestamp?
    /// Its own limit; `nil`: the usual one.
    public var callsPerSecond: Int?

    /// A key without an end and a limit of its own.
    public init(
        id: UUID,
        name: String,
        issuer: (key: Int32, name: String)?,
        scopes: [AccessScope],
        secretHash: [UInt8]
    ) {
        self.id = id
        self.name = name
        self.issuer = issuer
        self.scopes = scopes
        self.secretHash = secretHash
    }
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
                    isUsable: try columns.bool(),
                    timeLeft: try columns.optionalFloat8().map { .seconds($0) },
                    callsPerSecond: try columns.optionalInt()
                )
            }
        }
    }

    /// Keeps a new API key.
    public func addAccessKey(_ key: NewAccessKey, note: AuditNote) async throws -> AccessKey {
        let values: [PostgresValue] = [
            .uuid(key.id), .text(key.name), .textArray(key.scopes.map(\.rawValue)), .bytea(key.secretHash),
            .optionalTime(key.expiresAt), .optionalInt4(key.callsPerSecond.map(Int32.init)),
        ]
        guard let issuer = key.issuer else {
            return try await repeating { connection in
                try connection.transaction { connection in
                    let rows = try connection.query(.apiKeyAdd, parameters: [.null] + values)
                    try connection.note(note, issuer: 0)
                    return try rows.accessKey(of: nil)
                }
            }
        }
        return try await changing(for: issuer.key) { connection in
            let rows = try connection.query(.apiKeyAdd, parameters: values)
            try connection.note(note)
            return try rows.accessKey(of: issuer.name)
        }
    }

    /// API keys that are not revoked, newest first; of one issuer, or all.
    public func accessKeys(of issuer: Int32?, before id: UUID?, limit: Int) async throws -> [AccessKey] {
        let page: [PostgresValue] = [.optionalUUID(id), .int4(Int32(limit))]
        guard let issuer else {
            return try await perform { connection in
                try connection.query(.apiKeysList, parameters: [.null] + page).accessKeys()
            }
        }
        return try await reading(for: issuer) { try $0.query(.apiKeysList, parameters: page).accessKeys() }
    }

    /// Revokes an API key.
    ///
    /// `issuer`: only a key of this issuer.
    /// - Throws: ``OutboxError/notFound``.
    public func revokeAccessKey(_ id: UUID, of issuer: Int32?, note: AuditNote) async throws {
        guard let issuer else {
            return try await repeating { connection in
                try connection.transaction { connection in
                    let rows = try connection.query(.apiKeyRevoke, .null, .uuid(id))
                    guard let row = rows.first else { throw OutboxError.notFound }
                    try connection.note(note, issuer: try row.optionalInt4(0) ?? 0)
                }
            }
        }
        try await changing(for: issuer) { connection in
            guard try !connection.query(.apiKeyRevoke, .uuid(id)).isEmpty else { throw OutboxError.notFound }
            try connection.note(note)
        }
    }

    /// Writes down when API keys were last used; a later time that is written already stays.
    ///
    /// `uses`: each key once, with how long ago that was.
    public func noteUse(of uses: [(key: UUID, ago: Duration)]) async throws {
        let seconds = uses.map {
            Double($0.ago.components.seconds) + Double($0.ago.components.attoseconds) / 1e18
        }
        try await repeating { connection in
            _ = try connection.query(.apiKeysUsed, .uuidArray(uses.map(\.key)), .float8Array(seconds))
        }
    }
}

extension PostgresRows {
    /// The key that was just made.
    fileprivate func accessKey(of issuer: String?) throws -> AccessKey {
        guard let row = first else { throw OutboxError.alreadyExists }
        var columns = ColumnReader(row)
        return try columns.accessKey { _ in issuer }
    }

    /// Keys, each with the name of its issuer.
    fileprivate func accessKeys() throws -> [AccessKey] {
        try map { row in
            var columns = ColumnReader(row)
            return try columns.accessKey { try $0.optionalText() }
        }
    }
}

extension ColumnReader {
    fileprivate mutating func accessKey(issuerName: (inout ColumnReader) throws -> String?) throws
        -> AccessKey
    {
        let id = try uuid()
        let name = try text()
        let scopes = try texts().compactMap(AccessScope.init)
        let callsPerSecond = try optionalInt()
        let createdAt = try time()
        let expiresAt = try optionalTime()
        let lastUsedAt = try optionalTime()
        return AccessKey(
            id: id,
            name: name,
            issuerName: try issuerName(&self),
            scopes: scopes,
            callsPerSecond: callsPerSecond,
            createdAt: createdAt,
            expiresAt: expiresAt,
            lastUsedAt: lastUsedAt
        )
    }
}
