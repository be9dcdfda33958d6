/// A message that the server sent beside an answer: a NOTICE, a WARNING, or the FATAL that ends an idle session.
public struct PostgresNotice: Sendable, Hashable {
    /// `NOTICE`, `WARNING`, ... as the protocol spells them, whatever the server's language.
    public let severity: String
    /// The code of the message; `00000` or `01000` where the server had no better one.
    public let sqlState: SQLState
    /// The primary message, in the server's language.
    public let message: String

    /// Makes a notice.
    ///
    /// - Parameters:
    ///   - severity: as the protocol spells it.
    ///   - sqlState: the code of the message.
    ///   - message: the primary message.
    public init(severity: String, sqlState: SQLState, message: String) {
        self.severity = severity
        self.sqlState = sqlState
        self.message = message
    }
}
