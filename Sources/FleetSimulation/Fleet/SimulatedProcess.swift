/// A process of the fleet: it can be killed, started again and frozen.
class SimulatedProcess {
    let name: String
    /// Which of its lives this is; what an earlier one has begun does not come back to it.
    private(set) var life = 0
    private(set) var isUp = false
    /// Until when it is stopped and notices nothing.
    private var frozenUntil = 0
    /// What came meanwhile.
    private var parked: [() -> Void] = []
    /// Until when the database cannot be reached from it.
    var cutOffUntil = 0
    unowned let fleet: SimulatedFleet

    init(_ name: String, in fleet: SimulatedFleet) {
        self.name = name
        self.fleet = fleet
    }

    func start() {
        guard !isUp else { return }
        life += 1
        isUp = true
        frozenUntil = 0
        parked = []
        fleet.note("\(name) starts")
        begin()
    }

    func kill() {
        guard isUp else { return }
        isUp = false
        life += 1
        fleet.note("\(name) is killed")
    }

    /// Stopped, as by a signal or a host that pauses: its clocks go on.
    func freeze(for microseconds: Int) {
        guard isUp else { return }
        fleet.note("\(name) freezes for \(microseconds / 1_000) ms")
        frozenUntil = max(frozenUntil, fleet.now + microseconds)
        fleet.later(microseconds) { [unowned self] in
            if fleet.now >= frozenUntil { thaw() }
        }
    }

    /// Goes on with what came meanwhile, in the order in which it came.
    func thaw() {
        frozenUntil = min(frozenUntil, fleet.now)
        let bodies = parked
        parked = []
        for body in bodies { after(fleet.random.within(0...2_000), body) }
    }

    /// What a new life begins with.
    func begin() {}

    /// Does something later in this life, once it is not frozen.
    func after(_ microseconds: Int, _ body: @escaping () -> Void) {
        let life = life
        fleet.later(microseconds) { [unowned self] in
            guard self.life == life else { return }
            if fleet.now < frozenUntil { parked.append(body) } else { body() }
        }
    }
}
