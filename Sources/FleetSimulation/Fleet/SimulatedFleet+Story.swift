import DeliveryWorker
import FoundationEssentials
import LogoutModel
import Outbox
import PostgresClient

/// How a history begins, what disturbs it, and how it calms down.
extension SimulatedFleet {
    func prepare() {
        for number in 1...shape.parties {
            let client = Int32(number)
            var row = MemoryClient(key: client, clientID: "rp-\(number)")
            row.maxInFlight = shape.maxInFlight
            row.attemptTimeoutSeconds = shape.attemptTimeoutSeconds
            row.deliverWithinSeconds = shape.deliverWithinSeconds
            outbox.add(row)
            parties.append(SimulatedParty(client, in: self))
        }
        for number in 1...shape.apis { apis.append(SimulatedProcess("api \(number)", in: self)) }
        for number in 1...shape.workers { workers.append(SimulatedWorker("worker \(number)", in: self)) }
        for number in 0..<shape.logouts { callers.append(caller(number)) }
        watch.expect(callers.count)
        apis.forEach { $0.start() }
        for worker in workers { later(random.within(0...500_000)) { worker.start() } }
        for caller in callers { later(random.within(0...max(1, shape.storm - 500_000))) { caller.ask() } }
        disturbLater()
        later(shape.storm) { [unowned self] in calm() }
    }

    private func caller(_ number: Int) -> SimulatedCaller {
        // Now and then the key of the logout before, with the same meaning or another one.
        if number > 0, random.chance(0.1), let key = callers[number - 1].key {
            let meaning = random.chance(0.5) ? callers[number - 1].meaning : meaning(number)
            return SimulatedCaller(number, meaning, key: key, in: self)
        }
        return SimulatedCaller(number, meaning(number), key: random.chance(0.9) ? number : nil, in: self)
    }

    private func meaning(_ number: Int) -> LogoutMeaning {
        let targets = (1...random.within(1...4)).map { place in
            LogoutMeaning.Target(
                clientID: random.chance(0.03) ? "nobody" : "rp-\(random.within(1...shape.parties))",
                sub: "user-\(number)",
                sid: "session-\(number)-\(place)"
            )
        }
        var meaning = LogoutMeaning(targets: targets)
        if random.chance(0.3) { meaning.priority = .bulk }
        // In the past: refused.
        if random.chance(0.05) { meaning.before = Timestamp(microseconds: Self.epoch - 1_000_000) }
        return meaning
    }

    /// A client as deliveries need it.
    func recipient(of client: Int32) -> Recipient {
        if let known = recipients[client] { return known }
        let recipient = Recipient(
            client: KnownClient(
                key: client,
                issuerKey: MemoryOutbox.issuer,
                clientID: "rp-\(client)",
                backchannelLogoutURI: "https://rp.example/logout",
                sessionRequired: false,
                alg: "RS256",
                delivery: "{}",
                version: 1
            ),
            issuer: "https://op.example",
            settings: shape.settings,
            key: .failure(.noActiveKey),
            issuerVersion: 1
        )
        recipients[client] = recipient
        return recipient
    }

    func party(of client: Int32) -> SimulatedParty { parties[Int(client) - 1] }

    /// A token's id: of a process, a life and a count, as the kernel's random bytes would be.
    func token(_ count: Int, of worker: Int32, life: Int) -> UUID {
        func byte(_ value: Int, _ shift: Int) -> UInt8 { UInt8(truncatingIfNeeded: value >> shift) }
        let worker = Int(worker)
        return UUID(
            uuid: (
                byte(worker, 8), byte(worker, 0), byte(life, 8), byte(life, 0), 0, 0, 0x40, 0, 0x80, 0, 0, 0,
                byte(count, 24), byte(count, 16), byte(count, 8), byte(count, 0)
            )
        )
    }

    /// Tells the workers of lanes, as a notification does: nobody, or everybody, or some.
    func wake(_ lanes: [Int32]) {
        guard !lanes.isEmpty else { return }
        for worker in workers where worker.isUp && !strikes(shape.faults.wakeLost) {
            worker.after(random.within(100...20_000)) { worker.wake(lanes) }
        }
    }

    // MARK: Disturbances

    private func disturbLater() {
        later(random.within(shape.faults.disturbanceEvery / 4...shape.faults.disturbanceEvery)) {
            [unowned self] in
            guard isStormy else { return }
            disturb()
            disturbLater()
        }
    }

    private func disturb() {
        let worker = random.one(of: workers)
        switch random.within(0...19) {
        case 0...5: random.one(of: parties).change()
        case 6: kill(worker)
        case 7, 8: worker.freeze(for: random.time(100_000, 40_000_000))
        case 9: crashDatabase(for: random.time(50_000, 5_000_000))
        case 10:
            worker.skew = .seconds(random.one(of: [-3_600, -12, -4, 4, 12, 3_600]))
            note("the wall clock of \(worker.name) is \(worker.skew) ahead")
        case 11:
            worker.cutOffUntil = now + random.time(500_000, 20_000_000)
            note("\(worker.name) does not reach the database")
        case 12: kill(random.one(of: apis))
        case 13: worker.drain()
        case 14, 15: hold()
        case 16, 17: cancel()
        case 18: redeliver()
        default: workers.forEach(kill)
        }
        for worker in workers where !worker.isUp && random.chance(0.5) {
            later(random.within(100_000...3_000_000)) { worker.start() }
        }
    }

    private func kill(_ process: SimulatedProcess) {
        process.kill()
        later(random.time(100_000, 8_000_000)) { process.start() }
    }

    private func hold() {
        guard let api = apis.first(where: \.isUp) else { return }
        let client = Int32(random.within(1...shape.parties))
        let isHeld = random.chance(0.5)
        note("client \(client): hold \(isHeld)")
        call("hold", from: api) { outbox, _ in
            outbox.hold(client, isHeld)
        } then: { _ in
        }
    }

    private func cancel() {
        guard let api = apis.first(where: \.isUp), !outbox.events.isEmpty else { return }
        let event = random.within(0...(outbox.events.count - 1))
        note("event \(event) is to be cancelled")
        call("cancel", from: api) { (outbox, now) throws(PostgresError) in
            try outbox.cancel(event, actor: "operator", at: now)
        } then: { [unowned self] result in
            if case .success(true) = result { watch.cancelled(event, outbox) }
        }
    }

    private func redeliver() {
        guard let api = apis.first(where: \.isUp), !outbox.deliveries.isEmpty else { return }
        let place = random.within(0...(outbox.deliveries.count - 1))
        let force = random.chance(0.5)
        call("redeliver", from: api) { [unowned self] outbox, now in
            guard outbox.redeliver(place, force: force, actor: "operator", at: now) else { return }
            note("is sent again", of: place)
            watch.redelivered(place)
        } then: { _ in
        }
    }

    /// Faults stop: everybody is up again, everything is let go.
    private func calm() {
        note("faults stop")
        parties.forEach { $0.heal() }
        databaseDownUntil = min(databaseDownUntil, now)
        for worker in workers {
            worker.skew = .zero
            worker.thaw()
            worker.cutOffUntil = 0
            later(random.within(0...1_000_000)) { worker.start() }
        }
        for api in apis { later(random.within(0...1_000_000)) { api.start() } }
        // What was asked for before may still be on its way.
        for wait in [1_100_000, 7_000_000] {
            later(wait) { [unowned self] in
                for client in outbox.clients { outbox.hold(client.key, false) }
            }
        }
        later(1_100_000) { [unowned self] in
            for worker in workers where worker.isDraining {
                worker.kill()
                worker.start()
            }
        }
    }
}
