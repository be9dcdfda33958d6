package import LogoutModel

/// The outbox in memory: the same state, the same calls and the same answers as `sql/queries`, one call at a time.
///
/// What it says is tested against Postgres, row by row. A value: every call is one transaction, and says what time it
/// is on the database clock. Not here: sessions, completion webhooks, expansion in steps, bulk redelivery, and what two
/// statements do to each other while both run.
package struct MemoryOutbox: Sendable {
    /// The key of the only issuer.
    package static let issuer: Int32 = 1

    /// Everything that was ever delivered or is to be, in the order of acceptance.
    package internal(set) var deliveries: [MemoryDelivery] = []
    /// The events, in the order of acceptance.
    package internal(set) var events: [MemoryEvent] = []
    /// The audit trail.
    package internal(set) var audit: [MemoryAudit] = []
    /// The clients, by their place; a deleted one stays.
    package internal(set) var clients: [MemoryClient] = []
    /// The issuer's row: what its events are keyed by.
    let issuer: Int32
    /// What a planted defect changes.
    let defect: Defect?

    var places: [DeliveryID: Int] = [:]
    private var eventPlaces: [LogoutEventID: Int] = [:]
    /// Open deliveries by client: the queue, lane by lane.
    var lanes: [Int32: [Int]] = [:]
    private var clientPlaces: [Int32: Int] = [:]
    var keys: [Int: (meaning: LogoutMeaning, event: Int)] = [:]
    private var workers: Int32 = 0
    /// Deliveries that the last call wrote to.
    package private(set) var touched: [Int] = []
    /// What claims since the last durable commit have overwritten, and where audit trail and touched rows stood.
    private var undo: [(place: Int, before: MemoryDelivery)] = []
    private var durableAudit = 0
    private var isDurable = true

    /// An empty outbox.
    package init(issuer: Int32 = MemoryOutbox.issuer, defect: Defect? = nil) {
        self.issuer = issuer
        self.defect = defect
    }

    // MARK: Rows

    /// The place of a delivery.
    package func place(of id: DeliveryID) -> Int? { places[id] }

    /// The place of an event.
    package func place(of id: LogoutEventID) -> Int? { eventPlaces[id] }

    /// The client with that key.
    package func client(_ key: Int32) -> MemoryClient? { clientPlaces[key].map { clients[$0] } }

    /// Registers a client.
    package mutating func add(_ client: MemoryClient) {
        clientPlaces[client.key] = clients.count
        clients.append(client)
        lanes[client.key] = []
    }

    /// Registers a worker process.
    package mutating func registerWorker() -> Int32 {
        workers += 1
        return workers
    }

    /// Open deliveries of a lane, in no order.
    package func open(in lane: Int32) -> [Int] { lanes[lane] ?? [] }

    mutating func withClient<Result>(_ key: Int32, _ body: (inout MemoryClient) -> Result?) -> Result? {
        guard let place = clientPlaces[key], !clients[place].isDeleted else { return nil }
        return body(&clients[place])
    }

    /// Every change of a delivery's row.
    mutating func change(_ place: Int, _ body: (inout MemoryDelivery) -> Void) {
        if !isDurable { undo.append((place, deliveries[place])) }
        touched.append(place)
        body(&deliveries[place])
    }

    mutating func append(_ event: MemoryEvent) {
        eventPlaces[event.id] = events.count
        events.append(event)
    }

    mutating func append(_ delivery: MemoryDelivery) {
        places[delivery.id] = deliveries.count
        events[delivery.event].deliveries.append(deliveries.count)
        touched.append(deliveries.count)
        if delivery.end == nil, let client = delivery.client {
            lanes[client, default: []].append(deliveries.count)
        }
        deliveries.append(delivery)
    }

    mutating func leaveQueue(_ place: Int) {
        guard let client = deliveries[place].client,
            let index = lanes[client]?.firstIndex(of: place)
        else { return }
        lanes[client]?.remove(at: index)
    }

    mutating func note(_ entry: MemoryAudit) {
        audit.append(entry)
    }

    // MARK: Commits

    /// Begins a transaction. One that is durable makes durable all that was committed before it.
    mutating func begin(isDurable: Bool = true) {
        touched.removeAll(keepingCapacity: true)
        if isDurable {
            undo.removeAll(keepingCapacity: true)
        } else if self.isDurable {
            durableAudit = audit.count
        }
        self.isDurable = isDurable
    }

    /// The server crashes: claims commit without waiting for the disk, and those since the last durable commit are lost.
    ///
    /// - Returns: the deliveries whose claims were lost.
    package mutating func crash() -> [Int] {
        touched.removeAll(keepingCapacity: true)
        guard !isDurable else { return [] }
        for (place, before) in undo.reversed() { deliveries[place] = before }
        let lost = undo.map(\.place)
        undo.removeAll(keepingCapacity: true)
        audit.removeLast(audit.count - durableAudit)
        isDurable = true
        return lost
    }
}

/// What an intake call asks for, as far as the fleet is concerned.
package struct LogoutMeaning: Sendable, Hashable {
    /// One RP session.
    package struct Target: Sendable, Hashable {
        /// The `client_id`, registered or not.
        package let clientID: String
        /// The subject.
        package let sub: String?
        /// The session.
        package let sid: String?

        /// A target.
        package init(clientID: String, sub: String?, sid: String?) {
            self.clientID = clientID
            self.sub = sub
            self.sid = sid
        }
    }

    /// Whom it concerns.
    package var targets: [Target]
    /// How urgent it is.
    package var priority = Priority.interactive
    /// How long its deliveries have; `nil`: as the client says.
    package var within: Int?
    /// When they end, instead.
    package var before: Timestamp?

    /// A logout of these.
    package init(targets: [Target]) {
        self.targets = targets
    }
}
