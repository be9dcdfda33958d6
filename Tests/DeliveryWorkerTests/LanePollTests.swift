import DeliveryWorker
import Synchronization
import Testing

@Suite("Lane poll")
struct LanePollTests {
    @Test("each look ends with a signal, and cancelling ends the poll")
    func signals() async {
        let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .unbounded)
        let looks = Counter()
        let poll = Task {
            await LanePoll(interval: .milliseconds(1), wake: signal).run { looks.add() }
        }
        var heard = 0
        for await _ in signals {
            heard += 1
            #expect(looks.count >= heard)
            if heard == 3 { break }
        }
        poll.cancel()
        await poll.value
        #expect(looks.count >= 3)
    }
}

/// Counts from any thread.
private final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() { value.withLock { $0 += 1 } }
}
