/// A process of the fleet: it can be killed, started again and frozen.
class SimulatedProcess {
    let name: String
    /// Which of its lives this is; what an earlier one has begun does not come back to it.
    private(set) var life = 0
    private(set) var isUp = false
    /// Until when it is stopped and notices nothing.
    var frozenUntil = 0
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
        fleet.note("\(name) starts")
        begin()
    }

    func kill() {
        guard isUp else { return }
        isUp = false
        life += 1
        fleet.note("\(name) is killed")
    }

    /// What a new life begins with.
    func begin() {}

    /// Does something later in this life, once it is not frozen.
    func after(_ microseconds: Int, _ body: @escaping () -> Void) {
        at(fleet.now + microseconds, life, body)
    }

    private func at(_ time: Int, _ life: Int, _ body: @escaping () -> Void) {
        fleet.agenda.add(at: time) { [unowned self] in
            guard self.life == life else { return }
            guard fleet.now >= frozenUntil else {
                at(frozenUntil + fleet.random.within(0...2_000), life, body)
                return
            }
            body()
        }
    }
}
