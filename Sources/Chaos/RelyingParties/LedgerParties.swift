import Benchmarks
package import Certificates
import LastcallTestKit
import Synchronization

/// Relying parties on loopback that can be told how to misbehave, and a ledger of all that they received.
///
/// Each has a port of its own, and a name that only a fault's name server knows. All of them live on a few threads of this process.
package final class LedgerParties: Sendable {
    private static let maximumThreads = 4
    private static let path = "/backchannel-logout"
    private static let domain = "rp.test"

    /// How many there are.
    package let count: Int
    private let ports: [UInt16]
    private let threads: [PartyThread]
    private let ledger = PartyLedger()
    private let isClosed = Mutex(false)

    /// Starts to serve.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - authority: who issues their certificate, good for 127.0.0.1 and for their names.
    /// - Throws: `WireError` where there are not enough ports or descriptors, or `CertificateError`.
    package init(count: Int, authority: CertificateAuthority) throws {
        // A listener for each, connections of several processes, and what stays open while they hang.
        OpenFiles.raise(to: 65_536)
        let certificate = try authority.issue(names: ["*.\(Self.domain)"], addresses: ["127.0.0.1"])
        let lanes = min(Self.maximumThreads, max(1, count))
        var started: [PartyThread] = []
        do {
            for lane in 0..<lanes {
                let parties = Array(stride(from: lane, to: count, by: lanes))
                started.append(
                    try PartyThread(lane, parties: parties, certificate: certificate, ledger: ledger)
                )
            }
        } catch {
            started.forEach { $0.stop() }
            throw error
        }
        ports = (0..<count).map { started[$0 % lanes].ports[$0 / lanes] }
        threads = started
        self.count = count
    }

    deinit { close() }

    /// Where a party gets its logout tokens.
    package func uri(_ index: Int) -> String {
        "https://127.0.0.1:\(ports[index])\(Self.path)"
    }

    /// The same by its name.
    package func namedURI(_ index: Int) -> String {
        "https://\(name(index)):\(ports[index])\(Self.path)"
    }

    /// The name of a party.
    package func name(_ index: Int) -> String { "rp\(index).\(Self.domain)" }

    /// The port of a party.
    package func port(_ index: Int) -> UInt16 { ports[index] }

    /// From the next request, or the next connection, these parties behave so. Returns once it holds.
    package func set(_ behaviour: PartyBehaviour, for indices: some Sequence<Int>) {
        guard !isClosed.withLock({ $0 }) else { return }
        let lanes = Dictionary(grouping: indices) { $0 % threads.count }
        for gate in lanes.map({ threads[$0.key].set(behaviour, for: $0.value) }) { gate.wait() }
    }

    /// All that came, in the order in which it was read.
    package var posts: [ReceivedPost] { ledger.posts }

    /// What parties could not do as they were told.
    package var troubles: [String] { ledger.troubles }

    /// How many POSTs came.
    package var postCount: Int { ledger.postCount }

    /// All connections that were accepted.
    package var connections: [ReceivedConnection] { ledger.connections }

    /// Closes all sockets and ends the threads; what came can still be read.
    package func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        if isFirst { threads.forEach { $0.stop() } }
    }
}
