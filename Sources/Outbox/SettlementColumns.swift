import LogoutModel

/// A settlement in the columns of `settle.sql`.
struct SettlementColumns: Sendable {
    var status: String
    var reason: String?
    var retryAfter: Int64?
    var isExcused = false
    var isNonstandard = false
    var isAfterUnknown = false
}

extension Settlement {
    var columns: SettlementColumns {
        switch self {
        case .delivered(let flags):
            SettlementColumns(
                status: DeliveryStatus.delivered.rawValue,
                isNonstandard: flags.contains(.nonstandardStatus)
            )
        case .ended(let reason, let flags):
            SettlementColumns(
                status: reason.status.rawValue,
                reason: reason.rawValue,
                isAfterUnknown: flags.contains(.rejectedAfterUnknown)
            )
        case .retry(let wait, let isExcused):
            SettlementColumns(
                status: DeliveryStatus.retrying.rawValue,
                retryAfter: wait.wholeMicroseconds,
                isExcused: isExcused
            )
        }
    }
}

extension Duration {
    /// Cut to microseconds, the unit of the database clock.
    var wholeMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000 + attoseconds / 1_000_000_000_000
    }
}
