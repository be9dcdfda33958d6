import Dispatch
import Synchronization

/// The threads of a pool: they perform what ``PoolState`` decides.
///
/// One lock holds the state and is never held while anything blocks. Each thread has a semaphore of its own, so a job
/// wakes exactly the thread that serves it.
final class PoolCore: Sendable {
    private let configuration: PostgresConfiguration
    private let maximumAge: Duration
    private let onNotice: (@Sendable (PostgresNotice) -> Void)?
    private let size: Int
    private let state: Mutex<PoolState>
    private let bells: [DispatchSemaphore]
    private let watchBell = DispatchSemaphore(value: 0)

    init(
        configuration: PostgresConfiguration,
        size: Int,
        queueLimit: Int,
        maximumAge: Duration,
        onNotice: (@Sendable (PostgresNotice) -> Void)?
    ) {
        self.configuration = configuration
        self.maximumAge = maximumAge
        self.onNotice = onNotice
        self.size = size
        state = Mutex(PoolState(size: size, queueLimit: queueLimit, now: .now))
        bells = (0..<size).map { _ in DispatchSemaphore(value: 0) }
    }

    func start() throws(PostgresError) {
        var started = 0
        do throws(PostgresError) {
            for worker in 0..<size {
                try PostgresThread.start(named: "pg-\(worker)") { self.work(worker) }
                started += 1
            }
            try PostgresThread.start(named: "pg-watch") { self.watch() }
        } catch {
            state.withLock { $0.limit(to: started) }
            drain()
            throw error
        }
    }

    func submit(_ job: PoolJob) { perform(state.withLock { $0.submit(job, now: .now) }) }
    func cancel(_ id: UInt64) { perform(state.withLock { $0.cancel(id) }) }
    func drain() { perform(state.withLock { $0.drain() }) }

    func awaitStop() async {
        await withCheckedContinuation { continuation in
            perform(state.withLock { $0.awaitStop(continuation) })
        }
    }

    var statistics: PostgresPool.Statistics {
        let now = state.withLock { $0.statistics }
        return PostgresPool.Statistics(open: now.open, busy: now.busy, queued: now.queued)
    }

    private func perform(_ effects: PoolState.Effects) {
        for worker in effects.wake { bells[worker].signal() }
        for (job, error) in effects.failed { job.fail(error) }
        if effects.alarm { watchBell.signal() }
        for waiter in effects.stopped { waiter.resume() }
    }

    // MARK: Threads

    private func watch() {
        while true {
            let (wakeAt, isOver, effects) = state.withLock { $0.tick(now: .now) }
            perform(effects)
            if isOver { return }
            guard let wakeAt else {
                watchBell.wait()
                continue
            }
            let milliseconds = ContinuousClock.now.duration(to: wakeAt).wholeMilliseconds
            _ = watchBell.wait(timeout: .now() + .milliseconds(Int(milliseconds)))
        }
    }

    private func work(_ worker: Int) {
        var connection: PostgresConnection?
        while true {
            let (order, effects) = state.withLock { $0.order(for: worker, now: .now) }
            perform(effects)
            switch order {
            case .wait: bells[worker].wait()
            case .serve(let job): connection = serve(job, worker, connection)
            case .stop:
                connection?.close()
                perform(state.withLock { $0.stopped(worker) })
                return
            }
        }
    }

    /// Serves one job and returns the connection if it can serve another.
    private func serve(_ job: PoolJob, _ worker: Int, _ held: PostgresConnection?) -> PostgresConnection? {
        guard let connection = usable(held, worker) else {
            perform(state.withLock { $0.giveUp(worker, now: .now) })
            return nil
        }
        let (isWanted, effects) = state.withLock { $0.begin(worker, now: .now) }
        perform(effects)
        guard isWanted else {
            perform(state.withLock { $0.finished(worker, isConnected: true, now: .now) })
            return connection
        }
        connection.deadline = job.deadline
        let answer = job.run(connection)
        let isReusable = connection.isIdle && !connection.isReadOnly
        if !isReusable { connection.close() }
        perform(state.withLock { $0.finished(worker, isConnected: isReusable, now: .now) })
        answer()
        return isReusable ? connection : nil
    }

    /// The worker's connection, or a new one where that is missing, dead or too old.
    private func usable(_ held: PostgresConnection?, _ worker: Int) -> PostgresConnection? {
        var held = held
        if let connection = held, !connection.isAlive() {
            connection.close()
            held = nil
            state.withLock { $0.lost(worker) }
        }
        if let connection = held, !isTooOld(connection, worker) { return connection }
        guard state.withLock({ $0.mayConnect(worker, now: .now) }) else { return held }
        do throws(PostgresError) {
            let fresh = try PostgresConnection.connect(configuration, onNotice: onNotice)
            perform(state.withLock { $0.connected(worker, now: .now) })
            return fresh
        } catch {
            let draw = Double.random(in: 0...1)
            state.withLock { $0.connectFailed(worker, error, now: .now, draw: draw) }
            // An old connection that works is better than none.
            return held
        }
    }

    /// Ages differ from worker to worker, so that connections are not replaced all at once.
    private func isTooOld(_ connection: PostgresConnection, _ worker: Int) -> Bool {
        let spread = 0.9 + 0.2 * Double(worker) / Double(size)
        return connection.openedAt.duration(to: .now) > maximumAge * spread
    }
}
