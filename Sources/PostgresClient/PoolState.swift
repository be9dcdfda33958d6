/// Which worker serves which job: the pool's rules as a value that returns what is to be done.
///
/// A worker is a thread that owns at most one connection. A job goes to a parked worker that is connected, else to one
/// that may connect, else it waits. After a failed attempt to connect nobody tries again before the backoff has
/// passed, and then one worker alone; meanwhile jobs wait for the workers that are still connected, or fail at
/// once where none is.
struct PoolState: Sendable {
    private enum Worker: Sendable {
        case parked
        /// Woken for a job and making sure of its connection; `nil` when the job has been answered meanwhile.
        case assigned(PoolJob?)
        case executing
        case stopped
    }

    /// What a worker does next.
    enum Order: Sendable {
        case wait
        case serve(PoolJob)
        case stop
    }

    /// What the caller performs after it has left the lock.
    struct Effects: Sendable {
        var wake: [Int] = []
        var failed: [(job: PoolJob, error: any Error)] = []
        /// The watch must look at the clock anew.
        var alarm = false
        /// Everything has stopped; these wait to hear it.
        var stopped: [CheckedContinuation<Void, Never>] = []
    }

    let queueLimit: Int
    private var workers: [Worker]
    private var isConnected: [Bool]
    /// Parked workers; the last one parked is the first to be woken, so that few connections are kept warm.
    private var parked: [Int]
    private var queue: [PoolJob] = []
    private var backoff: ReconnectBackoff
    private var lastError = PostgresError.closed
    /// The one worker that may connect while the last attempt has failed.
    private var prober: Int?
    private var alarmAt: ContinuousClock.Instant?
    private var isDraining = false
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []

    init(size: Int, queueLimit: Int, now: ContinuousClock.Instant) {
        self.queueLimit = queueLimit
        workers = Array(repeating: .parked, count: size)
        isConnected = Array(repeating: false, count: size)
        parked = Array((0..<size).reversed())
        backoff = ReconnectBackoff(now: now)
    }

    /// Notes that there are no threads for the workers from this one on.
    mutating func limit(to started: Int) {
        parked.removeAll { $0 >= started }
        for worker in started..<workers.count { workers[worker] = .stopped }
    }

    // MARK: Callers

    /// Takes a job in.
    mutating func submit(_ job: PoolJob, now: ContinuousClock.Instant) -> Effects {
        var effects = Effects()
        guard !isDraining else {
            effects.failed.append((job, PostgresError.closed))
            return effects
        }
        queue.append(job)
        dispatch(now, &effects)
        if queue.count > queueLimit, let last = queue.popLast() {
            effects.failed.append((last, PostgresError.queueFull(limit: queueLimit)))
        }
        setAlarm(job.deadline, &effects)
        return effects
    }

    /// Takes a job out that has not been started; one that runs is left alone.
    mutating func cancel(_ id: UInt64) -> Effects {
        var effects = Effects()
        remove({ $0.id == id }, CancellationError(), &effects)
        return effects
    }

    /// Takes in no more jobs; those that wait are still served.
    mutating func drain() -> Effects {
        isDraining = true
        var effects = Effects(wake: parked, alarm: true)
        collectStopped(&effects)
        return effects
    }

    /// Notes somebody who waits for the end.
    mutating func awaitStop(_ continuation: CheckedContinuation<Void, Never>) -> Effects {
        stopWaiters.append(continuation)
        var effects = Effects()
        collectStopped(&effects)
        return effects
    }

    /// Open connections, workers with a job, jobs that wait.
    var statistics: (open: Int, busy: Int, queued: Int) {
        let busy = workers.count {
            if case .parked = $0 { false } else if case .stopped = $0 { false } else { true }
        }
        return (openCount, busy, queue.count)
    }

    // MARK: Workers

    /// What this worker does now.
    mutating func order(for worker: Int, now: ContinuousClock.Instant) -> (Order, Effects) {
        var effects = Effects()
        switch workers[worker] {
        case .assigned(let job?): return (.serve(job), effects)
        case .assigned(nil): park(worker, now, &effects)
        default: break
        }
        guard isDraining, queue.isEmpty, case .parked = workers[worker] else { return (.wait, effects) }
        parked.removeAll { $0 == worker }
        return (.stop, effects)
    }

    /// The worker has closed its connection and ends.
    mutating func stopped(_ worker: Int) -> Effects {
        var effects = Effects()
        workers[worker] = .stopped
        isConnected[worker] = false
        collectStopped(&effects)
        return effects
    }

    /// Whether this worker may call the server now; the caller reports how it went.
    mutating func mayConnect(_ worker: Int, now: ContinuousClock.Instant) -> Bool {
        guard backoff.failures > 0 else { return true }
        if prober == worker { return true }
        guard prober == nil, !backoff.isWaiting(at: now) else { return false }
        prober = worker
        return true
    }

