internal import Synchronization
internal import Threads

/// Logouts at a fixed rate, and how long after each answer its POST came.
struct SteadyTraffic {
    /// From the 202, as the caller read it, to the first byte of the POST, as the relying party read it. A POST that was
    /// there before its answer took no time.
    let toPost: Latencies
    /// From when the request was due to its answer.
    let toAnswer: Latencies
    /// How many were answered.
    let count: Int
    /// How many of those whose POSTs were looked for have not come.
    let missing: Int
}

extension Scene {
    /// Sends logouts of one target each at a fixed rate, waits until they are delivered, and looks up when each came.
    ///
    /// - Parameters:
    ///   - prefix: of their `sid`, unique since the sink was last told to forget.
    ///   - rate: a second.
    ///   - seconds: for so long.
    ///   - spared: clients that do not answer: theirs are neither waited for nor measured.
    /// - Returns: how it fared.
    /// - Throws: ``BenchmarkError``.
    func steady(
        _ prefix: String,
        rate: Double,
        seconds: Double,
        sparing spared: Range<Int> = 0..<0
    ) throws -> SteadyTraffic {
        let result = try load(
            plan(connections: 64, pace: .perSecond(rate), seconds: seconds, singles(prefix))
        )
        try waitUntilDelivered(sparing: Array(spared))
        return try traffic(result, prefix, spared)
    }

    /// The same on another thread, while this one does something else; joined by ``RunningTraffic/end(_:)``.
    func startSteady(_ prefix: String, rate: Double) throws -> RunningTraffic {
        let stop = LoadStop()
        let plan = plan(connections: 64, pace: .perSecond(rate), stop: stop, singles(prefix))
        let outcome = RunningTraffic.Outcome()
        let thread = try DedicatedThread.startJoinable(named: "bench-traffic") {
            let result = Result { try LeanClient.run(plan) }
            outcome.result.withLock { $0 = result }
        }
        return RunningTraffic(scene: self, prefix: prefix, stop: stop, outcome: outcome, thread: thread)
    }

    fileprivate func traffic(_ result: LoadResult, _ prefix: String, _ spared: Range<Int>) throws
        -> SteadyTraffic
    {
        var arrivals: [Int: UInt64] = [:]
        for arrival in try sink.arrivals(prefix: prefix) {
            guard let number = Int(arrival.sid.dropFirst(prefix.count)) else { continue }
            arrivals[number] = min(arrivals[number] ?? .max, arrival.firstByte)
        }
        var (waits, missing): ([UInt64], Int) = ([], 0)
        for (number, request) in result.requests.enumerated() where request.status == 202 {
            if spared.contains(number % clients) { continue }
            guard let arrival = arrivals[number] else {
                missing += 1
                continue
            }
            waits.append(arrival > request.answered ? arrival - request.answered : 0)
        }
        return SteadyTraffic(
            toPost: Latencies(nanoseconds: waits),
            toAnswer: result.latencies,
            count: result.statuses[202] ?? 0,
            missing: missing
        )
    }
}

/// Traffic that goes on while something else happens.
struct RunningTraffic {
    fileprivate let scene: Scene
    fileprivate let prefix: String
    fileprivate let stop: LoadStop
    fileprivate let outcome: Outcome
    fileprivate let thread: DedicatedThread.Joinable

    /// What the thread leaves behind.
    final class Outcome: Sendable {
        let result = Mutex<Result<LoadResult, any Error>?>(nil)
    }

    /// Ends it, lets what is on its way arrive, and says how it fared. To be called once.
    ///
    /// - Parameter wait: until it has arrived.
    /// - Returns: how it fared.
    /// - Throws: what `wait` throws, or ``BenchmarkError``.
    func end(_ wait: () throws -> Void) throws -> SteadyTraffic {
        stop.set()
        thread.join()
        guard let result = try outcome.result.withLock({ $0 })?.get() else {
            throw BenchmarkError("the traffic has ended without a result")
        }
        try wait()
        return try scene.traffic(result, prefix, 0..<0)
    }
}
