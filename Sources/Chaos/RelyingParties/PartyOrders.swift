import Glibc
import LastcallTestKit
import Synchronization

/// What a thread of relying parties is to do next, from other threads.
final class PartyOrders: Sendable {
    /// One order; without a behaviour it is to end.
    struct Order {
        let behaviour: PartyBehaviour?
        let parties: [Int]
        /// Opened once it is done.
        let done: Gate
    }

    private let waiting = Mutex<[Order]>([])
    /// Readable while orders wait.
    let descriptor: Int32
    private let writingEnd: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw ScriptedRelyingPartyError.socket(errno: errno) }
        (descriptor, writingEnd) = (ends[0], ends[1])
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
    }

    deinit {
        close(descriptor)
        close(writingEnd)
    }

    /// Gives an order.
    ///
    /// - Returns: what is opened once it is done.
    func give(_ behaviour: PartyBehaviour?, to parties: [Int]) -> Gate {
        let order = Order(behaviour: behaviour, parties: parties, done: Gate())
        waiting.withLock { $0.append(order) }
        // A pipe that is full is as readable as any.
        _ = unsafe write(writingEnd, "!", 1)
        return order.done
    }

    /// All orders that wait.
    func take() -> [Order] {
        var bytes = [UInt8](repeating: 0, count: 256)
        while unsafe read(descriptor, &bytes, bytes.count) > 0 {}
        return waiting.withLock { orders in
            defer { orders = [] }
            return orders
        }
    }
}
