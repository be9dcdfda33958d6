import CPostgres

/// Whom one transaction acts as: a role, and a setting that row-level security reads.
///
/// Both hold for that transaction alone, so nothing of them is left on the connection, also where a pooler lends
/// the server's connection to somebody else after each transaction.
public struct ActingIdentity: Sendable, Hashable {
    /// A role that the connection's own is a member of.
    public let role: String
    /// The name of the setting, with a dot in it.
    public let setting: String
    /// What it says.
    public let value: String

    /// Names a role and what its policies read.
    ///
    /// - Parameters:
    ///   - role: a role that the connection's own is a member of.
    ///   - setting: a name with a dot in it, as `lastcall.issuer`.
    ///   - value: what it says.
    public init(role: String, setting: String, value: String) {
        self.role = role
        self.setting = setting
        self.value = value
    }

    /// Takes on the identity for the rest of a transaction, of a block of messages too.
    static let assume = PostgresStatement(
        name: "act_as",
        text: "select set_config('role', $1::text, true), set_config($2::text, $3::text, true)",
        access: .readOnly
    )

    var parameters: [PostgresValue] { [.text(role), .text(setting), .text(value)] }

    /// The same in the words of a script.
    var script: String {
        "set local role \(Self.quoted(role)); select set_config(\(Self.literal(setting)), \(Self.literal(value)), true)"
    }

    private static func quoted(_ name: String) -> String {
        "\"\(name.replacing("\"", with: "\"\""))\""
    }

    private static func literal(_ text: String) -> String {
        // Right whatever standard_conforming_strings says.
        " E'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }
}

extension PostgresConnection {
    /// Runs one statement that changes nothing as somebody else, in a transaction of its own and one round trip.
    ///
    /// A statement that is run under an identity should never be run without one on the same connection: its plan is
    /// made anew each time that the role is another.
    ///
    /// - Parameters:
    ///   - statement: the SQL and its name; it only reads.
    ///   - values: of `$1`, `$2`, ...
    ///   - identity: whom it acts as.
    /// - Returns: the rows.
    /// - Throws: ``PostgresError``.
    public func query(
        _ statement: PostgresStatement,
        parameters values: [PostgresValue],
        as identity: ActingIdentity
    ) throws(PostgresError) -> PostgresRows {
        guard statement.access == .readOnly else { throw .statementMisuse(name: statement.name) }
        guard isOpen else { throw .closed }
        guard isIdle else { throw .transactionMisuse("begun inside another") }
        do {
            return try exchange(statement, values, as: identity)
        } catch .server(let sqlState, let message, let detail, let constraint) {
            // As for any statement: the server has lost it, or its plan is out of date. Either of the two may be meant.
            guard sqlState == "26000" || sqlState == "0A000", configuration.preparedStatements, isIdle else {
                throw .server(sqlState: sqlState, message: message, detail: detail, constraint: constraint)
            }
            prepared.removeValue(forKey: statement.name)
            prepared.removeValue(forKey: ActingIdentity.assume.name)
            return try exchange(statement, values, as: identity)
        }
    }

    private func exchange(
        _ statement: PostgresStatement,
        _ values: [PostgresValue],
        as identity: ActingIdentity
    ) throws(PostgresError) -> PostgresRows {
        // All is encoded and prepared before anything of the block is sent.
        try parameters.fill(identity.parameters)
        let assume = try serverName(of: ActingIdentity.assume)
        swap(&parameters, &identityParameters)
        try parameters.fill(values)
        let name = try serverName(of: statement)
        return try unsafe exchange(.nothing, isPipelined: true) { handle in
            guard unsafe identityParameters.send(ActingIdentity.assume, prepared: assume, on: handle) == 1,
                unsafe parameters.send(statement, prepared: name, on: handle) == 1
            else { return 0 }
            return unsafe PQpipelineSync(handle)
        }
    }

    /// The server's name for a statement with these parameters; `nil` where statements are not prepared.
    private func serverName(of statement: PostgresStatement) throws(PostgresError) -> String? {
        configuration.preparedStatements ? try prepare(statement) : nil
    }
}

extension ParameterBuffer {
    /// Sends a statement with what the buffer holds; 0 means that nothing was sent.
    mutating func send(_ statement: PostgresStatement, prepared name: String?, on handle: OpaquePointer)
        -> Int32
    {
        let types = types
        let count = Int32(truncatingIfNeeded: types.count)
        return unsafe withArrays { values, lengths, formats in
            if let name {
                return unsafe PQsendQueryPrepared(handle, name, count, values, lengths, formats, 1)
            }
            return unsafe PQsendQueryParams(handle, statement.text, count, types, values, lengths, formats, 1)
        }
    }
}
