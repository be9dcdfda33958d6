public import LogoutModel
import PostgresClient

/// One lane to claim from: a client and how far its queue has been worked off.
public struct LaneClaim: Sendable, Hashable {
    /// The client's row.
    public let client: Int32
    /// Nothing that was due before this is looked at: a second behind the lane's head, or the beginning of time.
    public let lowWater: Timestamp
    /// At most this many.
    public let quota: Int

    /// A lane and its quota.
    public init(client: Int32, lowWater: Timestamp, quota: Int) {
        self.client = client
        self.lowWater = lowWater
        self.quota = quota
    }
}

/// What a claim found.
public struct ClaimedBatch: Sendable {
    /// The deliveries that are ours now.
    public var deliveries: [ClaimedDelivery] = []
    /// Of each lane that gave any: its oldest due time, and whether it has more that is due.
    public var lanes: [Int32: (head: Timestamp, hasMore: Bool)] = [:]

    /// A claim that found nothing.
    public init() {}
}

/// The lengths and caps that hold where neither client nor issuer says.
public struct ClaimDefaults: Sendable, Hashable {
    /// How long a lease lasts, in seconds.
    public let leaseSeconds: Double
    /// By how much a lease outlasts the attempt it is for, in seconds.
    public let marginSeconds: Double
    /// How many attempts a client gets at once, over the fleet.
    public let maxInFlight: Int
    /// How long an attempt may take, in seconds.
    public let attemptTimeoutSeconds: Double

    /// The defaults of a claim.
    public init(leaseSeconds: Double, marginSeconds: Double, maxInFlight: Int, attemptTimeoutSeconds: Double)
    {
        self.leaseSeconds = leaseSeconds
        self.marginSeconds = marginSeconds
        self.maxInFlight = maxInFlight
        self.attemptTimeoutSeconds = attemptTimeoutSeconds
    }
}

extension OutboxStore {
    /// Claims due deliveries of some lanes in one short committed statement.
    ///
    /// `lanes`: 8 to 16 of them, each a client.
    /// `limit`: the free slots: a lease should never age in a buffer.
    public func claim(
        _ lanes: [LaneClaim],
        limit: Int,
        worker: Int32,
        defaults: ClaimDefaults
    ) async throws -> ClaimedBatch {
        let parameters: [PostgresValue] = [
            .int4(worker), .int4Array(lanes.map(\.client)),
            .timestampArray(lanes.map(\.lowWater.microseconds)),
            .int4Array(lanes.map { Int32($0.quota) }), .int4(Int32(limit)), .float8(defaults.leaseSeconds),
            .float8(defaults.marginSeconds), .int4(Int32(defaults.maxInFlight)),
            .float8(defaults.attemptTimeoutSeconds),
        ]
        return try await perform { connection in
            var batch = ClaimedBatch()
            for row in try connection.query(.claim, parameters: parameters) {
                var columns = ColumnReader(row)
                let (delivery, head, hasMore) = try columns.claimedDelivery()
                batch.deliveries.append(delivery)
                batch.lanes[delivery.clientKey] = (head, hasMore)
            }
            return batch
        }
    }

    /// Gives claims back that were not sent; their attempts are not counted.
    public func release(_ leases: [Lease], worker: Int32?) async throws {
        guard !leases.isEmpty else { return }
        let parameters: [PostgresValue] = [
            .int4Array(leases.map(\.issuerKey)), .uuidArray(leases.map(\.delivery.uuid)),
            .int4Array(leases.map(\.number)), worker.map { .int4($0) } ?? .null,
        ]
        try await perform { connection in _ = try connection.query(.release, parameters: parameters) }
    }

    /// The lanes that have something due, beginning after a lane.
    ///
    /// - Returns: at most `limit` of them, each with its oldest due time.
    public func lanesDue(after lane: Int32, limit: Int) async throws -> [(lane: Int32, head: Timestamp)] {
        try await perform { connection in
            try connection.query(.lanesDue, .int4(lane), .int4(Int32(limit))).map { row in
                var columns = ColumnReader(row)
                return (try columns.int4(), try columns.time())
            }
        }
    }
}

extension ColumnReader {
    fileprivate mutating func claimedDelivery() throws -> (ClaimedDelivery, head: Timestamp, hasMore: Bool) {
        guard let id = DeliveryID(try uuid()) else { throw OutboxError.notFound }
        let issuer = try int4()
        let client = try int4()
        let clientVersion = try int8()
        let issuerVersion = try int8()
        let number = try int4()
        let attempt = try int()
        let excused = try int()
        let wasUnknown = try bool()
        let length = Duration.microseconds(try int8())
        let left = Duration.microseconds(try int8())
        let delivery = ClaimedDelivery(
            lease: Lease(issuerKey: issuer, delivery: id, number: number, length: length),
            clientKey: client,
            clientVersion: clientVersion,
            issuerVersion: issuerVersion,
            attempt: attempt,
            excused: excused,
            hadUnknownOutcome: wasUnknown,
            timeLeft: left,
            sub: try optionalText(),
            sid: try optionalText()
        )
        return (delivery, try time(), try bool())
    }
}
