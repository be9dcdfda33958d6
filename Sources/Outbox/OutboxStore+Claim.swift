public import LogoutModel
import PostgresClient

/// One lane to claim from: a client and how far its queue has been worked off.
public struct LaneClaim: Sendable, Hashable {
    /// The client's row.
    public let client: Int32
    /// No interactive delivery that was due before this is looked at: a second behind the lane's head, or the beginning
    /// of time.
    public let lowWater: Timestamp
    /// The same for bulk deliveries.
    public let bulkLowWater: Timestamp
    /// At most this many.
    public let quota: Int

    /// A lane and its quota; one mark holds for both priorities where no second one is given.
    public init(client: Int32, lowWater: Timestamp, bulkLowWater: Timestamp? = nil, quota: Int) {
        self.client = client
        self.lowWater = lowWater
        self.bulkLowWater = bulkLowWater ?? lowWater
        self.quota = quota
    }
}

/// The oldest due times of a lane; `nil` where it has nothing of a priority.
public struct LaneHeads: Sendable, Hashable {
    /// Of its interactive deliveries.
    public let interactive: Timestamp?
    /// Of its bulk deliveries.
    public let bulk: Timestamp?

    /// The heads of a lane.
    public init(interactive: Timestamp?, bulk: Timestamp? = nil) {
        self.interactive = interactive
        self.bulk = bulk
    }
}

/// What a claim found.
public struct ClaimedBatch: Sendable {
    /// The deliveries that are ours now.
    public var deliveries: [ClaimedDelivery] = []
    /// How many of them somebody else had held whose lease ran out.
    public var lost = 0
    /// Of each lane that gave any, or of which any was marked as superseded: its heads, and whether it has more that is
    /// due.
    public var lanes: [Int32: (heads: LaneHeads, hasMore: Bool)] = [:]

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
            .timestampArray(lanes.map(\.bulkLowWater.microseconds)),
            .int4Array(lanes.map { Int32($0.quota) }), .int4(Int32(limit)), .float8(defaults.leaseSeconds),
            .float8(defaults.marginSeconds), .int4(Int32(defaults.maxInFlight)),
            .float8(defaults.attemptTimeoutSeconds),
        ]
        return try await perform { connection in
            var batch = ClaimedBatch()
            for row in try connection.query(.claim, parameters: parameters) {
                var columns = ColumnReader(row)
                let client = try columns.int4()
                let heads = try columns.laneHeads()
                batch.lanes[client] = (heads, hasMore: try columns.bool())
                if let delivery = try columns.claimedDelivery(of: client) {
                    batch.deliveries.append(delivery)
                    if try columns.bool() { batch.lost += 1 }
                }
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

    /// The lanes that have something due and may be sent to, beginning after a lane.
    ///
    /// - Returns: at most `limit` of them, each with its heads.
    public func lanesDue(after lane: Int32, limit: Int) async throws -> [(lane: Int32, heads: LaneHeads)] {
        try await perform { connection in
            try connection.query(.lanesDue, .int4(lane), .int4(Int32(limit))).map { row in
                var columns = ColumnReader(row)
                return (try columns.int4(), try columns.laneHeads())
            }
        }
    }
}

extension ColumnReader {
    fileprivate mutating func laneHeads() throws -> LaneHeads {
        LaneHeads(interactive: try optionalTime(), bulk: try optionalTime())
    }

    /// `nil` where a row says only that something of its lane was marked.
    fileprivate mutating func claimedDelivery(of client: Int32) throws -> ClaimedDelivery? {
        guard let uuid = try optionalUUID() else { return nil }
        guard let id = DeliveryID(uuid) else { throw OutboxError.notFound }
        let issuer = try int4()
        let clientVersion = try int8()
        let issuerVersion = try int8()
        let trips = try int()
        let number = try int4()
        let attempt = try int()
        let excused = try int()
        let wasUnknown = try bool()
        let length = Duration.microseconds(try int8())
        let left = Duration.microseconds(try int8())
        return ClaimedDelivery(
            lease: Lease(issuerKey: issuer, delivery: id, number: number, length: length),
            clientKey: client,
            clientVersion: clientVersion,
            issuerVersion: issuerVersion,
            breakerTrips: trips,
            attempt: attempt,
            excused: excused,
            hadUnknownOutcome: wasUnknown,
            timeLeft: left,
            sub: try optionalText(),
            sid: try optionalText()
        )
    }
}
