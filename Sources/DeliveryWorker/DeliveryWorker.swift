import CoreMetrics
import DeliveryPolicy
public import HardwareKeys
public import Logging
public import LogoutModel
import LogoutTokens
public import Outbox
public import RelyingPartyClient
public import ServiceLifecycle
import Synchronization

/// Claims, signs, posts and settles: the service that gets logouts to RPs.
///
/// ```text
/// claim loop ─[ClaimedDelivery]─▶ signing threads ─SignedShipment─▶ posting thread ─Answer─▶ settler
/// ```
///
/// What is held at once is bounded by the slots, from the claim until the outcome is recorded. Any number of these run
/// against one database; a process that is lost loses only leases, and those run out.
public final class DeliveryWorker: Service {
    let settings: WorkerSettings
    let store: OutboxStore
    let client: RelyingPartyClient
    let logger: Logger
    private let remoteSigner: RemoteSigner?
    private let hardwareSigner: HardwareSigner?
    let clock = DatabaseClock()
    let metrics: WorkerMetrics
    let tracing: DeliveryTracing?
    let breakers: BreakerKeeper
    let directory: Directory
    let publishedKeys: PublishedKeys
    let labels = Mutex(SubjectLabels.none)
    let schedule: Mutex<LaneSchedule>
    private let control = Mutex(Control())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    private struct Control {
        var isDraining = false
        /// Whether this machine's clock agrees with the database's; `nil` before the first look.
        var clocksAgree: Bool?
        /// Somebody said that something is due, and not where.
        var mustLook = false
        var settler: Settler?
        var endListener: (@Sendable ([LogoutEventID]) -> Void)?
        /// This process among the workers.
        var key: Int32?
    }

