import DeliveryPolicy
import DeliveryWorker
import FoundationEssentials
import LogoutModel
import Outbox
import Testing

@Suite("Shipment")
struct ShipmentTests {
    let start = ContinuousClock.now

    private func shipment(
        lease: Duration = .seconds(10),
        timeLeft: Duration = .seconds(60),
        attempt: Int = 1,
        excused: Int = 0,
        sid: String? = nil,
        uri: String? = "https://rp.example.com/logout",
        sessionRequired: Bool = false,
        policy: DeliveryOverrides = .none
    ) -> Shipment {
        let claimed = ClaimedDelivery.sample(
            lease: lease,
            attempt: attempt,
            excused: excused,
            timeLeft: timeLeft,
            sid: sid
        )
        let client = KnownClient(
            key: 1,
            issuerKey: 1,
            clientID: "rp",
            backchannelLogoutURI: uri,
            sessionRequired: sessionRequired,
            alg: "RS256",
            delivery: "{}",
            version: 1
        )
        let recipient = Recipient(
            client: client,
            issuer: "https://op.example.com",
            settings: policy.resolved(over: .standard),
            key: .failure(.noActiveKey),
            issuerVersion: 1
        )
        return Shipment(claimed: claimed, recipient: recipient, claimedAt: start, startedAt: start)
    }

    @Test(
        "an attempt may take the client's timeout, or what is left to the deadline",
        arguments: [
            (60, 0, 5), (60, 55, 5), (60, 57, 3), (2, 0, 2), (2, 2, 0),
        ]
    )
    func timeout(left: Int, passed: Int, expected: Int) {
        let shipment = shipment(timeLeft: .seconds(left))
        #expect(shipment.timeout(at: start + .seconds(passed)) == .seconds(expected))
        #expect(shipment.timeLeft(at: start + .seconds(passed)) == .seconds(left - passed))
    }

    @Test(
        "an attempt begins only where its lease lasts a second longer than it may",
        arguments: [
            (0, true), (4_000, true), (4_001, false), (20_000, false),
        ]
    )
    func fitsLease(passed: Int, fits: Bool) {
        #expect(shipment().fitsLease(at: start + .milliseconds(passed)) == fits)
    }

    @Test(
        "a passed deadline ends it before anything else",
        arguments: [(59_999, nil), (60_000, EndReason.deadlinePassed)]
    )
    func deadline(passed: Int, reason: EndReason?) {
        #expect(shipment().refusal(at: start + .milliseconds(passed)) == reason)
    }

    @Test("what the client's metadata makes pointless ends it")
    func metadata() throws {
        #expect(shipment(uri: nil).refusal(at: start) == .noBackchannelLogoutURI)
        #expect(shipment(sessionRequired: true).refusal(at: start) == .sessionRequiredNoSid)
        #expect(shipment(sid: "s", sessionRequired: true).refusal(at: start) == nil)
        #expect(shipment(timeLeft: .zero, uri: nil).refusal(at: start) == .deadlinePassed)
    }

    @Test(
        "attempts that count end it once they are more than the client allows",
        arguments: [
            (3, 0, nil), (4, 0, EndReason.attemptsExhausted), (4, 1, nil), (5, 1, .attemptsExhausted),
        ]
    )
    func attempts(attempt: Int, excused: Int, reason: EndReason?) throws {
        let policy = try DeliveryOverrides(maxAttempts: 3)
        #expect(shipment(attempt: attempt, excused: excused, policy: policy).refusal(at: start) == reason)
        #expect(shipment(attempt: attempt, excused: excused).refusal(at: start) == nil)
    }

    @Test(
        "goes on only while an attempt fits into the lease, and back where this process must not send",
        arguments: [
            (0, SignatureEnding.made, false, Departure.goOn), (4_000, .made, false, .goOn),
            (4_001, .made, false, .giveBack), (0, .made, true, .giveBack), (0, .cancelled, false, .giveBack),
            (4_001, .failed, false, .goOn), (0, .failed, true, .giveBack),
        ]
    )
    func departure(passed: Int, signature: SignatureEnding, isRefused: Bool, expected: Departure) {
        let departure = shipment().departure(
            at: start + .milliseconds(passed),
            signature: signature,
            isRefused: isRefused
        )
        #expect(departure == expected)
    }

    @Test("what waited for its signature past its deadline ends unsent")
    func lateDeparture() {
        let departure = shipment(timeLeft: .seconds(2)).departure(
            at: start + .seconds(2),
            signature: .made,
            isRefused: false
        )
        #expect(departure == .end(.deadlinePassed))
    }

    @Test("a chance is drawn only where the wait depends on it")
    func draws() {
        let shipment = shipment()
        func settlement(of outcome: AttemptOutcome, draw: () -> Double) -> Settlement {
            shipment.settlement(of: outcome, flags: [], retryAfter: nil, at: start, draw: draw)
        }
        var draws = 0
        let count = { () -> Double in
            draws += 1
            return 0.5
        }
        #expect(settlement(of: .delivered, draw: count) == .delivered([]))
        #expect(draws == 0)
        #expect(settlement(of: .timeout, draw: count) == .retry(after: .seconds(1), isExcused: false))
        #expect(draws == 1)
    }
}
