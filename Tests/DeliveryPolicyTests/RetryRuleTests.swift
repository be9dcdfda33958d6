import DeliveryPolicy
import LogoutModel
import Testing

@Suite("Retry rule")
struct RetryRuleTests {
    typealias Attempt = RetryRule.Attempt

    let rule = RetryRule(settings: .standard)
    let limited: RetryRule

    init() throws {
        limited = RetryRule(
            settings: try DeliveryOverrides(maxAttempts: 3, retryAfterCapSeconds: 100).resolved(
                over: .standard
            )
        )
    }

    static let day = Duration.seconds(86_400)
    static let retried: [AttemptOutcome] = [
        .timeout, .unreachable, .dnsFailure, .tlsFailure, .serverError, .rateLimited, .protocolError,
        .signingFailed,
    ]

    @Test(
        "waits follow the list, and the last one repeats",
        arguments: [
            (1, 1), (2, 5), (3, 15), (4, 60), (5, 300), (6, 900), (7, 3600), (8, 3600), (1_000_000, 3600),
            (0, 1), (-1, 1), (.min, 1),
        ]
    )
    func followsList(number: Int, seconds: Int) {
        let attempt = Attempt(number: number, outcome: .timeout, remaining: Self.day)
        #expect(rule.settle(attempt, draw: 0.5) == .retry(after: .seconds(seconds), isExcused: false))
    }

    @Test("each retried outcome waits", arguments: retried)
    func waits(outcome: AttemptOutcome) {
        let attempt = Attempt(number: 2, outcome: outcome, remaining: Self.day)
        #expect(rule.settle(attempt, draw: 0.5) == .retry(after: .seconds(5), isExcused: false))
    }

    @Test(
        "a wait is drawn from half to one and a half times its nominal",
        arguments: [(0, 2.5), (0.25, 3.75), (0.5, 5), (0.75, 6.25), (1, 7.5), (-1, 2.5), (2, 7.5)]
    )
    func draws(draw: Double, seconds: Double) {
        let attempt = Attempt(number: 2, outcome: .serverError, remaining: Self.day)
        #expect(rule.settle(attempt, draw: draw) == .retry(after: .seconds(seconds), isExcused: false))
    }

    /// RFC 9110 §10.2.3: an RP that asks for a wait gets at least that wait, whatever the draw.
    @Test(
        "Retry-After is a floor up to its cap",
        arguments: [(0, 2.5), (2, 2.5), (3, 3), (99, 99), (100, 100), (101, 100), (90_000, 100)]
    )
    func retryAfter(asked: Int, seconds: Double) {
        let attempt = Attempt(
            number: 2,
            outcome: .rateLimited,
            retryAfter: .seconds(asked),
            remaining: Self.day
        )
        #expect(limited.settle(attempt, draw: 0) == .retry(after: .seconds(seconds), isExcused: false))
    }

    @Test("a longer wait of our own is not shortened by Retry-After or its cap")
    func retryAfterIsNoCeiling() {
        let attempt = Attempt(number: 7, outcome: .serverError, retryAfter: .seconds(5), remaining: Self.day)
        #expect(rule.settle(attempt, draw: 0) == .retry(after: .seconds(1800), isExcused: false))
    }

    @Test(
        "a refusal is final",
        arguments: [
            (AttemptOutcome.rejected, EndReason.rejected), (.redirectRefused, .redirectRefused),
            (.blockedAddress, .blockedAddress),
        ]
    )
    func refusals(outcome: AttemptOutcome, reason: EndReason) {
        let attempt = Attempt(number: 1, outcome: outcome, retryAfter: .seconds(1), remaining: Self.day)
        #expect(rule.settle(attempt, draw: 0.5) == .ended(reason, []))
    }

    @Test("a rejection after an attempt of unknown outcome is kept as such, nothing else is")
    func rejectedAfterUnknown() {
        func settle(_ outcome: AttemptOutcome) -> Settlement {
            rule.settle(
                Attempt(number: 2, outcome: outcome, remaining: Self.day, followsUnknown: true),
                draw: 0.5
            )
        }
        #expect(settle(.rejected) == .ended(.rejected, .rejectedAfterUnknown))
        #expect(settle(.redirectRefused) == .ended(.redirectRefused, []))
        #expect(settle(.blockedAddress) == .ended(.blockedAddress, []))
        #expect(settle(.delivered) == .delivered([]))
    }

