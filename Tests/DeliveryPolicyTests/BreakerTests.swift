import DeliveryPolicy
import LogoutModel
import Testing

@Suite("Breaker")
struct BreakerTests {
    static let down: [AttemptOutcome] = [.timeout, .unreachable, .dnsFailure, .tlsFailure, .serverError]
    static let up: [AttemptOutcome] = [.delivered, .rejected, .redirectRefused, .rateLimited]
    static let silent: [AttemptOutcome] = [
        .blockedAddress, .protocolError, .signingFailed, .localError, .unknown,
    ]

    /// A breaker that has counted so many failures.
    func failed(_ count: Int) -> Breaker {
        var breaker = Breaker()
        for _ in 0..<count { _ = breaker.record(.timeout, claimedAt: 0) }
        return breaker
    }

    /// A breaker that knows how often it has opened.
    func opened(_ trips: Int) -> Breaker {
        var breaker = failed(5)
        breaker.learn(trips: trips)
        return breaker
    }

    @Test("every outcome is of one kind")
    func kinds() {
        #expect(Set(Self.down + Self.up + Self.silent) == Set(AttemptOutcome.allCases))
        #expect(Self.down.count + Self.up.count + Self.silent.count == AttemptOutcome.allCases.count)
    }

    @Test("the fifth failure in a row opens it, whichever failure it is", arguments: down)
    func opens(outcome: AttemptOutcome) {
        var breaker = Breaker()
        for count in 1...4 {
            #expect(breaker.record(outcome, claimedAt: 0) == .none)
            #expect(breaker.failures == count)
        }
        #expect(breaker.record(outcome, claimedAt: 0) == .open(trips: 0, failures: 5))
    }

    @Test("a breaker that could not be opened is opened with the next failure")
    func opensLater() {
        var breaker = failed(5)
        #expect(breaker.record(.timeout, claimedAt: 0) == .open(trips: 0, failures: 6))
    }

    @Test("an answer between failures begins the count again", arguments: up)
    func answersResetTheCount(outcome: AttemptOutcome) {
        var breaker = failed(4)
        #expect(breaker.record(outcome, claimedAt: 0) == .none)
        #expect(breaker == Breaker())
        for _ in 1...4 { #expect(breaker.record(.timeout, claimedAt: 0) == .none) }
        #expect(breaker.record(.timeout, claimedAt: 0) == .open(trips: 0, failures: 5))
    }

    @Test("what says nothing about the RP neither counts nor begins the count again", arguments: silent)
    func silenceIsNoEvidence(outcome: AttemptOutcome) {
        var breaker = failed(4)
        for _ in 1...9 { #expect(breaker.record(outcome, claimedAt: 0) == .none) }
        #expect(breaker == failed(4))
        #expect(breaker.record(.timeout, claimedAt: 0) == .open(trips: 0, failures: 5))
    }

    @Test("one trial that fails opens it again, in a process that has counted nothing too", arguments: down)
    func trialFails(outcome: AttemptOutcome) {
        var fresh = Breaker()
        fresh.learn(trips: 3)
        #expect(fresh.record(outcome, claimedAt: 3) == .open(trips: 3, failures: 1))
        var old = opened(1)
        #expect(old.record(outcome, claimedAt: 1) == .open(trips: 1, failures: 6))
    }

    @Test("a trial that the RP answers closes it", arguments: up)
    func trialCloses(outcome: AttemptOutcome) {
        var breaker = opened(2)
        #expect(breaker.record(outcome, claimedAt: 2) == .close(trips: 2))
        breaker.learn(trips: 0)
        #expect(breaker == Breaker())
    }

    @Test("a trial that says nothing leaves it half-open", arguments: silent)
    func silentTrial(outcome: AttemptOutcome) {
        var breaker = opened(2)
        #expect(breaker.record(outcome, claimedAt: 2) == .none)
        #expect(breaker == opened(2))
    }

    @Test("the failures of attempts that began before it opened change nothing", arguments: down)
    func lateFailures(outcome: AttemptOutcome) {
        var breaker = opened(1)
        #expect(breaker.record(outcome, claimedAt: 0) == .none)
        breaker = opened(2)
        #expect(breaker.record(outcome, claimedAt: 1) == .none)
        #expect(breaker == opened(2))
    }

    @Test("the answer of an attempt that began before it opened closes it", arguments: up)
    func lateAnswer(outcome: AttemptOutcome) {
        var breaker = opened(1)
        #expect(breaker.record(outcome, claimedAt: 0) == .close(trips: 1))
        breaker = opened(3)
        #expect(breaker.record(outcome, claimedAt: 2) == .close(trips: 3))
    }

    @Test(
        "a breaker that another process has closed begins a new count, one that never opened goes on with its own"
    )
    func closedElsewhere() {
        var breaker = opened(1)
        breaker.learn(trips: 0)
        #expect(breaker.record(.timeout, claimedAt: 0) == .none)
        #expect(breaker.failures == 1)
        var counting = failed(4)
        counting.learn(trips: 0)
        #expect(counting.record(.timeout, claimedAt: 0) == .open(trips: 0, failures: 5))
    }

    @Test(
        "what was claimed before it opened is refused, what is claimed as its trial is not",
        arguments: [(0, 0, false), (1, 0, true), (1, 1, false), (2, 1, true), (2, 2, false), (0, 1, false)]
    )
    func refuses(known: Int, claimed: Int, refused: Bool) {
        var breaker = Breaker()
        breaker.learn(trips: known)
        #expect(breaker.refuses(claimedAt: claimed) == refused)
    }

    @Test(
        "it opens for 5 s, and for twice as long each time that its trial fails, up to a minute",
        arguments: [
            (0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (5, 60), (1_000_000, 60), (Int.max, 60), (-1, 5),
        ]
    )
    func doubles(trips: Int, seconds: Int) {
        #expect(Breaker.openDuration(trips: trips, draw: 0.5) == .seconds(seconds))
    }

    @Test(
        "the time is drawn from 0.9 to 1.1 times its nominal",
        arguments: [(0, 4.5), (0.5, 5), (1, 5.5), (-3, 4.5), (3, 5.5)]
    )
    func jitter(draw: Double, seconds: Double) {
        let duration = Breaker.openDuration(trips: 0, draw: draw)
        // A duration made of a double is exact to less than a microsecond.
        #expect(duration - .seconds(seconds) < .microseconds(1))
        #expect(.seconds(seconds) - duration < .microseconds(1))
    }
}
