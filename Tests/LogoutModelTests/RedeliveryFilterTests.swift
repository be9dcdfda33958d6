import LogoutModel
import Testing

@Suite("Redelivery filters")
struct RedeliveryFilterTests {
    @Test("a filter that names nothing is none")
    func empty() {
        #expect(RedeliveryFilter() == nil)
        #expect(RedeliveryFilter(clientID: nil, statuses: [], reasons: []) == nil)
    }

    @Test(
        "where no status is named it is that of the reasons, else failed and expired",
        arguments: [
            ([DeliveryStatus](), [EndReason](), [DeliveryStatus.failed, .expired]),
            ([.cancelled], [], [.cancelled]),
            ([.notCovered, .failed], [], [.failed, .notCovered]),
            ([], [.cancelledByOperator], [.cancelled]),
            ([], [.rejected, .attemptsExhausted], [.failed]),
            ([], [.noBackchannelLogoutURI, .deadlinePassed], [.expired, .notCovered]),
            ([.failed], [.cancelledByOperator], [.failed]),
            ([.delivered, .pending], [], []),
        ]
    )
    func statuses(statuses: [DeliveryStatus], reasons: [EndReason], expected: [DeliveryStatus]) {
        let filter = RedeliveryFilter(clientID: "rp", statuses: statuses, reasons: reasons)
        #expect(filter?.statuses == expected)
    }

    @Test("any one member makes a filter")
    func members() {
        let time = Timestamp(microseconds: 0)
        #expect(RedeliveryFilter(clientID: "rp") != nil)
        #expect(RedeliveryFilter(statuses: [.failed]) != nil)
        #expect(RedeliveryFilter(reasons: [.rejected]) != nil)
        #expect(RedeliveryFilter(createdAfter: time) != nil)
        #expect(RedeliveryFilter(createdBefore: time) != nil)
    }
}
