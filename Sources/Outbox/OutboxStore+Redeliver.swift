import FoundationEssentials
public import LogoutModel
import PostgresClient

/// How long redelivered deliveries get, and who asked for them.
struct RedeliveryTerms {
    /// Seconds from when each is due; `nil`: what the client or the issuer says.
    var within: Double?
    /// Seconds where neither says.
    var usualWithin: Double
    /// Behind which others they wait in their lane.
    var priority: Priority
    var actor: String
    /// The operation that they are redelivered by.
    var operation: UUID?
    /// Only those that ended before then.
    var endedBefore: Timestamp?
}

extension OutboxStore {
    /// Sends an ended delivery again: it goes back into the queue under its id, with its attempts counted on.
    ///
    /// Where its client is gone, has no URI, or needs the `sid` that it lacks, it ends again at once.
    ///
    /// `force`: even where the RP accepted it.
    /// `deliverWithin`: its new deadline in seconds from now; `nil`: as the client or the issuer says, else
    /// `usualDeliverWithin`.
    /// - Returns: the delivery, and the lanes that have something due now.
    /// - Throws: ``OutboxError/notFound``, ``OutboxError/notEnded``, ``OutboxError/alreadyDelivered``.
    public func redeliver(
        _ id: DeliveryID,
        of issuer: Int32,
        force: Bool,
        deliverWithin: Double?,
        usualDeliverWithin: Double,
        actor: String
    ) async throws -> (delivery: DeliveryRecord, lanes: [Int32]) {
        try await changing(for: issuer) { connection in
            let status = try connection.lockEnded(id)
            guard force || status != .delivered else { throw OutboxError.alreadyDelivered }
            let terms = RedeliveryTerms(
                within: deliverWithin,
                usualWithin: usualDeliverWithin,
                priority: .interactive,
                actor: actor
            )
            let lanes = try connection.query(.redeliver, parameters: terms.values([id.uuid])).lanes()
            guard let row = try connection.query(.deliveryGet, .uuid(id.uuid)).first else {
                throw OutboxError.notFound
            }
            var columns = ColumnReader(row)
            return (try columns.delivery(), lanes)
        }
    }
}

extension IssuerConnection {
    /// The status of a delivery that has ended, locked until the transaction is over.
    fileprivate func lockEnded(_ id: DeliveryID) throws -> DeliveryStatus {
        guard !id.isWebhook else { throw OutboxError.notFound }
        // A second look, because a twin may have moved it behind the back of the first.
        for _ in 0..<2 {
            guard let row = try query(.deliveryLock, .uuid(id.uuid)).first else { break }
            var columns = ColumnReader(row)
            if let text = try columns.optionalText() {
                guard let status = DeliveryStatus(rawValue: text) else { throw OutboxError.unknownWord(text) }
                return status
            }
            if try columns.bool() { throw OutboxError.notEnded }
        }
        throw OutboxError.notFound
    }
}

extension PostgresConnection {
    /// Puts ended deliveries back into the queue, in the transaction that runs.
    ///
    /// `ids`: in their order.
    /// `begin`: when the first is due; now unless told, or where that is past.
    /// `seconds`: from each to the next.
    /// - Returns: how many there were, and the lanes that they are in now.
    func redeliver(
        _ ids: [UUID],
        of issuer: Int32,
        _ terms: RedeliveryTerms,
        begin: Timestamp? = nil,
        seconds: Double = 0
    ) throws -> (count: Int, lanes: [Int32]) {
        let values = terms.values(ids, begin: begin, seconds: seconds)
        let rows = try query(.redeliver, parameters: [.int4(issuer)] + values)
        return (rows.count, try rows.lanes())
    }
}

extension RedeliveryTerms {
    /// The parameters of the statement, without the issuer.
    fileprivate func values(_ ids: [UUID], begin: Timestamp? = nil, seconds: Double = 0) -> [PostgresValue] {
        [
            .uuidArray(ids), .optionalTime(begin), .float8(seconds), within.map { .float8($0) } ?? .null,
            .float8(usualWithin), .text(priority.rawValue), .text(actor), .optionalUUID(operation),
            .optionalTime(endedBefore),
        ]
    }
}

extension PostgresRows {
    /// The lanes that redelivered deliveries are in now.
    fileprivate func lanes() throws -> [Int32] {
        var lanes: Set<Int32> = []
        for row in self {
            var columns = ColumnReader(row)
            columns.skip(1)
            if let lane = try columns.optionalInt4() { lanes.insert(lane) }
        }
        return lanes.sorted()
    }
}
