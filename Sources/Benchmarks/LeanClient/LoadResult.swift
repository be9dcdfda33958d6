/// What came of a load.
public struct LoadResult: Sendable {
    /// One request. Times are nanoseconds on `CLOCK_MONOTONIC`.
    public struct Request: Sendable, Hashable {
        /// When it was due; when it was sent, where it was sent as soon as possible.
        public var due: UInt64 = 0
        /// When its answer had been read; 0 where none came.
        public var answered: UInt64 = 0
        /// The answer's status; 0 where none came.
        public var status: UInt16 = 0

        /// From when it was due.
        public var latency: UInt64 { answered > due ? answered - due : 0 }
    }

    /// Each request that was sent, by its number.
    public var requests: [Request] = []
    /// The answers' bodies by number, where they were wanted.
    public var bodies: [[UInt8]] = []
    /// The CPU time of the client's own thread, handshakes left out, in nanoseconds.
    public var cpu: UInt64 = 0
    /// From the first request to the last answer, in nanoseconds.
    public var wall: UInt64 = 0

    /// How many answers there were of each status; 0 stands for requests without an answer.
    public var statuses: [Int: Int] {
        var statuses: [Int: Int] = [:]
        for request in requests { statuses[Int(request.status), default: 0] += 1 }
        return statuses
    }

    /// Answers a second.
    public var rate: Double {
        wall == 0 ? 0 : Double(requests.count { $0.status != 0 }) * 1e9 / Double(wall)
    }

    /// CPU microseconds of the client for each request.
    public var cpuPerRequest: Double {
        requests.isEmpty ? 0 : Double(cpu) / 1_000 / Double(requests.count)
    }

    /// The latencies of all answered requests.
    public var latencies: Latencies {
        Latencies(nanoseconds: requests.lazy.filter { $0.status != 0 }.map(\.latency))
    }
}

/// Times, and what share of them stayed below which.
public struct Latencies: Sendable, Hashable {
    private let sorted: [UInt64]

    /// Takes times in nanoseconds, in any order.
    public init(nanoseconds: some Sequence<UInt64>) {
        sorted = nanoseconds.sorted()
    }

    /// How many there are.
    public var count: Int { sorted.count }

    /// The time that this share of all stayed within, by nearest rank, in milliseconds; 0 where there are none.
    public func milliseconds(at share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return Double(sorted[min(max(rank, 1), sorted.count) - 1]) / 1e6
    }

    /// Half stayed within this.
    public var p50: Double { milliseconds(at: 0.5) }
    /// 99 of 100 stayed within this.
    public var p99: Double { milliseconds(at: 0.99) }
    /// The longest.
    public var maximum: Double { milliseconds(at: 1) }
}
