public import FoundationEssentials
public import LogoutModel
import PostgresClient

extension OutboxStore {
    /// How long counting what a redelivery concerns may take.
    private static let countingDeadline = Duration.seconds(10)

    /// Begins a redelivery in bulk, or only counts what it would concern. Workers do its steps.
    public func startRedelivery(_ request: RedeliveryRequest, of issuer: Int32) async throws -> Redelivery {
        let filter = request.filter
        return try await perform(within: max(deadline, Self.countingDeadline)) { connection in
            let rows = try connection.query(
                .redeliveryStart,
                .int4(issuer),
                .optionalText(filter.clientID),
                .textArray(filter.statuses.map(\.rawValue)),
                .texts(filter.reasons.map(\.rawValue)),
                .optionalText(filter.createdAfter?.text),
                .optionalText(filter.createdBefore?.text),
                .bool(request.isDryRun),
                .optionalInt4(request.deliverWithinSeconds.map(Int32.init)),
                .int4(Int32(request.ratePerSecond)),
                .text(request.actor)
            )
            guard let row = rows.first else { throw OutboxError.notFound }
            var columns = ColumnReader(row)
            return try columns.redelivery()
        }
    }

    /// One redelivery in bulk; `nil` where the issuer has none of this id.
    public func redelivery(_ id: UUID, of issuer: Int32) async throws -> Redelivery? {
        try await reading(for: issuer) { connection in
            try connection.query(.redeliveryGet, .uuid(id)).first.map { row in
                var columns = ColumnReader(row)
                return try columns.redelivery()
            }
        }
    }

    /// Redeliveries in bulk, newest first.
    ///
    /// `statuses`: in one of these; empty means any.
    public func redeliveries(
        in statuses: [RedeliveryStatus],
        _ window: IDWindow,
        of issuer: Int32
    ) async throws -> [Redelivery] {
        try await reading(for: issuer) { connection in
            try connection.query(
                .redeliveriesList,
                window.upper,
                window.lower,
                .texts(statuses.map(\.rawValue)),
                .int4(Int32(window.limit))
            ).map { row in
                var columns = ColumnReader(row)
                return try columns.redelivery()
            }
        }
    }

    /// Stops a redelivery in bulk; what it has put into the queue stays there.
    ///
    /// - Throws: ``OutboxError/notFound``, ``OutboxError/alreadyEnded``.
    public func cancelRedelivery(_ id: UUID, of issuer: Int32) async throws -> Redelivery {
        try await changing(for: issuer) { connection in
            guard let row = try connection.query(.redeliveryCancel, .uuid(id)).first else {
                let known = try connection.query(.redeliveryGet, .uuid(id))
                throw known.isEmpty ? OutboxError.notFound : .alreadyEnded
            }
            var columns = ColumnReader(row)
            return try columns.redelivery()
        }
    }
}

extension ColumnReader {
    fileprivate mutating func redelivery() throws -> Redelivery {
        Redelivery(
            id: try uuid(),
            status: try word(RedeliveryStatus.self),
            filter: try json(),
            isDryRun: try bool(),
            deliverWithinSeconds: try optionalInt(),
            ratePerSecond: try int(),
            matched: try int8(),
            done: try int8(),
            actor: try text(),
            createdAt: try time(),
            endedAt: try optionalTime()
        )
    }
}
