public import FoundationEssentials
public import LogoutModel
import PostgresClient

/// Who is signed in to the console, and what that is worth at this moment.
public struct ConsoleSession: Sendable {
    /// The API key that signed in; `nil`: the operator key of the settings.
    public let keyID: UUID?
    /// What the cookie and the operator key of the settings made together; `nil`: an issued key.
    public let operatorProof: [UInt8]?
    /// What the key's maker called it.
    public let keyName: String?
    /// The issuer that the key belongs to, by row and name; `nil` for an operator.
    public let issuer: (key: Int32, name: String)?
    /// What the key may do.
    public let scopes: Set<AccessScope>
}

/// How long a session of the console may last.
public struct ConsoleSessionLife: Sendable, Hashable {
    /// Without use.
    public var idle: Duration
    /// At all.
    public var longest: Duration

    /// Both.
    public init(idle: Duration, longest: Duration) {
        self.idle = idle
        self.longest = longest
    }
}

extension OutboxStore {
    /// Keeps a session under the hash of its cookie; exactly one of key and proof is given.
    public func openConsoleSession(
        _ hash: [UInt8],
        keyID: UUID?,
        operatorProof: [UInt8]?,
        life: ConsoleSessionLife
    ) async throws {
        try await repeating { connection in
            _ = try connection.query(
                .consoleSessionOpen,
                .bytea(hash),
                .optionalUUID(keyID),
                operatorProof.map { .bytea($0) } ?? .null,
                .float8(life.idle.inSeconds),
                .float8(life.longest.inSeconds)
            )
        }
    }

    /// The session under the hash of a cookie; `nil` where there is none, it is over, or its key is revoked or expired.
    ///
    /// `idle`: how long it lasts from now on without use; `nil`: nobody uses it now, its end stays.
    public func consoleSession(_ hash: [UInt8], idle: Duration?) async throws -> ConsoleSession? {
        try await repeating { connection in
            try connection.query(
                .consoleSessionFind,
                .bytea(hash),
                idle.map { .float8($0.inSeconds) } ?? .null
            ).first.map { row in
                var columns = ColumnReader(row)
                let keyID = try columns.optionalUUID()
                let proof = try columns.optionalBytes()
                let name = try columns.optionalText()
                let issuerKey = try columns.optionalInt4()
                let issuerName = try columns.optionalText()
                let scopes =
                    keyID == nil ? AccessScope.allCases : try columns.texts().compactMap(AccessScope.init)
                return ConsoleSession(
                    keyID: keyID,
                    operatorProof: proof,
                    keyName: name,
                    issuer: issuerKey.flatMap { key in issuerName.map { (key, $0) } },
                    scopes: Set(scopes)
                )
            }
        }
    }

    /// Forgets a session.
    public func endConsoleSession(_ hash: [UInt8]) async throws {
        try await repeating { connection in
            _ = try connection.query(.consoleSessionEnd, .bytea(hash))
        }
    }
}