    /// The worker has a new connection.
    mutating func connected(_ worker: Int, now: ContinuousClock.Instant) -> Effects {
        var effects = Effects()
        isConnected[worker] = true
        backoff.succeeded()
        prober = nil
        dispatch(now, &effects)
        return effects
    }

    /// The worker's connection was found dead while it was idle.
    mutating func lost(_ worker: Int) { isConnected[worker] = false }

    /// The worker could not connect.
    mutating func connectFailed(
        _ worker: Int,
        _ error: PostgresError,
        now: ContinuousClock.Instant,
        draw: Double
    ) {
        if prober == worker { prober = nil }
        backoff.failed(at: now, draw: draw)
        lastError = error
    }

    /// The worker has no connection for its job, which fails.
    mutating func giveUp(_ worker: Int, now: ContinuousClock.Instant) -> Effects {
        var effects = Effects()
        if case .assigned(let job?) = workers[worker] { effects.failed.append((job, lastError)) }
        park(worker, now, &effects)
        return effects
    }

    /// Whether the worker's job is still wanted; from then on only its own end answers it.
    mutating func begin(_ worker: Int, now: ContinuousClock.Instant) -> (Bool, Effects) {
        var effects = Effects()
        guard case .assigned(let job?) = workers[worker] else { return (false, effects) }
        guard job.deadline > now else {
            workers[worker] = .assigned(nil)
            effects.failed.append((job, PostgresError.poolTimeout))
            return (false, effects)
        }
        workers[worker] = .executing
        return (true, effects)
    }

    /// The worker has done its job and is free again.
    mutating func finished(_ worker: Int, isConnected: Bool, now: ContinuousClock.Instant) -> Effects {
        var effects = Effects()
        self.isConnected[worker] = isConnected
        park(worker, now, &effects)
        return effects
    }

    // MARK: Clock

    /// Fails what has waited too long, and lets a worker try again when the backoff has passed.
    ///
    /// - Returns: when to come back; `nil` to wait for an alarm.
    mutating func tick(now: ContinuousClock.Instant) -> (
        wakeAt: ContinuousClock.Instant?, isOver: Bool, Effects
    ) {
        var effects = Effects()
        remove({ $0.deadline <= now }, PostgresError.poolTimeout, &effects)
        dispatch(now, &effects)
        var wakeAt = queue.map(\.deadline).min()
        for case .assigned(let job?) in workers { wakeAt = min(wakeAt ?? job.deadline, job.deadline) }
        if let earliest = wakeAt, !queue.isEmpty, backoff.isWaiting(at: now) {
            wakeAt = min(earliest, backoff.until)
        }
        alarmAt = wakeAt
        return (wakeAt, isStopped, effects)
    }

    // MARK: Rules

    private var openCount: Int { isConnected.count { $0 } }

    private var isStopped: Bool {
        isDraining && workers.allSatisfy { if case .stopped = $0 { true } else { false } }
    }

    private mutating func park(_ worker: Int, _ now: ContinuousClock.Instant, _ effects: inout Effects) {
        if prober == worker { prober = nil }
        workers[worker] = .parked
        parked.append(worker)
        dispatch(now, &effects)
    }

    /// Hands waiting jobs to parked workers for as long as that works.
    private mutating func dispatch(_ now: ContinuousClock.Instant, _ effects: inout Effects) {
        while let job = queue.first, let worker = pick(now) {
            queue.removeFirst()
            workers[worker] = .assigned(job)
            effects.wake.append(worker)
        }
        if !queue.isEmpty, openCount == 0, backoff.failures > 0 {
            effects.failed += queue.map { ($0, lastError) }
            queue.removeAll()
        }
        if !queue.isEmpty, backoff.isWaiting(at: now) { setAlarm(backoff.until, &effects) }
        if isDraining, queue.isEmpty { effects.wake += parked }
    }

    private mutating func pick(_ now: ContinuousClock.Instant) -> Int? {
        if let index = parked.lastIndex(where: { isConnected[$0] }) { return parked.remove(at: index) }
        guard let worker = parked.last, mayConnect(worker, now: now) else { return nil }
        return parked.popLast()
    }

    private mutating func remove(
        _ matches: (PoolJob) -> Bool,
        _ error: any Error,
        _ effects: inout Effects
    ) {
        effects.failed += queue.filter(matches).map { ($0, error) }
        queue.removeAll(where: matches)
        for worker in workers.indices {
            guard case .assigned(let job?) = workers[worker], matches(job) else { continue }
            workers[worker] = .assigned(nil)
            effects.failed.append((job, error))
        }
    }

    private mutating func setAlarm(_ time: ContinuousClock.Instant, _ effects: inout Effects) {
        if let alarmAt, alarmAt <= time { return }
        alarmAt = time
        effects.alarm = true
    }

    private mutating func collectStopped(_ effects: inout Effects) {
        guard isStopped else { return }
        effects.stopped += stopWaiters
        stopWaiters.removeAll()
        effects.alarm = true
    }
}
