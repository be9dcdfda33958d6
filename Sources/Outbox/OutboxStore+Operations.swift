import FoundationEssentials
import Logging
import LogoutModel
import PostgresClient

/// What a step of an operation came to.
public struct OperationStep: Sendable, Hashable {
    /// The lanes that have something due now, or within a moment.
    public var lanes: [Int32]

    /// A step, and where it put something.
    public init(lanes: [Int32] = []) {
        self.lanes = lanes
    }
}

extension OutboxStore {
    /// The most deliveries that one step cancels or redelivers.
    static let operationStepSize = 500
    /// The most deliveries that one step of a redelivery looks at, however few of them fit its filter.
    static let redeliveryCandidates = 5_000
    /// How far a redelivery's steps run ahead of its rate, in seconds, so that a runner that looks now and then keeps it.
    static let redeliveryLead = 0.5
    /// How long an operation waits after a step that failed, in seconds.
    static let operationPause = 5.0
    /// How long a step may take.
    static let operationDeadline = Duration.seconds(10)

    /// Does one step of the operation that has waited longest, in one transaction that moves the operation's cursor too.
    ///
    /// Any number of processes may do this at once; each operation is one process's at a time.
    ///
    /// `usualDeliverWithin`: seconds to the deadline of a redelivered delivery where nobody says.
    /// - Returns: `nil` where nothing is to be done now.
    public func runOperationStep(usualDeliverWithin: Double) async throws -> OperationStep? {
        do {
            return try await repeating(within: max(deadline, Self.operationDeadline)) { connection in
                try connection.transaction { connection in
                    guard let operation = try connection.takeOperation() else { return nil }
                    do {
                        return try operation.step(on: connection, usualDeliverWithin: usualDeliverWithin)
                    } catch let error as PostgresError where error.asksToRepeat {
                        throw error
                    } catch {
                        throw FailedOperation(id: operation.id, reason: error)
                    }
                }
            }
        } catch let failed as FailedOperation {
            // Others get their turn, and this one another try.
            try await perform { connection in
                _ = try connection.query(.operationPostpone, .uuid(failed.id), .float8(Self.operationPause))
            }
            logger.error(
                "a step of an operation failed",
                metadata: ["operation": "\(failed.id.lowercased)", "error": "\(failed.reason)"]
            )
            return OperationStep()
        }
    }
}

extension PostgresError {
    /// Whether it was a deadlock or a serialization failure, which the same step may not meet again.
    fileprivate var asksToRepeat: Bool {
        if case .server(let state, _, _, _) = self { state.category == .transactionRollback } else { false }
    }
}

/// A step that failed for a reason of its own.
private struct FailedOperation: Error {
    let id: UUID
    let reason: any Error
}

/// What this program can do in steps. An operation of another kind is left to newer programs.
private enum OperationKind: String, CaseIterable {
    case cancel
    case redeliver
}

/// An operation that is this transaction's alone.
private struct TakenOperation {
    let id: UUID
    let issuer: Int32
    let kind: OperationKind
    let event: LogoutEventID?
    let cursor: UUID?
    let actor: String
    let createdAt: Timestamp
    /// When its step begins on its schedule: now, or where its rate has got to.
    let begin: Timestamp
    let deliverWithin: Double?
    let ratePerSecond: Int

    func step(on connection: PostgresConnection, usualDeliverWithin: Double) throws -> OperationStep {
        switch kind {
        case .cancel: try cancel(on: connection)
        case .redeliver: try redeliver(on: connection, usualDeliverWithin)
        }
    }

    private func cancel(on connection: PostgresConnection) throws -> OperationStep {
        guard let event else { throw OutboxError.notFound }
        let step = CancelStep(
            issuer: issuer,
            event: event,
            after: cursor ?? event.uuid,
            limit: OutboxStore.operationStepSize,
            actor: actor
        )
        let result = try step.run(on: connection)
        try connection.advance(self, by: result.marked, to: result.last, isDone: result.marked < step.limit)
        return OperationStep()
    }

    private func redeliver(on connection: PostgresConnection, _ usualWithin: Double) throws -> OperationStep {
        // At most what the rate allows in a second, so that a cancellation finds little in the queue.
        let limit = min(OutboxStore.operationStepSize, ratePerSecond)
        let picked = try connection.query(
            .redeliveryPick,
            .uuid(id),
            .int4(Int32(limit)),
            .int4(Int32(OutboxStore.redeliveryCandidates))
        )
        guard let row = picked.first else { throw OutboxError.notFound }
        let deliveries = try row.uuidArray(0)
        let terms = RedeliveryTerms(
            within: deliverWithin,
            usualWithin: usualWithin,
            priority: .bulk,
            actor: actor,
            operation: id,
            endedBefore: createdAt
        )
        let pace = 1 / Double(ratePerSecond)
        let (count, lanes) =
            deliveries.isEmpty
            ? (0, [])
            : try connection.redeliver(deliveries, of: issuer, terms, begin: begin, seconds: pace)
        try connection.advance(
            self,
            by: count,
            to: row.optionalUUID(1),
            seconds: Double(deliveries.count) * pace,
            isDone: row.bool(2)
        )
        return OperationStep(lanes: lanes)
    }
}

extension PostgresConnection {
    fileprivate func takeOperation() throws -> TakenOperation? {
        let rows = try query(
            .operationTake,
            .textArray(OperationKind.allCases.map(\.rawValue)),
            .float8(OutboxStore.redeliveryLead)
        )
        guard let row = rows.first else { return nil }
        var columns = ColumnReader(row)
        return TakenOperation(
            id: try columns.uuid(),
            issuer: try columns.int4(),
            kind: try columns.word(OperationKind.self),
            event: try columns.optionalUUID().map(LogoutEventID.of),
            cursor: try columns.optionalUUID(),
            actor: try columns.text(),
            createdAt: try columns.time(),
            begin: try columns.time(),
            deliverWithin: try columns.optionalFloat8(),
            ratePerSecond: try columns.int()
        )
    }

    fileprivate func advance(
        _ operation: TakenOperation,
        by count: Int,
        to cursor: UUID?,
        seconds: Double = 0,
        isDone: Bool
    ) throws {
        _ = try query(
            .operationAdvance,
            .uuid(operation.id),
            .int8(Int64(count)),
            .optionalUUID(cursor),
            .float8(seconds),
            .bool(isDone)
        )
    }
}
