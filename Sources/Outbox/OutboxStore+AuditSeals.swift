public import AuditTrail
public import FoundationEssentials
public import LogoutModel
import PostgresClient

/// A seal as a list shows it.
public struct AuditSealSummary: Sendable {
    /// Its place in the chain, from 1.
    public let number: Int64
    /// When it was made.
    public let sealedAt: Timestamp
    /// How many events it covers.
    public let entryCount: Int
    /// The first of them.
    public let firstID: UUID
    /// The last of them.
    public let lastID: UUID
    /// The hash of the seal before it.
    public let previousHash: [UInt8]
    /// Its own hash.
    public let hash: [UInt8]
}

/// Which issuers have something to be sealed.
public struct UnsealedAudit: Sendable {
    /// The issuers' rows.
    public let issuers: [Int32]
    /// Where the next look begins.
    public let end: AuditPosition
}

extension OutboxStore {
    /// The most events under one seal, and so in one transaction that seals.
    public static let maximumSealedAtOnce = 1_000
    /// The most events that one look for unsealed ones goes through.
    private static let maximumLookedThrough = 20_000

    /// Seals the next settled audit events of an issuer, in one transaction.
    ///
    /// Any process may, at any time: one at a time gets the turn, and a step that a crash cuts off has done nothing.
    /// - Returns: how many; `nil` where another process has the turn.
    public func sealAudit(of issuer: Int32, limit: Int = maximumSealedAtOnce) async throws -> Int? {
        try await perform { connection in
            try connection.transaction { connection in
                // A statement of its own: the next one's snapshot must see the seal of who had the turn before.
                guard try connection.query(.auditTurn, .int4(issuer)).first?.bool(0) == true else {
                    return nil
                }
                let row = try connection.query(.auditSeal, .int4(issuer), .int4(Int32(limit))).first
                return try row.map { Int(try $0.int4(1)) } ?? 0
            }
        }
    }

    /// Issuers whose events settled since the last look and are not sealed.
    public func unsealedAudit(after position: AuditPosition) async throws -> UnsealedAudit {
        try await perform { connection in
            let rows = try connection.query(
                .auditUnsealed,
                .int8(position.transaction),
                .uuid(position.id),
                .int4(Int32(Self.maximumLookedThrough))
            )
            guard let row = rows.first else { throw OutboxError.notFound }
            return UnsealedAudit(
                issuers: try row.int4Array(2),
                end: AuditPosition(transaction: try row.int8(0), id: try row.uuid(1))
            )
        }
    }

    /// Issuers with settled events of any time that are not sealed; dearer than ``unsealedAudit(after:)``.
    public func auditBacklog() async throws -> [Int32] {
        try await perform(within: .seconds(10)) { connection in
            try connection.query(.auditBacklog).map { try $0.int4(0) }
        }
    }

    /// The seals of an issuer, newest first.
    public func auditSeals(of issuer: Int32, below number: Int64?, limit: Int) async throws
        -> [AuditSealSummary]
    {
        try await reading(for: issuer) { connection in
            try connection.query(
                .auditSealsList,
                .optionalInt8(number),
                .int4(Int32(limit))
            ).map { row in
                var columns = ColumnReader(row)
                return AuditSealSummary(
                    number: try columns.int8(),
                    sealedAt: try columns.time(),
                    entryCount: try columns.int(),
                    firstID: try columns.uuid(),
                    lastID: try columns.uuid(),
                    previousHash: try columns.bytes(),
                    hash: try columns.bytes()
                )
            }
        }
    }
}
