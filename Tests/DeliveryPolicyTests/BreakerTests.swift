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

    /// A breaker that has opened at time zero, nominally for five seconds.
    func opened() -> Breaker {
        var breaker = Breaker()
        for _ in 1...5 { _ = breaker.record(.timeout, isTrial: false, now: .zero, draw: 0.5) }
        return breaker
    }

    @Test("the fifth failure in a row opens it, whichever failure it is", arguments: down)
    func opens(outcome: AttemptOutcome) {
        var breaker = Breaker()
        for _ in 1...4 {
            #expect(breaker.record(outcome, isTrial: false, now: .zero, draw: 0.5) == .none)
            #expect(breaker.state == .closed)
            #expect(breaker.admit(now: .zero) == .pass)
        }
        #expect(breaker.record(outcome, isTrial: false, now: .zero, draw: 0.5) == .opened(for: .seconds(5)))
        #expect(breaker.state == .open)
    }

    @Test("an answer between failures begins the count again", arguments: up)
    func answersResetTheCount(outcome: AttemptOutcome) {
        var breaker = Breaker()
        for _ in 1...4 { _ = breaker.record(.timeout, isTrial: false, now: .zero, draw: 0.5) }
        #expect(breaker.record(outcome, isTrial: false, now: .zero, draw: 0.5) == .none)
        for _ in 1...4 { #expect(breaker.record(.timeout, isTrial: false, now: .zero, draw: 0.5) == .none) }
        #expect(breaker.state == .closed)
    }

    @Test("what says nothing about the RP neither counts nor begins the count again", arguments: silent)
    func silenceIsNoEvidence(outcome: AttemptOutcome) {
        var breaker = Breaker()
        for _ in 1...4 { _ = breaker.record(.timeout, isTrial: false, now: .zero, draw: 0.5) }
        for _ in 1...9 { #expect(breaker.record(outcome, isTrial: false, now: .zero, draw: 0.5) == .none) }
        #expect(breaker.record(.timeout, isTrial: false, now: .zero, draw: 0.5) == .opened(for: .seconds(5)))
    }

    @Test("every outcome is of one kind")
    func kinds() {
        #expect(Set(Self.down + Self.up + Self.silent) == Set(AttemptOutcome.allCases))
    }

    @Test("an open breaker lets nothing through until its time, then one trial")
    func halfOpens() {
        var breaker = opened()
        #expect(breaker.admit(now: .milliseconds(1)) == .wait(.milliseconds(4_999)))
        #expect(breaker.admit(now: .milliseconds(4_999)) == .wait(.milliseconds(1)))
        #expect(breaker.state == .open)
        #expect(breaker.admit(now: .seconds(5)) == .trial)
        #expect(breaker.state == .halfOpen)
        #expect(breaker.admit(now: .seconds(5)) == .wait(.seconds(1)))
    }

    @Test("a trial that the RP answers closes it", arguments: up)
    func trialCloses(outcome: AttemptOutcome) {
        var breaker = opened()
        _ = breaker.admit(now: .seconds(5))
        #expect(breaker.record(outcome, isTrial: true, now: .seconds(6), draw: 0.5) == .closed)
        #expect(breaker.state == .closed)
        #expect(breaker.admit(now: .seconds(6)) == .pass)
    }

    @Test("each failed trial opens it for twice as long, up to a minute, until it closes")
    func doubles() {
        var breaker = opened()
        var now = Duration.seconds(5)
        for seconds in [10, 20, 40, 60, 60, 60] {
            #expect(breaker.admit(now: now) == .trial)
            #expect(
                breaker.record(.timeout, isTrial: true, now: now, draw: 0.5)
                    == .opened(for: .seconds(seconds))
            )
            #expect(breaker.admit(now: now) == .wait(.seconds(seconds)))
            now += .seconds(seconds)
        }
        #expect(breaker.admit(now: now) == .trial)
        #expect(breaker.record(.delivered, isTrial: true, now: now, draw: 0.5) == .closed)
        for _ in 1...4 { _ = breaker.record(.timeout, isTrial: false, now: now, draw: 0.5) }
        #expect(breaker.record(.timeout, isTrial: false, now: now, draw: 0.5) == .opened(for: .seconds(5)))
    }

    @Test(
        "the time is drawn from 0.9 to 1.1 times its nominal",
        arguments: [(0, 4.5), (0.5, 5), (1, 5.5), (-3, 4.5), (3, 5.5)]
    )
    func jitter(draw: Double, seconds: Double) throws {
        var breaker = Breaker()
        for _ in 1...4 { _ = breaker.record(.timeout, isTrial: false, now: .zero, draw: draw) }
        guard case .opened(let duration) = breaker.record(.timeout, isTrial: false, now: .zero, draw: draw)
        else {
            Issue.record("it did not open")
            return
        }
        // A duration made of a double is exact to less than a microsecond.
        #expect(duration - .seconds(seconds) < .microseconds(1))
        #expect(.seconds(seconds) - duration < .microseconds(1))
    }

    @Test("a trial that says nothing may be tried again", arguments: silent)
    func silentTrial(outcome: AttemptOutcome) {
        var breaker = opened()
        #expect(breaker.admit(now: .seconds(5)) == .trial)
        #expect(breaker.record(outcome, isTrial: true, now: .seconds(6), draw: 0.5) == .none)
        #expect(breaker.admit(now: .seconds(6)) == .trial)
    }

    @Test("the failures of attempts that began earlier change nothing once it is open", arguments: down)
    func lateFailures(outcome: AttemptOutcome) {
        var breaker = opened()
        #expect(breaker.record(outcome, isTrial: false, now: .seconds(4), draw: 0.5) == .none)
        #expect(breaker.admit(now: .seconds(5)) == .trial)
        #expect(breaker.record(outcome, isTrial: false, now: .seconds(5), draw: 0.5) == .none)
        #expect(breaker.record(.localError, isTrial: false, now: .seconds(5), draw: 0.5) == .none)
        #expect(breaker.state == .halfOpen)
        #expect(breaker.admit(now: .seconds(5)) == .wait(.seconds(1)))
    }

    @Test("the answer of an attempt that began earlier closes it", arguments: up)
    func lateAnswer(outcome: AttemptOutcome) {
        var breaker = opened()
        #expect(breaker.record(outcome, isTrial: false, now: .seconds(1), draw: 0.5) == .closed)
        #expect(breaker.admit(now: .seconds(1)) == .pass)
    }

    @Test("in flight: none while open, one while half-open, half in the first second after closing, then all")
    func inFlight() {
        var breaker = opened()
        #expect(Breaker().inFlightLimit(maxInFlight: 16, now: .zero) == 16)
        #expect(breaker.inFlightLimit(maxInFlight: 16, now: .milliseconds(4_999)) == 0)
        #expect(breaker.inFlightLimit(maxInFlight: 16, now: .seconds(5)) == 1)
        _ = breaker.admit(now: .seconds(5))
        #expect(breaker.inFlightLimit(maxInFlight: 16, now: .seconds(5)) == 1)
        _ = breaker.record(.delivered, isTrial: true, now: .seconds(6), draw: 0.5)
        #expect(breaker.inFlightLimit(maxInFlight: 16, now: .seconds(6)) == 8)
        _ = breaker.record(.timeout, isTrial: false, now: .seconds(6), draw: 0.5)
        _ = breaker.record(.delivered, isTrial: false, now: .seconds(6), draw: 0.5)
        #expect(breaker.inFlightLimit(maxInFlight: 1, now: .milliseconds(6_999)) == 1)
        #expect(breaker.inFlightLimit(maxInFlight: 16, now: .milliseconds(6_999)) == 8)
        #expect(breaker.inFlightLimit(maxInFlight: 16, now: .seconds(7)) == 16)
    }
}