    /// A worker over a store and a client; ``run()`` runs the client too.
    ///
    /// `remoteSigner`, `hardwareSigner`: who signs with the keys that the OP's own signer, or an HSM, holds; ``run()``
    /// runs them too. `tracing`: what is done about traces; `nil` for nothing.
    public init(
        settings: WorkerSettings,
        store: OutboxStore,
        client: RelyingPartyClient,
        remoteSigner: RemoteSigner? = nil,
        hardwareSigner: HardwareSigner? = nil,
        tracing: DeliveryTracing? = nil,
        logger: Logger
    ) {
        self.settings = settings
        self.tracing = tracing
        metrics = WorkerMetrics(clients: settings.metricsClients)
        self.remoteSigner = remoteSigner
        self.hardwareSigner = hardwareSigner
        self.store = store
        self.client = client
        self.logger = logger
        breakers = BreakerKeeper(
            store: store,
            replayRate: settings.replayRate,
            metrics: metrics,
            logger: logger
        )
        directory = Directory(store: store, settings: settings)
        publishedKeys = PublishedKeys(client: client, settings: settings)
        schedule = Mutex(LaneSchedule(slots: settings.slots))
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Says that lanes have something due; `nil` says that some have.
    public func wake(_ lanes: [Int32]?, by source: WakeSource = .intake) {
        if let lanes {
            schedule.withLock { schedule in lanes.forEach { schedule.announce($0) } }
        } else {
            control.withLock { $0.mustLook = true }
        }
        metrics.woken(by: source)
        signal.yield()
    }

    /// Says that lanes have something due that may wait behind what is announced: a step of a bulk logout, or of a
    /// redelivery.
    func queue(_ lanes: [Int32]) {
        schedule.withLock { schedule in lanes.forEach { schedule.queue($0) } }
        metrics.woken(by: .operation)
        signal.yield()
    }

    /// Sets who is told in this process of events that have ended.
    public func listen(_ listener: @escaping @Sendable ([LogoutEventID]) -> Void) {
        control.withLock { $0.endListener = listener }
    }

    /// How long the oldest outcome has waited to be recorded.
    public var settlerLag: Duration { control.withLock { $0.settler }?.lag ?? .zero }

    /// Whether this machine's clock agrees with the database's, so that tokens may be signed.
    public var clocksAgree: Bool { control.withLock { $0.clocksAgree } ?? false }

    /// Deliveries held now.
    public var held: Int { schedule.withLock { $0.held } }

    /// How many of them are of clients that time out.
    public var heldBySlow: Int { schedule.withLock { $0.heldBySlow } }

    /// How many of them are of bulk logouts.
    public var heldBulk: Int { schedule.withLock { $0.heldBulk } }

    /// Whether the process was asked to stop.
    package var isDraining: Bool { control.withLock { $0.isDraining } }

    /// Works until a graceful shutdown, then lets what is in flight end and gives the rest back.
    public func run() async throws {
        guard let worker = try await registered() else { return }
        let settler = Settler(
            store: store,
            worker: worker,
            batchSize: settings.settleBatchSize,
            interval: settings.settleInterval,
            labels: labels.withLock { $0 },
            logger: logger
        ) { [self] entries, result in recorded(entries, result) }
        control.withLock { control in
            control.settler = settler
            control.key = worker
        }
        let signing = SigningThreads(
            count: settings.signerThreads,
            clock: clock,
            external: ExternalSigners(remote: remoteSigner, hardware: hardwareSigner)
        ) { [self] results in signed(results) }
        try hardwareSigner?.start()
        try signing.start()
        // Not a child of the group: what is left to record at the end must not be cut short by its cancellation.
        let settling = Task { await settler.run() }
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [client, logger] in
                    do { try await client.run() } catch {
                        logger.critical("posting has ended", metadata: ["error": "\(error)"])
                    }
                }
                group.addTask { [remoteSigner, logger] in
                    do { try await remoteSigner?.run() } catch {
                        logger.critical("the remote signer is asked no more", metadata: ["error": "\(error)"])
                    }
                }
                group.addTask { await self.breakers.run { self.breakerChanged($0, somethingIsDue: $1) } }
                group.addTask { await Housekeeper(worker: self, key: worker).run() }
                group.addTask { await OperationRunner(worker: self).run() }
                group.addTask { [store, logger] in await AuditSealer(store: store, logger: logger).run() }
                group.addTask { await HistoryKeeper(worker: self).run() }
                group.addTask { await ProbeRunner(worker: self, key: worker, signing: signing).run() }
                await self.claimUntilDraining(worker, signing)
                await self.drain(signing, settler)
                await settling.value
                group.cancelAll()
            }
        } onGracefulShutdown: {
            self.beginDraining()
        }
    }

    private func beginDraining() {
        control.withLock { $0.isDraining = true }
        signal.yield()
    }

    /// The key of this process; waits for the database as long as it takes.
    private func registered() async throws -> Int32? {
        var pause = Duration.milliseconds(100)
        while !Task.isCancelled, !isDraining, !Task.isShuttingDownGracefully {
            do {
                try await readLabels()
                return try await store.registerWorker(named: settings.name)
            } catch {
                logger.warning("waiting for the database", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(2))
            }
        }
        return nil
    }

    // MARK: Claiming

    private func claimUntilDraining(_ worker: Int32, _ signing: SigningThreads) async {
        let poll = LanePoll(interval: settings.pollInterval, wake: signal)
        let pollTask = Task { await poll.run { await self.lookThrough() } }
        defer { pollTask.cancel() }
        for await _ in signals {
            if takesLook() { await lookThrough() }
            while !isDraining, clocksAgree {
                let claims = schedule.withLock { $0.waitsForSlots(at: .now) ? [] : $0.next(at: .now) }
                guard !claims.isEmpty else { break }
                await claim(claims, worker, signing)
            }
            if isDraining || Task.isCancelled { return }
        }
    }

    private func takesLook() -> Bool {
        control.withLock { control in
            defer { control.mustLook = false }
            return control.mustLook
        }
    }

    /// Finds lanes that nobody announced: retries that came due, commits of other doors, lost signals.
    private func lookThrough() async {
        var after = Int32.min
        do {
            while !isDraining {
                let found = try await store.lanesDue(after: after, limit: 256)
                if !found.isEmpty { metrics.woken(by: .poll) }
                schedule.withLock { schedule in
                    for (lane, heads) in found { schedule.discovered(lane, heads: heads) }
                }
                guard found.count == 256, let last = found.last else { return }
                after = last.lane
            }
        } catch {
            logger.warning("the queue cannot be looked through", metadata: ["error": "\(error)"])
        }
    }

    private func claim(_ claims: [LaneClaim], _ worker: Int32, _ signing: SigningThreads) async {
        let limit = schedule.withLock { $0.free }
        let claimedAt = ContinuousClock.now
        do {
            let batch = try await store.claim(
                claims,
                limit: limit,
                worker: worker,
                defaults: ClaimDefaults(
                    leaseSeconds: settings.lease.seconds,
                    marginSeconds: settings.leaseMargin.seconds,
                    maxInFlight: Recipient.standard.maxInFlight,
                    attemptTimeoutSeconds: Recipient.standard.attemptTimeoutSeconds
                )
            )
            schedule.withLock { $0.claimed(claims, batch, at: claimedAt) }
            metrics.claimed(batch)
            await dispatch(batch.deliveries, claimedAt, signing)
        } catch {
            schedule.withLock { $0.claimed(claims, ClaimedBatch(), at: claimedAt) }
            logger.warning("claim failed", metadata: ["error": "\(error)"])
            // The next look through the queue finds these lanes again.
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 50...250)))
        }
    }

    // MARK: Ending

    /// Queues an outcome to be recorded.
    func settle(_ shipment: Shipment, _ settlement: Settlement, report: AttemptReport?, _ ending: LaneEnding)
    {
        let settled = shipment.settled(settlement, report: report)
        control.withLock { $0.settler }?.add(
            Settler.Entry(settled: settled, shipment: shipment, ending: ending, since: .now)
        )
    }

    /// Claims nothing more from a lane until its breaker has changed.
    func pause(_ lane: Int32) {
        schedule.withLock { $0.pause(lane) }
    }

    private func breakerChanged(_ lane: Int32, somethingIsDue: Bool) {
        schedule.withLock { schedule in
            schedule.resume(lane)
            if somethingIsDue { schedule.announce(lane) }
        }
        signal.yield()
    }

    private func recorded(_ entries: [Settler.Entry], _ result: SettledBatch) {
        schedule.withLock { schedule in
            for entry in entries {
                schedule.ended(
                    entry.shipment.claimed.clientKey,
                    startedAt: entry.shipment.startedAt,
                    entry.ending
                )
            }
            result.lanes.forEach { schedule.announce($0) }
        }
        metrics.settled(entries, fenced: Set(result.fenced))
        if !result.endedEvents.isEmpty { control.withLock { $0.endListener }?(result.endedEvents) }
        if !result.fenced.isEmpty {
            logger.notice(
                "outcomes came after their lease was lost",
                metadata: ["count": "\(result.fenced.count)"]
            )
        }
        signal.yield()
    }

    /// Gives claims back that were not sent.
    func giveBack(_ deliveries: [ClaimedDelivery], _ startedAt: ContinuousClock.Instant) async {
        guard !deliveries.isEmpty else { return }
        do {
            try await store.release(deliveries.map(\.lease), worker: control.withLock { $0.key })
        } catch {
            logger.warning(
                "claims cannot be given back; their leases run out",
                metadata: ["count": "\(deliveries.count)", "error": "\(error)"]
            )
        }
        schedule.withLock { schedule in
            for delivery in deliveries { schedule.ended(delivery.clientKey, startedAt: startedAt, .other) }
        }
        signal.yield()
    }

    private func drain(_ signing: SigningThreads, _ settler: Settler) async {
        let unsent = signing.stop()
        remoteSigner?.shutdown()
        hardwareSigner?.stop()
        for shipment in unsent { await giveBack([shipment.claimed], shipment.startedAt) }
        client.shutdown(grace: settings.drain)
        let end = ContinuousClock.now + settings.drain + .seconds(1)
        while held > 0, ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
        settler.finish()
        logger.info("deliveries drained", metadata: ["left": "\(held)"])
    }

    // MARK: For the housekeeper

    /// Takes a reading of the database clock and compares it with this machine's.
    func compareClocks(_ database: Timestamp, at instant: ContinuousClock.Instant, wall: Timestamp) {
        clock.set(database, at: instant)
        let skew = Duration.microseconds(database.microseconds - wall.microseconds)
        let agree = DatabaseClock.agrees(database, with: wall, within: settings.clockSkewLimit)
        let changed = control.withLock { control in
            defer { control.clocksAgree = agree }
            return control.clocksAgree != agree
        }
        guard changed else { return }
        guard !agree else {
            signal.yield()
            return
        }
        logger.error(
            "nothing is signed: this machine's clock and the database's differ",
            metadata: ["skew_seconds": "\(skew.seconds)"]
        )
    }
}
