public import LogoutModel
import PostgresClient

/// On what terms an issuer's completion webhook is kept.
public struct WebhookTerms: Sendable {
    /// What it is signed with, sealed as private keys are; `nil` keeps the one that is stored for the same URL.
    public let sealedSecret: [UInt8]?
    /// How long it is tried, counted from the end of its event.
    public let deliverWithinSeconds: Double

    /// Terms of these parts.
    public init(sealedSecret: [UInt8]?, deliverWithinSeconds: Double) {
        self.sealedSecret = sealedSecret
        self.deliverWithinSeconds = deliverWithinSeconds
    }
}

/// An event by its issuer's row and its id.
public struct IssuerEvent: Sendable, Hashable {
    /// The issuer's row.
    public let issuerKey: Int32
    /// The event.
    public let id: LogoutEventID

    /// An event of an issuer.
    public init(issuerKey: Int32, id: LogoutEventID) {
        self.issuerKey = issuerKey
        self.id = id
    }
}

extension OutboxStore {
    /// The events that completion webhooks tell of, as they stand now; one that is gone is left out.
    public func events(toldBy webhooks: [IssuerEvent]) async throws -> [IssuerEvent: LogoutEvent] {
        try await perform { connection in
            let rows = try connection.query(
                .webhookEvents,
                .int4Array(webhooks.map(\.issuerKey)),
                .uuidArray(webhooks.map(\.id.uuid))
            )
            var events: [IssuerEvent: LogoutEvent] = [:]
            for row in rows {
                var columns = ColumnReader(row)
                let issuer = try columns.int4()
                let event = try columns.event()
                events[IssuerEvent(issuerKey: issuer, id: event.id)] = event
            }
            return events
        }
    }
}

extension PostgresConnection {
    /// Makes an issuer's completion webhook what its settings say, in the transaction that writes them.
    func putWebhook(
        _ settings: Issuer.Settings,
        _ terms: WebhookTerms,
        before: Issuer.Settings?,
        issuer: Int32
    ) throws {
        guard let url = settings.completionWebhookURL else {
            _ = try query(.webhookDelete, .int4(issuer))
            return
        }
        let isSame = before?.completionWebhookURL.map { $0.utf8.elementsEqual(url.utf8) } ?? false
        guard isSame || terms.sealedSecret != nil else { throw OutboxError.webhookSecretMissing }
        _ = try query(
            .webhookPut,
            .int4(issuer),
            .text(url),
            terms.sealedSecret.map { .bytea($0) } ?? .null,
            .float8(terms.deliverWithinSeconds)
        )
    }
}
