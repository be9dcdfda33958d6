import AuditTrail
import PostgresClient

/// A connection that acts for one issuer: the database shows it that issuer's rows and takes no others from it,
/// whatever its statements say.
struct IssuerConnection {
    /// The role that the policies of row-level security are for.
    static let role = "lastcall_tenant"

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
        ActingIdentity(role: IssuerConnection.role, setting: "lastcall.issuer", value: String(key))
    }
}

extension OutboxStore {
    /// Reads what belongs to one issuer. Each statement is a transaction and one round trip of its own.
    func reading<Result: Sendable>(
        for issuer: Int32,
        _ body: @escaping @Sendable (IssuerConnection) throws -> Result
    ) async throws -> Result {
        try await perform { try body(IssuerConnection($0, issuer: issuer)) }
    }

    /// Changes what belongs to one issuer, in one transaction.
    func changing<Result: Sendable>(
        for issuer: Int32,
        _ body: @escaping @Sendable (IssuerConnection) throws -> Result
    ) async throws -> Result {
        try await repeating { connection in
            try connection.transaction(TransactionOptions(identity: .issuer(issuer))) { connection in
                try body(IssuerConnection(connection, issuer: issuer))
            }
        }
    }
}
