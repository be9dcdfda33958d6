/// Why a call of this module failed.
///
/// What callers may act on is in the payload; `description` is safe for logs: it never carries the DETAIL of a
/// server message (which quotes row data), a parameter or the connection string.
public enum PostgresError: Error, Sendable, Hashable {
    /// The server refused a statement, and nothing of it was committed. `detail` may quote row data.
    case server(sqlState: SQLState, message: String, detail: String?, constraint: String?)
    /// The server could not be reached, or the connection was lost before anything was in doubt.
    case connection(String)
    /// A commit, or a statement that commits by itself, was sent and its fate is not known: it may be durable,
    /// committed only on this server, or rolled back. Repeat it only if it is idempotent.
    case outcomeUnknown(String)
    /// The deadline passed during a statement; nothing was committed. The connection is closed if the statement
    /// had been sent.
    case timeout
    /// The deadline passed before the job had a connection; it was not started.
    case poolTimeout
    /// This many jobs wait for a connection already; the job was not started.
    case queueFull(limit: Int)
    /// The connection or the pool was closed.
    case closed
    /// COMMIT was answered with ROLLBACK: a statement of the transaction had failed before.
    case commitRolledBack
    /// A transaction was begun inside another, or ended or left open by hand; the payload says which.
    case transactionMisuse(String)
    /// One statement name was used with two texts, or with other parameter types than the first time.
    case statementMisuse(name: String)
    /// The parameter with this number, counted from 1, is text that holds U+0000, which Postgres cannot store.
    case invalidText(parameter: Int)
    /// The parameter with this number, counted from 1, is a timestamp too close to the ends of `Int64`.
    case invalidTimestamp(parameter: Int)
    /// The parameter with this number, counted from 1, has more than 2,147,483,647 bytes.
    case parameterTooLarge(parameter: Int)
    /// A row does not have what was asked of it; the column is counted from 0.
    case decoding(column: Int, DecodingProblem)
    /// The connection string cannot be used. The text never quotes it.
    case configuration(String)
    /// The machine gave no thread or no descriptor; `code` is the value of errno.
    case resources(code: Int32)
    /// The migrations and the database do not fit together.
    case migration(MigrationProblem)

    /// Whether the same call may succeed later without being changed. For ``outcomeUnknown(_:)`` that is true of
    /// idempotent work only, which every write of this product is.
    public var isTransient: Bool {
        switch self {
        case .server(let sqlState, _, _, _): sqlState.isTransient
        case .connection, .outcomeUnknown, .timeout, .poolTimeout, .queueFull, .resources: true
        default: false
        }
    }
}

/// Why a column of a row could not be read.
public enum DecodingProblem: Sendable, Hashable {
    /// The row has no such column.
    case noSuchColumn
    /// The column is NULL, or an element of its array is.
    case unexpectedNull
    /// The column has another type; `actual` is the type's OID.
    case wrongType(actual: UInt32)
    /// The bytes are not what the type promises: a wrong length, or text that is not UTF-8.
    case malformed
    /// The value does not fit the Swift type.
    case outOfRange
}

extension PostgresError: CustomStringConvertible {
    /// One line for logs; see ``PostgresError`` for what it leaves out.
    public var description: String {
        switch self {
        case .server(let sqlState, let message, _, let constraint):
            "server: \(sqlState) \(message)" + (constraint.map { " (constraint \($0))" } ?? "")
        case .connection(let reason): "connection: \(reason)"
        case .outcomeUnknown(let reason): "outcome unknown: \(reason)"
        case .timeout: "the deadline passed during a statement"
        case .poolTimeout: "the deadline passed before a connection was free"
        case .queueFull(let limit): "\(limit) jobs wait for a connection already"
        case .closed: "closed"
        case .commitRolledBack: "COMMIT was answered with ROLLBACK"
        case .transactionMisuse(let reason): "transaction: \(reason)"
        case .statementMisuse(let name): "statement \(name) was used with two texts or types"
        case .invalidText(let parameter): "parameter \(parameter) holds U+0000"
        case .invalidTimestamp(let parameter): "parameter \(parameter) is out of the range of timestamps"
        case .parameterTooLarge(let parameter): "parameter \(parameter) is too large"
        case .decoding(let column, let problem): "column \(column): \(problem)"
        case .configuration(let reason): "configuration: \(reason)"
        case .resources(let code): "no thread or descriptor: errno \(code)"
        case .migration(let problem): "migration: \(problem)"
        }
    }
}
