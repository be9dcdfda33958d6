/// One SQL statement and the name under which a connection keeps it prepared.
///
/// Names are for people: they show up in errors and in `pg_prepared_statements`. A program uses a fixed set of
/// statements, since each is kept for the life of its connection.
public struct PostgresStatement: Sendable, Hashable {
    /// What the statement may do to the database when it runs outside a transaction.
    public enum Access: Sendable, Hashable {
        /// It changes nothing: a lost answer leaves nothing in doubt.
        case readOnly
        /// It may change rows: a lost answer is ``PostgresError/outcomeUnknown(_:)``.
        case readWrite
    }

    /// The name, unique among the texts that one connection runs.
    public let name: String
    /// The SQL, its parameters written `$1`, `$2`, ..., each with a cast: `$1::uuid[]`.
    public let text: String
    /// What the statement may do.
    public let access: Access

    /// Makes a statement; nothing is sent.
    ///
    /// - Parameters:
    ///   - name: unique among the texts that one connection runs.
    ///   - text: one SQL statement.
    ///   - access: read-write unless told, because a `select` may call a function that writes.
    public init(name: String, text: String, access: Access = .readWrite) {
        self.name = name
        self.text = text
        self.access = access
    }
}
