import Synchronization

/// Many histories, one after the other on each of some threads.
public struct Campaign: Sendable {
    /// The first seed.
    public var first: UInt64
    /// How many.
    public var count: UInt64
    /// What is planted; `nil` for the fleet as it is.
    public var defect: Defect?
    /// How many at once.
    public var threads: Int

    /// What so many histories came to.
    public struct Result: Sendable {
        /// How many were run.
        public var histories: UInt64 = 0
        /// Deliveries in them.
        public var deliveries = 0
        /// POSTs in them.
        public var posts = 0
        /// Leases of lost workers that were taken over.
        public var takeovers = 0
        /// The longest takeover after faults had stopped, in microseconds.
        public var slowestTakeover = 0
        /// How much virtual time passed, in microseconds.
        public var virtualMicroseconds = 0
        /// The first seed that broke a property, and which.
        public var broken: (seed: UInt64, finding: Finding)?

        mutating func add(_ verdict: Verdict, of seed: UInt64) {
            histories += 1
            deliveries += verdict.deliveries
            posts += verdict.posts
            takeovers += verdict.lostLeases
            slowestTakeover = max(slowestTakeover, verdict.slowestTakeover)
            virtualMicroseconds += verdict.virtualMicroseconds
            guard let finding = verdict.finding else { return }
            if broken.map({ $0.seed > seed }) ?? true { broken = (seed, finding) }
        }

        mutating func add(_ other: Result) {
            histories += other.histories
            deliveries += other.deliveries
            posts += other.posts
            takeovers += other.takeovers
            slowestTakeover = max(slowestTakeover, other.slowestTakeover)
            virtualMicroseconds += other.virtualMicroseconds
            guard let found = other.broken else { return }
            if broken.map({ $0.seed > found.seed }) ?? true { broken = found }
        }
    }

    /// A campaign over seeds from one on.
    public init(first: UInt64, count: UInt64, defect: Defect? = nil, threads: Int = 2) {
        self.first = first
        self.count = count
        self.defect = defect
        self.threads = max(1, threads)
    }

    /// Runs until the seeds are through, or one breaks a property.
    public func run() async -> Result {
        let (first, count, defect, threads) = (first, count, defect, UInt64(threads))
        let end = CampaignEnd()
        return await withTaskGroup(of: Result.self) { group in
            for thread in 0..<threads {
                group.addTask {
                    var result = Result()
                    var offset = thread
                    while offset < count, !end.isNear.load(ordering: .relaxed) {
                        result.add(Self.history(first &+ offset, defect: defect), of: first &+ offset)
                        if result.broken != nil { end.isNear.store(true, ordering: .relaxed) }
                        offset += threads
                    }
                    return result
                }
            }
            var all = Result()
            for await result in group { all.add(result) }
            return all
        }
    }

    /// One history, with its trace where somebody reads it.
    public static func history(_ seed: UInt64, defect: Defect? = nil, isTraced: Bool = false) -> Verdict {
        SimulatedFleet(seed: seed, defect: defect, isTraced: isTraced).run()
    }
}

/// Whether one of the threads has found something: the others need not go on.
private final class CampaignEnd: Sendable {
    let isNear = Atomic(false)
}
