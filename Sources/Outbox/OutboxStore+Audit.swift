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

    /// Whether a list shows this event.
    public func accepts(_ record: AuditRecord) -> Bool {
        guard types.isEmpty || types.contains(record.type),
            severities.isEmpty || severities.contains(record.severity),
            clientID == nil
                || record.clientID.map({ $0.utf8.elementsEqual(clientID?.utf8 ?? "".utf8) }) == true
        else { return false }
        guard let subject else { return true }
        return record.subject.map(subject.contains) ?? false
    }
}

extension OutboxStore {
    /// The audit trail of an issuer, oldest first.
    public func auditEvents(_ filter: AuditFilter, in window: IDWindow, of issuer: Int32) async throws
        -> [AuditRecord]
    {
        try await reading(for: issuer) { connection in
            try connection.query(
                .auditList,
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
                return try columns.auditRecord()
            }
        }
    }
}

extension ColumnReader {
    mutating func auditRecord() throws -> AuditRecord {
        AuditRecord(
            id: try uuid(),
            type: try text(),
            severity: try text(),
            subject: try optionalUUID(),
            sessionDurability: try optionalText(),
            clientID: try optionalText(),
            actor: try text(),
            data: try optionalJSON()
        )
    }
}

extension PostgresConnection {
    /// Writes an audit event in the transaction of the change it describes.
    func note(_ note: AuditNote, issuer: Int32) throws {
        _ = try query(.auditAdd, parameters: [.int4(issuer)] + note.values)
    }
}

extension AuditNote {
    /// What an audit event says, without the issuer that it is of.
    var values: [PostgresValue] {
        [.text(type.rawValue), .optionalText(clientID), .text(actor), data.map { .jsonb($0) } ?? .null]
    }
}
