public import FoundationEssentials

/// Where an audit event stands in the order that never grows in its middle: by transaction, then by id.
///
/// Ids are assigned before their transactions commit, so the order of ids alone has late comers. Once every
/// transaction below a number has ended, nothing will ever stand below that number that does not stand there now.
public struct AuditPosition: Sendable, Hashable, Comparable {
    /// The number of the transaction that wrote it, an `xid8`.
    public let transaction: Int64
    /// The event's id.
    public let id: UUID

    /// A place in the trail.
    public init(transaction: Int64, id: UUID) {
        self.transaction = transaction
        self.id = id
    }

    /// Before everything.
    public static let beginning = AuditPosition(before: 0)

    /// Before everything that this transaction wrote.
    public init(before transaction: Int64) {
        self.init(transaction: transaction, id: UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
    }

    /// By transaction, then by id.
    public static func < (left: AuditPosition, right: AuditPosition) -> Bool {
        left.transaction != right.transaction ? left.transaction < right.transaction : left.id < right.id
    }
}
