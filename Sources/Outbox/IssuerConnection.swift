import AuditTrail
import PostgresClient

/// A connection that acts for one issuer: the database shows it that issuer's rows and takes no others from it,
/// whatever its statements say.
struct IssuerConnection {
    let issuer: Int32
    private let connection: PostgresConnection

    fileprivate init(_ connection: PostgresConnection, issuer: Int32) {
        self.connection = connection
        self.issuer = issuer
    }

    /// Runs a statement whose `$1` is the issuer; `values` are those of `$2`, `$3`, ...
    func query(_ statement: IssuerStatement, _ values: PostgresValue...) throws -> PostgresRows {
        try query(statement, parameters: values)
    }

    /// Runs a statement whose `$1` is the issuer; `values` are those of `$2`, `$3`, ...
    func query(_ statement: IssuerStatement, parameters values: [PostgresValue]) throws -> PostgresRows {
        let values = [.int4(issuer)] + values
        guard connection.isIdle else {
            return try connection.query(statement.statement, parameters: values)
        }
        return try connection.query(statement.statement, parameters: values, as: .issuer(issuer))
    }

    /// Writes an audit event in the transaction of the change it describes.
    func note(_ note: AuditNote) throws {
        _ = try query(.auditAdd, parameters: note.values)
    }
}

extension ActingIdentity {
    /// One issuer; 0 is the installation itself.
    fileprivate static func issuer(_ key: Int32) -> ActingIdentity {
        ActingIdentity(role: TenantRole.name, setting: "lastcall.issuer", value: String(key))
    }
}

extension OutboxStore {
    /// Reads what belongs to one issuer. Each statement is a transaction and one round trip of its own.
    ///
    /// - Throws: ``OutboxError/cannotAct(_:)`` where nothing can be read for any issuer.
    func reading<Result: Sendable>(
        for issuer: Int32,
        within deadline: Duration? = nil,
        _ body: @escaping @Sendable (IssuerConnection) throws -> Result
    ) async throws -> Result {
        try await perform(within: deadline) { connection in
            do {
                return try body(IssuerConnection(connection, issuer: issuer))
            } catch let error as PostgresError {
                // No value of a caller's reaches a setting, and row-level security hides rows without a word.
                throw TenantRole(error).map { OutboxError.cannotAct($0) } ?? error
            }
        }
    }

    /// Changes what belongs to one issuer, in one transaction.
    ///
    /// - Throws: ``OutboxError/cannotAct(_:)`` where it could not begin for that.
    func changing<Result: Sendable>(
        for issuer: Int32,
        _ body: @escaping @Sendable (IssuerConnection) throws -> Result
    ) async throws -> Result {
        try await repeating { connection in
            var isActing = false
            do {
                return try connection.transaction(TransactionOptions(identity: .issuer(issuer))) {
                    connection in
                    isActing = true
                    return try body(IssuerConnection(connection, issuer: issuer))
                }
            } catch let error as PostgresError where !isActing {
                throw TenantRole(error).map { OutboxError.cannotAct($0) } ?? error
            }
        }
    }
}
