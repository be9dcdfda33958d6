import Foundation
import LogoutModel
import Testing

@Suite("Event and delivery ids")
struct LogoutEventIDTests {
    let event: LogoutEventID

    init() throws {
        let uuid = try #require(UUID(uuidString: "01A1FC47-0409-77EB-8F56-BB66A7000000"))
        event = try #require(LogoutEventID(uuid))
    }

    @Test(
        "a delivery's id is its event's with the ordinal behind",
        arguments: [1, 2, 255, 256, 65_536, 0xFE_FFFF]
    )
    func deliveries(ordinal: Int) {
        let delivery = event.delivery(ordinal)
        #expect(delivery.ordinal == ordinal)
        #expect(delivery.event == event)
        #expect(LogoutEventID.of(delivery.uuid) == event)
        #expect(delivery.uuid > event.uuid)
        #expect(delivery.uuid < event.endOfDeliveries)
        #expect(!delivery.isWebhook)
    }

    @Test("a completion webhook's id is its event's too, behind all deliveries", arguments: [1, 2, 65_536])
    func webhooks(endCount: Int) {
        let webhook = DeliveryID.webhook(of: event, endCount: endCount)
        #expect(webhook.isWebhook)
        #expect(webhook.event == event)
        #expect(webhook.uuid >= event.endOfDeliveries)
    }

    @Test("an event's id is no delivery's, and the other way round")
    func kinds() {
        #expect(DeliveryID(event.uuid) == nil)
        #expect(LogoutEventID(event.delivery(1).uuid) == nil)
    }

    @Test("ids are written in lower case, and carry their time")
    func text() {
        #expect(event.text == "01a1fc47-0409-77eb-8f56-bb66a7000000")
        #expect(event.createdAt.text == "2026-11-21T04:04:34.953000Z")
    }
}
