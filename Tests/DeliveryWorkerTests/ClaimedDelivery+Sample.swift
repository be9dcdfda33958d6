import FoundationEssentials
import LogoutModel
import Outbox

extension ClaimedDelivery {
    /// A claimed delivery of a client, of an event that no other has.
    static func sample(
        of lane: Int32 = 1,
        lease: Duration = .seconds(10),
        attempt: Int = 1,
        excused: Int = 0,
        timeLeft: Duration = .seconds(60),
        sid: String? = nil
    ) -> ClaimedDelivery {
        ClaimedDelivery(
            lease: Lease(
                issuerKey: 1,
                delivery: LogoutEventID.of(UUID()).delivery(1),
                number: 1,
                length: lease
            ),
            clientKey: lane,
            clientVersion: 1,
            issuerVersion: 1,
            attempt: attempt,
            excused: excused,
            hadUnknownOutcome: false,
            timeLeft: timeLeft,
            sub: "alice",
            sid: sid
        )
    }
}
