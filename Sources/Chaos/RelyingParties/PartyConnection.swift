import Benchmarks
import Glibc

/// One connection to a relying party.
@safe
final class PartyConnection {
    let party: Int
    /// Reads requests; its port is the position of the party's door.
    let requests: SinkConnection
    /// Whether TLS is never begun.
    let isStalled: Bool
    var output: PartyOutput?

    var wire: Wire { requests.wire }
    var door: Int { requests.port }

    init(_ wire: Wire, party: Int, door: Int, isStalled: Bool) {
        requests = SinkConnection(wire: wire, port: door)
        self.party = party
        self.isStalled = isStalled
    }

    /// Throws away what has come; false where the other side has closed.
    func discard(using buffer: UnsafeMutableRawBufferPointer) -> Bool {
        while true {
            let count = unsafe recv(wire.descriptor, buffer.baseAddress, buffer.count, 0)
            if count == 0 { return false }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
        }
    }

    /// Whether the first bytes of a request have come; the handshake goes on until then. `nil` where it is over.
    func hasRequest(using buffer: UnsafeMutableRawBufferPointer) -> Bool? {
        switch unsafe wire.read(into: buffer) {
        case .moved: true
        case .later: false
        case .ended: nil
        }
    }
}
