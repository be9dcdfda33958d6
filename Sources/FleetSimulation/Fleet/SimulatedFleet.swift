import DeliveryWorker
import LogoutModel
import Outbox
import PostgresClient

/// Everything of one history: the virtual clock, the outbox, processes, RPs, faults, and the watch over them.
///
/// One thread, one source of chance: a seed gives the same history each time.
package final class SimulatedFleet {
    /// Where virtual time begins on the database clock: 2030-01-01T00:00:00Z.
    static let epoch: Int64 = 1_893_456_000_000_000
    /// Where it begins on the monotonic clock of processes; only differences matter.
    private let origin = ContinuousClock.now

    /// Calls that every worker makes all the time: nothing to tell of.
    private static let rounds: Set = ["lanes_due", "clock", "end overdue", "rouse"]

    let shape: FleetShape
    let defect: Defect?
    var random: SimulationRandom
    var agenda = Agenda()
    /// Microseconds since the beginning.
    private(set) var now = 0
    var outbox: MemoryOutbox
    /// Until when the server is down.
    var databaseDownUntil = 0
    let watch: Watch
    var trace: Trace
    var workers: [SimulatedWorker] = []
    var apis: [SimulatedProcess] = []
    var parties: [SimulatedParty] = []
    var callers: [SimulatedCaller] = []
    var recipients: [Int32: Recipient] = [:]

    /// A fleet at the beginning of its history.
    package init(seed: UInt64, defect: Defect? = nil, isTraced: Bool = false) {
        var random = SimulationRandom(seed: seed)
        shape = FleetShape(drawnFrom: &random)
        self.random = random
        self.defect = defect
        outbox = MemoryOutbox(defect: defect)
        watch = Watch(shape: shape)
        trace = Trace(isKept: isTraced)
    }

    /// The time on the database clock.
    var databaseTime: Timestamp { Timestamp(microseconds: Self.epoch + Int64(now)) }

    /// The time on the monotonic clock of processes.
    var instant: ContinuousClock.Instant { origin + .microseconds(now) }

    /// Whether faults happen now.
    var isStormy: Bool { now < shape.storm }

    /// Whether a fault of this probability happens now.
    func strikes(_ probability: Double) -> Bool {
        // Drawn whatever the time, so that a history does not turn on a comparison.
        random.chance(probability) && isStormy
    }

    func note(_ text: @autoclosure () -> String, of place: Int? = nil) {
        guard trace.isKept else { return }
        trace.add(text(), of: place, at: now)
    }

    func later(_ microseconds: Int, _ body: @escaping () -> Void) {
        agenda.add(at: now + microseconds, body)
    }

    /// Runs the history to its end: until everything has ended, or should have.
    package func run() -> Verdict {
        prepare()
        while !watch.isBroken, let step = agenda.next() {
            guard step.time <= shape.bound else { break }
            now = max(now, step.time)
            step.body()
            if now > shape.storm, isOver { break }
        }
        if !watch.isBroken { watch.judge(self) }
        // What is left on it holds the fleet, which holds it.
        agenda = Agenda()
        return Verdict(
            finding: watch.finding,
            deliveries: outbox.deliveries.count,
            posts: watch.posts,
            lostLeases: watch.takeovers,
            slowestTakeover: watch.slowestTakeover,
            virtualMicroseconds: now,
            trace: trace.lines(about: watch.finding?.delivery)
        )
    }

    /// Whether everything that was asked for has come to its end.
    private var isOver: Bool {
        callers.allSatisfy(\.isDone) && outbox.events.allSatisfy { $0.openCount == 0 }
            && workers.allSatisfy { $0.schedule.held == 0 }
    }

    // MARK: The database

    /// One call of a process: it may never arrive, its answer may never come back, and the process may die on the way.
    func call<Answer>(
        _ name: String,
        from process: SimulatedProcess,
        _ statement: @escaping (inout MemoryOutbox, Timestamp) throws(PostgresError) -> Answer,
        done: @escaping (Answer) -> Void = { _ in },
        then: @escaping (Result<Answer, PostgresError>) -> Void
    ) {
        let faults = shape.faults
        if strikes(faults.crashBeforeCall) { return process.kill() }
        let way =
            random.chance(faults.slowCall) && isStormy
            ? random.time(5_000, 3_000_000) : random.within(100...600)
        let deadline = 1_900_000
        guard !strikes(faults.callLost), now >= process.cutOffUntil else {
            if !Self.rounds.contains(name) { note("\(process.name) \(name): not sent") }
            process.after(min(way, deadline)) { then(.failure(.connection("lost"))) }
            return
        }
        let life = process.life
        // On its way it belongs to nobody: a process that dies or freezes does not take it back.
        later(way) { [unowned self] in
            guard now >= databaseDownUntil else {
                if process.life == life { process.after(200) { then(.failure(.connection("down"))) } }
                return
            }
            let answer: Result<Answer, PostgresError>
            do throws(PostgresError) {
                let value = try statement(&outbox, databaseTime)
                watch.saw(name, self)
                done(value)
                answer = .success(value)
            } catch {
                answer = .failure(error)
            }
            guard process.life == life else { return note("\(name) of the late \(process.name) is done") }
            if strikes(faults.crashAfterCall) { return process.kill() }
            let back = random.within(100...600)
            let isLost = strikes(faults.answerLost) || way + back > deadline || now < process.cutOffUntil
            if isLost, !Self.rounds.contains(name) {
                note("\(process.name) \(name): done, its answer is lost")
            }
            process.after(isLost ? max(200, deadline - way) : back) {
                then(isLost ? .failure(.outcomeUnknown("lost")) : answer)
            }
        }
    }

    /// The server crashes, and is back after a while.
    func crashDatabase(for microseconds: Int) {
        let lost = outbox.crash()
        databaseDownUntil = now + microseconds
        note("the database crashes, \(lost.count) claims are lost; down for \(microseconds / 1_000) ms")
        for place in lost {
            note("its claim is lost", of: place)
            watch.lostClaim(place)
        }
    }
}

/// What a history came to.
public struct Verdict: Sendable {
    /// What broke a property; `nil` where all held.
    public let finding: Finding?
    /// How many deliveries there were.
    public let deliveries: Int
    /// How many POSTs were sent.
    public let posts: Int
    /// How many leases of lost workers were taken over.
    public let lostLeases: Int
    /// The longest time from the end of a lease, once faults had stopped, to its takeover, in microseconds.
    public let slowestTakeover: Int
    /// How much virtual time it took.
    public let virtualMicroseconds: Int
    /// What happened, of what matters to the finding; empty unless traced.
    public let trace: [String]
}

/// A property that did not hold.
public struct Finding: Sendable, Hashable {
    /// The property, in words.
    public let property: String
    /// What was seen instead.
    public let detail: String
    /// The delivery that it is about, by its place.
    public let delivery: Int?
}
