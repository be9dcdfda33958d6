public import FoundationEssentials
public import LogoutModel

/// How much one look of the console may read, whatever there is.
public enum ConsoleBounds {
    /// Rows of the queue that are counted.
    public static let queueRows = 20_000
    /// Clients whose lanes are looked at.
    public static let clients = 2_000
    /// Deliveries that have ended, or attempts.
    public static let history = 20_000
    /// Attempts that a search for a token looks at in one step.
    public static let searched = 100_000
}

/// How an issuer's queue stands.
public struct QueueFigures: Sendable, Hashable {
    /// Deliveries that a worker holds.
    public let inFlight: Int
    /// Deliveries that wait.
    public let waiting: Int
    /// Of those, how many have been tried.
    public let retrying: Int
    /// How long ago the oldest that may be sent was due; `nil`: none is.
    public let oldestDueSeconds: Double?
    /// Clients.
    public let clients: Int
    /// Clients on hold.
    public let held: Int
    /// Clients whose breaker is not closed.
    public let broken: Int
}

/// What was found in history, newest first, as far as was looked.
public struct HistoryLook<Row: Sendable>: Sendable {
    /// What was found.
    public let rows: [Row]
    /// How many rows of history were looked at for it.
    public let looked: Int
    /// Whether there may be more than what was found.
    public let isCut: Bool
}

/// What became of deliveries in one minute.
public struct MinuteFigures: Sendable, Hashable {
    /// The minute's begin.
    public let minute: Timestamp
    /// RPs that were told.
    public let delivered: Int
    /// RPs that were not.
    public let failed: Int
    /// Other ends.
    public let other: Int
}

/// How fast deliveries were.
public struct LatencyFigures: Sendable, Hashable {
    /// How many attempts were looked at.
    public let attempts: Int
    /// Milliseconds from the acceptance to the first POST, half are faster.
    public let firstPOST50: Double?
    /// Alike, 99 of 100 are faster.
    public let firstPOST99: Double?
    /// Milliseconds of an attempt, half are faster.
    public let attempt50: Double?
    /// Alike, 99 of 100 are faster.
    public let attempt99: Double?
    /// Who made them.
    public let workers: [String]
}

/// How one client's lane stands.
public struct LaneFigures: Sendable, Hashable {
    /// Since when it is on hold.
    public let heldAt: Timestamp?
    /// How often its breaker has opened since it was closed.
    public let breakerTrips: Int
    /// Until when its breaker is open; `nil`: it is closed.
    public let breakerOpenUntil: Timestamp?
    /// Deliveries that a worker holds.
    public let inFlight: Int
    /// Deliveries that wait.
    public let waiting: Int
    /// Of those, how many have been tried.
    public let retrying: Int
    /// How long ago the oldest was due; `nil`: none is.
    public let oldestDueSeconds: Double?
}

/// One attempt at a client.
public struct ClientAttempt: Sendable, Hashable {
    /// Of this delivery.
    public let delivery: UUID
    /// Counted from 1.
    public let number: Int
    /// When it began.
    public let startedAt: Timestamp
    /// What it met.
    public let outcome: String
    /// What the RP answered with.
    public let httpStatus: Int?
    /// How long it took.
    public let latencyMilliseconds: Int?
    /// What went wrong.
    public let error: String?
    /// What went wrong, in the RP's or the network's words.
    public let errorDescription: String?
}

/// Deliveries of one client that ended for one reason.
public struct FailureGroup: Sendable, Hashable {
    /// The client.
    public let clientID: String
    /// `failed` or `expired`.
    public let status: String
    /// Why.
    public let reason: String?
    /// How many.
    public let count: Int
    /// When the newest of them ended.
    public let newestAt: Timestamp
    /// The newest of them.
    public let newest: UUID
}

/// An attempt, as a place in history.
public struct AttemptPlace: Sendable, Hashable {
    /// Of this delivery.
    public let delivery: UUID
    /// Counted from 1.
    public let number: Int

    /// A place.
    public init(delivery: UUID, number: Int) {
        self.delivery = delivery
        self.number = number
    }
}

/// How far a search for a token has come.
public struct TokenSearch: Sendable, Hashable {
    /// The delivery that it was made for; `nil`: not found yet.
    public let delivery: UUID?
    /// How many attempts were looked at.
    public let looked: Int
    /// The search goes on below it; `nil`: there is nothing further back.
    public let next: AttemptPlace?
}
