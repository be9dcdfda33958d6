import DeliveryWorker
import LastcallTestKit
import Logging
import LogoutModel
import Outbox
import Testing

@Suite("A clock that is wrong", .lastcallDatabase)
struct ClockSkewTests {
    @Test("a worker whose clock and the database's differ by more than the limit says so, and signs nothing")
    func nothingIsSigned() async throws {
        try await Bench.run { bench in
            var bench = bench
            let log = LogCapture(.error)
            bench.logger = log.logger
            let rp = try Bench.relyingParty()
            try await bench.addClient(uri: rp.uri())
            let event = try await bench.logout()
            try await bench.withWorker { settings, _ in
                // No two clocks agree so well.
                settings.clockSkewLimit = .zero - .seconds(1)
            } _: { worker in
                let message = "nothing is signed: this machine's clock and the database's differ"
                try await eventually("what it says") { log.lines(message).count == 1 }
                worker.wake(event.lanes)
                #expect(!worker.clocksAgree)
                #expect(try await bench.delivery(event).delivery.status == "pending")
            }
            #expect(rp.connections == 0)
        }
    }
}
