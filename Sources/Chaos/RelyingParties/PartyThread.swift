import Benchmarks
import Certificates
import LastcallTestKit
import Synchronization
import Threads

/// A thread that serves some of the relying parties.
final class PartyThread: Sendable {
    /// The ports, in the order of the parties.
    let ports: [UInt16]
    private let orders: PartyOrders
    private let thread: DedicatedThread.Joinable

    private final class Start: Sendable {
        let result = Mutex<Result<[UInt16], any Error>?>(nil)
        let isKnown = Gate()

        func say(_ outcome: Result<[UInt16], any Error>) {
            result.withLock { $0 = outcome }
            isKnown.open()
        }
    }

    /// Starts to serve.
    init(_ number: Int, parties: [Int], certificate: IssuedCertificate, ledger: PartyLedger) throws {
        let (orders, start) = (try PartyOrders(), Start())
        thread = try DedicatedThread.startJoinable(named: "parties-\(number)") {
            do {
                let server = try PartyServer(
                    parties: parties,
                    certificate: certificate,
                    ledger: ledger,
                    orders: orders
                )
                start.say(.success(server.ports))
                server.run()
            } catch {
                start.say(.failure(error))
            }
        }
        start.isKnown.wait()
        self.orders = orders
        ports = try start.result.withLock { try $0?.get() ?? [] }
    }

    /// From now on these parties behave so; what is told to several threads is told before any is waited for.
    func set(_ behaviour: PartyBehaviour, for parties: [Int]) -> Gate {
        orders.give(behaviour, to: parties)
    }

    /// Ends it and closes all its sockets. To be called once.
    func stop() {
        _ = orders.give(nil, to: [])
        thread.join()
    }
}