    @Test(
        "the last attempt that counts ends the delivery",
        arguments: [
            (1, 0, false), (2, 0, false), (3, 0, true), (4, 0, true), (3, 1, false), (4, 1, true),
            (9, 7, false), (9, 6, true),
        ]
    )
    func maxAttempts(number: Int, excused: Int, isEnd: Bool) {
        for outcome in Self.retried + [.unknown] {
            let attempt = Attempt(number: number, excused: excused, outcome: outcome, remaining: Self.day)
            let settlement = limited.settle(attempt, draw: 0.5)
            #expect((settlement == .ended(.attemptsExhausted, [])) == isEnd)
            #expect(settlement.status == (isEnd ? .failed : .retrying))
        }
    }

    @Test(
        "excused attempts do not move the schedule",
        arguments: [(1, 0, 1), (2, 1, 1), (3, 1, 5), (5, 5, 1), (5, 9, 1), (2, -1, 5), (.min, .max, 1)]
    )
    func excused(number: Int, excused: Int, seconds: Int) {
        let attempt = Attempt(number: number, excused: excused, outcome: .timeout, remaining: Self.day)
        #expect(rule.settle(attempt, draw: 0.5) == .retry(after: .seconds(seconds), isExcused: false))
    }

    @Test("a local error is retried in a second, however many attempts there were", arguments: [1, 3, 100])
    func localErrors(number: Int) {
        let attempt = Attempt(
            number: number,
            outcome: .localError,
            retryAfter: .seconds(9),
            remaining: Self.day
        )
        #expect(limited.settle(attempt, draw: 0) == .retry(after: .seconds(1), isExcused: true))
        #expect(limited.settle(attempt, draw: 0.9) == .retry(after: .seconds(1), isExcused: true))
    }

    @Test("an attempt whose worker was lost is repeated at once: its lease was the wait")
    func unknown() {
        let attempt = Attempt(number: 1, outcome: .unknown, remaining: Self.day)
        #expect(rule.settle(attempt, draw: 0.9) == .retry(after: .zero, isExcused: false))
    }

    @Test(
        "no wait goes beyond the deadline",
        arguments: [(6_000, 5_000), (5_001, 5_000), (5_000, 5_000), (4_999, 4_999), (1, 1)]
    )
    func waitsEndAtTheDeadline(remaining: Int, expected: Int) {
        let attempt = Attempt(number: 2, outcome: .timeout, remaining: .milliseconds(remaining))
        #expect(rule.settle(attempt, draw: 0.5) == .retry(after: .milliseconds(expected), isExcused: false))
        let asked = Attempt(
            number: 2,
            outcome: .timeout,
            retryAfter: .seconds(3600),
            remaining: .milliseconds(remaining)
        )
        #expect(rule.settle(asked, draw: 0.5) == .retry(after: .milliseconds(remaining), isExcused: false))
        let local = Attempt(number: 2, outcome: .localError, remaining: .milliseconds(remaining))
        #expect(
            rule.settle(local, draw: 0.5)
                == .retry(after: .milliseconds(min(remaining, 1_000)), isExcused: true)
        )
    }

    @Test(
        "when the deadline has passed, only what the RP accepted is not expired",
        arguments: AttemptOutcome.allCases,
        [Duration.zero, .milliseconds(-1), .seconds(-90_000)]
    )
    func deadlinePassed(outcome: AttemptOutcome, remaining: Duration) {
        let attempt = Attempt(number: 3, outcome: outcome, remaining: remaining)
        #expect(
            limited.settle(attempt, draw: 0.5)
                == (outcome == .delivered ? .delivered([]) : .ended(.deadlinePassed, []))
        )
    }

    @Test("the flags of the answer are kept")
    func keepsFlags() {
        let attempt = Attempt(number: 1, outcome: .delivered, flags: .nonstandardStatus, remaining: Self.day)
        #expect(rule.settle(attempt, draw: 0.5) == .delivered(.nonstandardStatus))
    }
}
