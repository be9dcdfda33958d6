import DeliveryWorker
import LastcallTestKit
import LogoutModel
import Outbox
import Synchronization
import Testing

@Suite("Telling the ends of events", .lastcallDatabase, .timeLimit(.minutes(30)))
struct EndListenerTests {
    @Test(
        "whoever listens in the process is told of an event when its last delivery is recorded, and not before"
    )
    func told() async throws {
        try await Bench.run { bench in
            let gate = Gate()
            let rp = try Bench.relyingParty()
            rp.script(.gate(gate, then: .ok))
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout(sessions: 2)
            let told = EndsHeard()
            try await bench.withWorker { worker in
                worker.listen { events in told.events.withLock { $0 += events } }
                worker.wake(nil)
                try await eventually("the first delivery") {
                    try await bench.event(event).deliveryCounts.contains { $0.status == "delivered" }
                }
                #expect(told.events.withLock { $0 }.isEmpty)
                gate.open()
                try await eventually("the end") { told.events.withLock { $0 } == [event.event.id] }
                #expect(try await bench.event(event).status == .completed)
            }
        }
    }
}

private final class EndsHeard: Sendable {
    let events = Mutex<[LogoutEventID]>([])
}
