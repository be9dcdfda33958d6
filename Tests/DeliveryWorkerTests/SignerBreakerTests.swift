import DeliveryWorker
import Testing

@Suite("A signer's breaker")
struct SignerBreakerTests {
    private let start = ContinuousClock.now

    private func opened() -> SignerBreaker {
        var breaker = SignerBreaker()
        for _ in 1...5 {
            #expect(breaker.admits(at: start) == true)
            breaker.record(isUp: false, at: start, draw: 0.5)
        }
        return breaker
    }

    @Test("five failures in a row open it, four do not, and an answer begins the count anew")
    func opens() {
        var breaker = SignerBreaker()
        for _ in 1...4 { breaker.record(isUp: false, at: start, draw: 0.5) }
        #expect(!breaker.isOpen(at: start))
        breaker.record(isUp: true, at: start, draw: 0.5)
        for _ in 1...4 { breaker.record(isUp: false, at: start, draw: 0.5) }
        #expect(breaker.admits(at: start) == true)
        breaker.record(isUp: false, at: start, draw: 0.5)
        #expect(breaker.isOpen(at: start))
        #expect(breaker.admits(at: start) == false)
    }

    @Test("it opens for 5 s, doubling up to 60 s, and lets one call through in between")
    func doubles() {
        var breaker = opened()
        var now = start
        for seconds in [5, 10, 20, 40, 60, 60] {
            #expect(breaker.admits(at: now + .seconds(seconds) - .milliseconds(1)) == false, "\(seconds)")
            now += .seconds(seconds)
            #expect(breaker.admits(at: now) == true, "\(seconds)")
            #expect(breaker.isOpen(at: now))
            #expect(breaker.admits(at: now) == false)
            breaker.record(isUp: false, at: now, draw: 0.5)
        }
    }

    @Test("the call that is let through closes it, and one that was never asked lets the next one through")
    func closes() {
        var breaker = opened()
        let later = start + .seconds(5)
        #expect(breaker.admits(at: later) == true)
        breaker.withdraw()
        #expect(breaker.admits(at: later) == true)
        breaker.record(isUp: true, at: later, draw: 0.5)
        #expect(breaker == SignerBreaker())
    }

    @Test("failures of calls that were under way when it opened do not lengthen it")
    func late() {
        var breaker = opened()
        breaker.record(isUp: false, at: start + .seconds(4), draw: 0.5)
        #expect(breaker.admits(at: start + .seconds(5)) == true)
    }
}
