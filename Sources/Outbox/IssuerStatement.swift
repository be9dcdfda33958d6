import LastcallSQL
import PostgresClient

/// A statement that acts for one issuer, whose row is its `$1`.
///
/// It is run by an ``IssuerConnection`` and by nothing else, so that row-level security watches it. Where the same text
/// also serves the outbox itself it is another statement there: a plan made under row-level security is no good without.
struct IssuerStatement: Sendable {
    let statement: PostgresStatement

    private static func reading(_ file: SQLText.File) -> IssuerStatement {
        IssuerStatement(file, access: .readOnly)
    }

    private static func writing(_ file: SQLText.File) -> IssuerStatement {
        IssuerStatement(file, access: .readWrite)
    }

    private init(_ file: SQLText.File, access: PostgresStatement.Access) {
        statement = PostgresStatement(name: "tenant_\(file.name)", text: file.text, access: access)
    }
}

/// Every one of them, by the name of its file in `sql/queries`.
extension IssuerStatement {
    static let eventGet = reading(SQLText.event_get)
    static let eventsList = reading(SQLText.events_list)
    static let eventsFound = reading(SQLText.events_found)
    static let logoutStatus = reading(SQLText.logout_status)
    static let eventDeliveries = reading(SQLText.event_deliveries)
    static let deliveryGet = reading(SQLText.delivery_get)
    static let deliveriesList = reading(SQLText.deliveries_list)
    static let deliveriesOpen = reading(SQLText.deliveries_open)
    static let deliveriesUndelivered = reading(SQLText.deliveries_undelivered)
    static let deliveryAttempts = reading(SQLText.delivery_attempts)
    static let auditList = reading(SQLText.audit_list)
    static let auditPlace = reading(SQLText.audit_place)
    static let auditSettled = reading(SQLText.audit_settled)
    static let auditSealsList = reading(SQLText.audit_seals_list)
    static let probeAdd = writing(SQLText.probe_add)
    static let probeGet = reading(SQLText.probe_get)
    static let probeWithdraw = writing(SQLText.probe_withdraw)
    static let clientGet = reading(SQLText.client_get)
    static let clientsList = reading(SQLText.clients_list)
    static let clientPutTurn = reading(SQLText.client_put_turn)
    static let clientPut = writing(SQLText.client_put)
    static let clientAuthorize = writing(SQLText.client_authorize)
    static let clientDelete = writing(SQLText.client_delete)
    static let clientHold = writing(SQLText.client_hold)
    static let deliveryLock = writing(SQLText.delivery_lock)
    static let redeliveryGet = reading(SQLText.redelivery_get)
    static let redeliveriesList = reading(SQLText.redeliveries_list)
    static let redeliveryCancel = writing(SQLText.redelivery_cancel)
    static let expansionStop = writing(SQLText.expansion_stop)
    static let eventCancel = writing(SQLText.event_cancel)
    static let participationsList = reading(SQLText.participations_list)
    static let keysList = reading(SQLText.keys_list)
    static let redeliver = writing(SQLText.redeliver)
    static let auditAdd = writing(SQLText.audit_add)
    static let apiKeyAdd = writing(SQLText.api_key_add)
    static let apiKeysList = reading(SQLText.api_keys_list)
    static let apiKeyRevoke = writing(SQLText.api_key_revoke)
    static let tenantCheck = reading(SQLText.tenant_check)
    static let consoleOverview = reading(SQLText.console_overview)
    static let consoleMinutes = reading(SQLText.console_minutes)
    static let consoleLatency = reading(SQLText.console_latency)
    static let consoleClient = reading(SQLText.console_client)
    static let consoleClientAttempts = reading(SQLText.console_client_attempts)
    static let consoleFailures = reading(SQLText.console_failures)
    static let consoleAudit = reading(SQLText.console_audit)
    static let consoleToken = reading(SQLText.console_token)
    static let consoleIdempotency = reading(SQLText.console_idempotency)
}
