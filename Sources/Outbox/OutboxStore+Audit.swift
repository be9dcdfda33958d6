public import AuditTrail
public import FoundationEssentials
public import LogoutModel
import PostgresClient

/// Which audit events a list shows; empty and `nil` mean any.
public struct AuditFilter: Sendable {
    /// Of one of these types, in the words of the API.
    public var types: [String] = []
    /// Of one of these severities, in the words of the API.
    public var severities: [String] = []
    /// About this client.
    public var clientID: String?
    /// Of this event and its deliveries, or of one delivery.
    public var subject: ClosedRange<UUID>?

    /// Every audit event.
    public init() {}

    /// Limits the list to an event and its deliveries.
    public mutating func limit(to event: LogoutEventID) {
        subject = event.uuid...event.endOfDeliveries
    }

    /// Limits the list to one delivery.
    public mutating func limit(to delivery: DeliveryID) {
        subject = delivery.uuid...delivery.uuid
    }
}

extension OutboxStore {
    /// The audit trail of an issuer, oldest first.
    public func auditEvents(_ filter: AuditFilter, in window: IDWindow, of issuer: Int32) async throws
        -> [AuditRecord]
    {
        try await perform { connection in
            try connection.query(
                .auditList,
                .int4(issuer),
                .optionalUUID(window.cursor),
                window.lower,
                .optionalUUID(window.before.map(UUID.floor(of:))),
                .texts(filter.types),
                .texts(filter.severities),
                .optionalText(filter.clientID),
                .optionalUUID(filter.subject?.lowerBound),
                .optionalUUID(filter.subject?.upperBound),
                .int4(Int32(window.limit))
            ).map { row in
                var columns = ColumnReader(row)
                return AuditRecord(
                    id: try columns.uuid(),
                    type: try columns.text(),
                    severity: try columns.text(),
                    subject: try columns.optionalUUID(),
                    sessionDurability: try columns.optionalText(),
                    clientID: try columns.optionalText(),
                    actor: try columns.text(),
                    data: try columns.optionalJSON()
                )
            }
        }
    }
}

extension PostgresConnection {
    /// Writes an audit event in the transaction of the change it describes.
    func note(_ note: AuditNote, issuer: Int32) throws {
        _ = try query(
            .auditAdd,
            .int4(issuer),
            .text(note.type.rawValue),
            .optionalText(note.clientID),
            .text(note.actor),
            note.data.map { .jsonb($0) } ?? .null
        )
    }
}
