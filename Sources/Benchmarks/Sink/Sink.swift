internal import Glibc

/// A relying party for benchmarks, or ten thousand of them: an HTTPS server of one thread that answers `200` and
/// nothing more, at as little cost as a server in C.
///
/// Each port is an origin of its own. What comes is kept with one copy and looked at only when asked for.
@safe
final class Sink {
    private static let answer: StaticString = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    private static let bufferBytes = 64 * 1_024

    /// The ports, in order.
    private(set) var ports: [UInt16] = []
    let ledger: SinkLedger
    private(set) var connectionCount = 0
    private let poller: Poller
    private let tls: TLSContext
    private let buffer: UnsafeMutableRawBufferPointer
    private var listeners: [Int32?] = []
    private var behaviours: [SinkBehaviour]
    /// By descriptor: the position of the port that it listens at, or the connection.
    private var portOf: [Int32: Int] = [:]
    private var connections: [SinkConnection?] = []
    /// Answers that wait for their time, the last to come first.
    private var delayed: [(due: UInt64, connection: SinkConnection)] = []
    private let control: SinkControl
    private var isOver = false

    /// Listens.
    ///
    /// - Parameters:
    ///   - plan: the ports and the certificate.
    ///   - control: who says what to do, and is told what came.
    /// - Throws: ``WireError``.
    init(_ plan: SinkPlan, control: SinkControl) throws(WireError) {
        // A listener and a connection for each port, and some to spare.
        OpenFiles.raise(to: 2 * plan.ports + 1_024)
        poller = try Poller()
        tls = try TLSContext(showing: plan.certificate, key: plan.key)
        ledger = try SinkLedger(ports: plan.ports, keeping: plan.keptBytes)
        behaviours = Array(repeating: .answer, count: plan.ports)
        self.control = control
        unsafe buffer = .allocate(byteCount: Self.bufferBytes, alignment: 16)
        var port = plan.firstPort
        while ports.count < plan.ports {
            if let socket = try Loopback.listen(at: port) {
                ports.append(socket.port)
                listeners.append(socket.descriptor)
                portOf[socket.descriptor] = ports.count - 1
                poller.watch(socket.descriptor)
            }
            if plan.firstPort == 0 { continue }
            guard port < .max else { throw .portsTaken(wanted: plan.ports, free: ports.count) }
            port += 1
        }
        poller.watch(control.input)
    }

    deinit {
        for listener in listeners { if let listener { close(listener) } }
        unsafe buffer.deallocate()
    }

    /// Serves until the control channel ends.
    func run() {
        control.greet(ports)
        while !isOver {
            poller.wake(at: delayed.last?.due)
            poller.wait { descriptor, _ in ready(descriptor) }
            answerDelayed()
        }
    }

    /// From now on these ports behave so.
    func behave(_ behaviour: SinkBehaviour, at positions: Range<Int>) {
        for position in positions.clamped(to: ports.indices) {
            behaviours[position] = behaviour
            if behaviour == .refuse { refuse(at: position) } else { listen(at: position) }
        }
    }

    private func ready(_ descriptor: Int32) {
        if let connection = connection(descriptor) {
            if !serve(connection) { drop(descriptor) }
        } else if descriptor == control.input {
            isOver = !control.obey(self)
        } else if let position = portOf[descriptor] {
            while let descriptor = Loopback.accept(descriptor) { add(descriptor, at: position) }
        }
    }

    private func connection(_ descriptor: Int32) -> SinkConnection? {
        Int(descriptor) < connections.count ? connections[Int(descriptor)] : nil
    }

    private func add(_ descriptor: Int32, at position: Int) {
        guard let wire = Wire(descriptor: descriptor, tls: tls, isServer: true) else { return }
        while connections.count <= Int(descriptor) { connections.append(nil) }
        connections[Int(descriptor)] = SinkConnection(wire: wire, port: position)
        connectionCount += 1
        poller.watch(descriptor)
    }

    private func serve(_ connection: SinkConnection) -> Bool {
        unsafe connection.read(using: buffer) { body, firstByte in
            if body.count > 0 { unsafe ledger.note(body, port: connection.port, firstByte: firstByte) }
            switch behaviours[connection.port] {
            case .answer: return answer(connection)
            case .hang: return true
            case .refuse: return false
            case .delay(let milliseconds):
                delay(connection, until: Moment.now + UInt64(milliseconds) * 1_000_000)
                return true
            }
        }
    }

    private func answer(_ connection: SinkConnection) -> Bool {
        let bytes = unsafe UnsafeRawBufferPointer(
            start: Self.answer.utf8Start,
            count: Self.answer.utf8CodeUnitCount
        )
        // A few bytes at a time always fit into a socket whose owner reads.
        guard case .moved(bytes.count) = unsafe connection.wire.write(bytes) else { return false }
        return true
    }

    private func delay(_ connection: SinkConnection, until due: UInt64) {
        // Most come in the order of their times, so the place is nearly always the first.
        let place = delayed.firstIndex { $0.due <= due } ?? delayed.endIndex
        delayed.insert((due, connection), at: place)
    }

    private func answerDelayed() {
        let now = delayed.isEmpty ? 0 : Moment.now
        while let next = delayed.last, next.due <= now {
            delayed.removeLast()
            let descriptor = next.connection.wire.descriptor
            // It may be gone, and its descriptor somebody else's.
            guard connection(descriptor) === next.connection else { continue }
            if !answer(next.connection) { drop(descriptor) }
        }
    }

    private func drop(_ descriptor: Int32) {
        // Closing ends the watch.
        connections[Int(descriptor)] = nil
    }

    private func refuse(at position: Int) {
        if let listener = listeners[position] {
            portOf[listener] = nil
            close(listener)
            listeners[position] = nil
        }
        for connection in connections where connection?.port == position {
            if let descriptor = connection?.wire.descriptor { drop(descriptor) }
        }
    }

    private func listen(at position: Int) {
        guard listeners[position] == nil, let socket = try? Loopback.listen(at: ports[position]) else {
            return
        }
        listeners[position] = socket.descriptor
        portOf[socket.descriptor] = position
        poller.watch(socket.descriptor)
    }
}

/// Where a sink listens, and as whom.
public struct SinkPlan: Sendable, Hashable {
    /// How many ports.
    public var ports: Int
    /// Where they begin; those that others use are left out. 0 lets the system choose each.
    public var firstPort: UInt16
    /// The certificate that is shown, in PEM.
    public var certificate: String
    /// Its private key, in PEM.
    public var key: String
    /// How many bytes of bodies are kept until they are asked for; after that only what tells them apart.
    public var keptBytes: Int

    /// A plan.
    ///
    /// - Parameters:
    ///   - ports: how many.
    ///   - firstPort: where they begin; below the system's own range unless told, so that ten thousand are free.
    ///   - certificate: what is shown, in PEM; it must be good for 127.0.0.1.
    ///   - key: its private key, in PEM.
    ///   - keptBytes: how many bytes of bodies are kept, at least 2 MiB. These are addresses, not memory: a page costs
    ///     nothing until a body lies in it. A million tokens of ES256 are 0.8 GB.
    public init(
        ports: Int,
        firstPort: UInt16 = 20_000,
        certificate: String,
        key: String,
        keptBytes: Int = 4 << 30
    ) {
        self.keptBytes = keptBytes
        self.ports = ports
        self.firstPort = firstPort
        self.certificate = certificate
        self.key = key
    }
}
