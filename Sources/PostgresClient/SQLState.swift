/// A five-character SQLSTATE code: what kind of trouble a server message is about.
///
/// Source: PostgreSQL 15 documentation, Appendix A, "PostgreSQL Error Codes".
public struct SQLState: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The groups of codes that callers tell apart; the first two characters of a code name its class.
    public enum Category: Sendable, Hashable {
        /// Class 08: the connection broke.
        case connectionException
        /// Class 22: a value is malformed or out of range.
        case dataException
        /// Class 23: a constraint refused the row.
        case integrityConstraint
        /// Code 25006: the server is read-only, as a standby is.
        case readOnly
        /// Class 25 otherwise: the transaction is in the wrong state.
        case invalidTransactionState
        /// Class 40: the transaction was rolled back (serialization failure, deadlock).
        case transactionRollback
        /// Class 42: a syntax error, an unknown name or a missing privilege.
        case syntaxOrAccess
        /// Class 53: the server is out of disk, memory or connections.
        case insufficientResources
        /// Class 54: a limit of the server was exceeded, such as the size of an index row.
        case programLimit
        /// Class 55: an object is in the wrong state, such as locked.
        case objectState
        /// Class 57: an operator, a timeout or a shutdown intervened.
        case operatorIntervention
        /// Every other class.
        case other
    }

    /// The five characters.
    public let code: String

    /// Takes a code as the server sent it.
    ///
    /// - Parameter code: five characters; nothing is checked.
    public init(_ code: String) { self.code = code }

    /// Takes a code from source text.
    ///
    /// - Parameter value: five characters; nothing is checked.
    public init(stringLiteral value: String) { self.code = value }

    /// The group this code belongs to.
    public var category: Category {
        switch code.prefix(2) {
        case "08": .connectionException
        case "22": .dataException
        case "23": .integrityConstraint
        case "25": code == "25006" ? .readOnly : .invalidTransactionState
        case "40": .transactionRollback
        case "42": .syntaxOrAccess
        case "53": .insufficientResources
        case "54": .programLimit
        case "55": .objectState
        case "57": .operatorIntervention
        default: .other
        }
    }

    /// Whether the same statement may succeed later without being changed.
    public var isTransient: Bool {
        switch category {
        case .connectionException, .transactionRollback, .insufficientResources, .readOnly: true
        // 57P04: the database was dropped; waiting does not bring it back.
        case .operatorIntervention: code != "57P04"
        // 55P03: a lock was not available in time; 55006: the object is in use.
        case .objectState: code == "55P03" || code == "55006"
        // 25P03: the session sat idle in a transaction for too long.
        case .invalidTransactionState: code == "25P03"
        // 58030: the server met an I/O error, as it does while a disk is full or fails over.
        default: code == "58030"
        }
    }

    /// The five characters.
    public var description: String { code }
}
