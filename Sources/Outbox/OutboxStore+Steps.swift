import LogoutModel
import PostgresClient

/// What one look at participations whose time is over came to.
public struct ExpiredBatch: Sendable {
    /// How many were looked at; fewer than asked for means that none is left for now.
    public let lookedAt: Int
    /// How many ended without a word to anybody.
    public let removed: Int
    /// The lanes that have something due now.
    public let lanes: [Int32]
}

extension OutboxStore {
    /// Turns some more participations of a waiting bulk logout into deliveries.
    ///
    /// - Returns: the lanes that have something due now; `nil` where no expansion waits.
    public func expandStep(limit: Int = 100, usualDeliverWithin: Double) async throws -> [Int32]? {
        try await repeating { connection in
            let rows = try connection.query(.expandStep, .int4(Int32(limit)), .float8(usualDeliverWithin))
            return try rows.first.flatMap { try $0.bool(0) ? $0.int4Array(1) : nil }
        }
    }

    /// Ends participations whose time is over: as a logout of their session where the issuer asks for it, else quietly.
    public func expireStep(limit: Int = 500, usualDeliverWithin: Double) async throws -> ExpiredBatch {
        try await repeating { connection in
            let rows = try connection.query(.expireStep, .int4(Int32(limit)), .float8(usualDeliverWithin))
            guard let row = rows.first else { return ExpiredBatch(lookedAt: 0, removed: 0, lanes: []) }
            return ExpiredBatch(
                lookedAt: Int(try row.int4(0)),
                removed: Int(try row.int4(1)),
                lanes: try row.int4Array(2)
            )
        }
    }
}
