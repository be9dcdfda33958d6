public import AuditTrail
public import FoundationEssentials
public import LogoutModel
import PostgresClient

/// An audit event and where it stands.
public struct AuditEntry: Sendable {
    /// The issuer's row; 0 is the installation.
    public let issuerKey: Int32
    /// Its place in the order that never grows in its middle.
    public let position: AuditPosition
    /// The event.
    public let record: AuditRecord
}

/// Settled audit events in their order: nothing will ever stand between them, nor before them, that is not there.
public struct SettledAudit: Sendable {
    /// The events.
    public let entries: [AuditEntry]
    /// Whether there may be more that has settled.
    public let isFull: Bool
    /// Where the next page begins: behind everything that this one covers.
    public let end: AuditPosition
}

extension OutboxStore {
    /// Where "now" is in the trail: every transaction before it has ended.
    public func auditHorizon() async throws -> AuditPosition {
        try await perform { connection in
            guard let row = try connection.query(.auditHorizon).first else { throw OutboxError.notFound }
            return AuditPosition(before: try row.int8(0))
        }
    }

    /// Where an audit event of an issuer stands; `nil` where there is none of this id.
    public func auditPosition(of id: UUID, ofIssuer issuer: Int32) async throws -> AuditPosition? {
        try await reading(for: issuer) { connection in
            try connection.query(.auditPlace, .uuid(id)).first.map { row in
                AuditPosition(transaction: try row.int8(0), id: id)
            }
        }
    }

    /// Settled audit events of an issuer behind a place.
    ///
    /// - Parameters:
    ///   - position: where the page before ended.
    ///   - issuer: the issuer's row; 0 is the installation.
    ///   - from: only events of then or later.
    ///   - before: only events before then.
    ///   - restored: also what was restored from a cluster that numbered its transactions otherwise; for exports.
    ///   - limit: at most this many.
    /// - Returns: the events, and where the next page begins.
    /// - Throws: ``PostgresError``.
    public func settledAudit(
        after position: AuditPosition,
        of issuer: Int32,
        from: Timestamp? = nil,
        before: Timestamp? = nil,
        restored: Bool = false,
        limit: Int
    ) async throws -> SettledAudit {
        try await reading(for: issuer) { connection in
            let rows = try connection.query(
                .auditSettled,
                .int8(position.transaction),
                .uuid(position.id),
                .optionalUUID(from.map(UUID.floor(of:))),
                .optionalUUID(before.map(UUID.floor(of:))),
                .int4(Int32(limit)),
                .bool(restored)
            )
            return try SettledAudit(rows, after: position, limit: limit)
        }
    }

    /// Settled audit events of several issuers behind a place.
    func settledAudit(after position: AuditPosition, ofAny issuers: [Int32], limit: Int) async throws
        -> SettledAudit
    {
        try await perform { connection in
            let rows = try connection.query(
                .auditFeed,
                .int4Array(issuers),
                .int8(position.transaction),
                .uuid(position.id),
                .int4(Int32(limit))
            )
            return try SettledAudit(rows, after: position, limit: limit)
        }
    }
}

extension SettledAudit {
    fileprivate init(_ rows: PostgresRows, after position: AuditPosition, limit: Int) throws {
        var found: [AuditEntry] = []
        found.reserveCapacity(rows.count)
        var horizon: Int64 = 0
        for row in rows {
            var columns = ColumnReader(row)
            horizon = try columns.int8()
            guard let transaction = try columns.optionalInt8() else { continue }
            let issuer = try columns.int4()
            let record = try columns.auditRecord()
            found.append(
                AuditEntry(
                    issuerKey: issuer,
                    position: AuditPosition(transaction: transaction, id: record.id),
                    record: record
                )
            )
        }
        entries = found
        isFull = found.count >= limit
        let last = found.last?.position ?? position
        // A page that is not full covers everything before the horizon, events or none.
        end = isFull ? last : max(last, AuditPosition(before: horizon))
    }
}
