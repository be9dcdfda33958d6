import FoundationEssentials
public import LogoutModel
import PostgresClient

extension OutboxStore {
    /// The most open deliveries of an event that are cancelled within the call; those of a larger one are an operation.
    static let cancelledInCall = 2_000
    /// How many of them in one transaction.
    static let cancelledAtOnce = 1_000

    /// Cancels an event: it expands no further, and its open deliveries end as `cancelled`/`cancelled_by_operator`; one in
    /// flight does when its attempt is over, unless the RP accepts it.
    ///
    /// Safe to repeat. Where more than ``cancelledInCall`` deliveries are open, workers end them.
    ///
    /// - Throws: ``OutboxError/notFound``, ``OutboxError/alreadyEnded``.
    public func cancelEvent(_ id: LogoutEventID, of issuer: Int32, actor: String) async throws {
        guard try await beginCancel(id, of: issuer, actor: actor) else { return }
        var place = id.uuid
        for _ in 0..<(Self.cancelledInCall / Self.cancelledAtOnce) {
            let step = CancelStep(
                issuer: issuer,
                event: id,
                after: place,
                limit: Self.cancelledAtOnce,
                actor: actor
            )
            let result = try await repeating { connection in
                try connection.transaction { try step.run(on: $0) }
            }
            guard let last = result.last, result.marked == step.limit else { return }
            place = last
        }
    }

    /// Whether deliveries are left for the caller to cancel. A transaction of its own: elsewhere a delivery's row is
    /// locked before its event's.
    private func beginCancel(_ id: LogoutEventID, of issuer: Int32, actor: String) async throws -> Bool {
        try await changing(for: issuer) { connection in
            // Before the event, as an expansion's own step does.
            _ = try connection.query(.expansionStop, .uuid(id.uuid))
            let rows = try connection.query(
                .eventCancel,
                .uuid(id.uuid),
                .text(actor),
                .int4(Int32(Self.cancelledInCall))
            )
            guard let row = rows.first else { throw OutboxError.notFound }
            var columns = ColumnReader(row)
            if try columns.bool() { throw OutboxError.alreadyEnded }
            let open = try columns.int()
            let isLeftToOperation = try columns.bool()
            return open > 0 && !isLeftToOperation
        }
    }
}

/// One transaction's part of a cancellation: marks some deliveries, and ends those that are not in flight.
struct CancelStep: Sendable {
    let issuer: Int32
    let event: LogoutEventID
    /// Behind this delivery; at first the event's own id.
    let after: UUID
    let limit: Int
    let actor: String

    /// - Returns: how many were marked, and the last of them; fewer than the limit means that none is left.
    func run(on connection: PostgresConnection) throws -> (marked: Int, last: UUID?) {
        let rows = try connection.query(
            .cancelMark,
            .int4(issuer),
            .uuid(after),
            .uuid(event.endOfDeliveries),
            .int4(Int32(limit)),
            .text(actor)
        )
        guard let row = rows.first else { return (0, nil) }
        var columns = ColumnReader(row)
        let marked = try columns.int()
        let last = try columns.optionalUUID()
        _ = try connection.endSeized(
            worker: nil,
            limit: limit,
            client: .null,
            issuer: .int4(issuer),
            event: .uuid(event.uuid)
        )
        return (marked, last)
    }
}
