import Benchmarks
import Certificates
import Glibc
import LastcallTestKit

/// Some of the relying parties: everything of one thread.
@safe
final class PartyServer {
    private static let bufferBytes = 64 * 1_024

    let ledger: PartyLedger
    private let poller: Poller
    private let tls: TLSContext
    private let orders: PartyOrders
    private let buffer: UnsafeMutableRawBufferPointer
    private var doors: [PartyDoor] = []
    private var doorOf: [Int32: Int] = [:]
    private var connections: [Int32: PartyConnection] = [:]
    /// Answers that go on at their time, the last to come first.
    private var delayed: [Delayed] = []

    private struct Delayed {
        let due: UInt64
        // Weak: a connection that is over is closed at once.
        weak var connection: PartyConnection?
    }

    /// The ports, in the order of the parties.
    var ports: [UInt16] { doors.map(\.port) }

    init(
        parties: [Int],
        certificate: IssuedCertificate,
        ledger: PartyLedger,
        orders: PartyOrders
    ) throws(WireError) {
        self.ledger = ledger
        self.orders = orders
        poller = try Poller()
        tls = try TLSContext(showing: certificate.certificatePEM, key: certificate.privateKeyPEM)
        unsafe buffer = .allocate(byteCount: Self.bufferBytes, alignment: 16)
        for party in parties {
            doors.append(try PartyDoor(of: party))
            watch(doors.count - 1)
        }
        poller.watch(orders.descriptor)
    }

    deinit {
        for place in doors.indices { doors[place].shut() }
        unsafe buffer.deallocate()
    }

    /// Serves until it is told to end.
    func run() {
        var end: PartyOrders.Order?
        while end == nil {
            poller.wake(at: delayed.last?.due)
            poller.wait { descriptor, interest in
                if descriptor == orders.descriptor {
                    end = obey()
                } else {
                    ready(descriptor, interest)
                }
            }
            goOn()
        }
        connections = [:]
        for place in doors.indices { doors[place].shut() }
        end?.done.open()
    }

    private func obey() -> PartyOrders.Order? {
        for order in orders.take() {
            guard let behaviour = order.behaviour else { return order }
            let wanted = Set(order.parties)
            for place in doors.indices where wanted.contains(doors[place].party) {
                behave(behaviour, at: place)
            }
            order.done.open()
        }
        return nil
    }

    private func behave(_ behaviour: PartyBehaviour, at place: Int) {
        guard doors[place].behaviour != behaviour else { return }
        if let listener = doors[place].listener {
            doorOf[listener] = nil
            poller.forget(listener)
        }
        doors[place].behaviour = behaviour
        do {
            switch behaviour {
            case .closedPort: doors[place].shut()
            case .dropSYN: try doors[place].fill()
            default:
                try doors[place].open()
                watch(place)
            }
        } catch {
            // It would show as deliveries that never arrive, of which the product is innocent.
            ledger.note(trouble: "relying party \(doors[place].party) cannot listen at its port: \(error)")
        }
        guard behaviour.endsConnections else { return }
        for (descriptor, connection) in connections where connection.door == place {
            if behaviour == .resetOnAccept { Loopback.resetWhenClosed(descriptor) }
            connections[descriptor] = nil
        }
    }

    private func watch(_ place: Int) {
        guard let listener = doors[place].listener else { return }
        doorOf[listener] = place
        poller.watch(listener)
    }

    private func ready(_ descriptor: Int32, _ interest: Poller.Interest) {
        if let connection = connections[descriptor] {
            guard serve(connection), connections[descriptor] === connection else {
                drop(connection)
                return
            }
            if interest.contains(.writing), !send(connection) { drop(connection) }
        } else if let place = doorOf[descriptor] {
            while let descriptor = Loopback.accept(descriptor) { add(descriptor, at: place) }
        }
    }

    private func add(_ descriptor: Int32, at place: Int) {
        let (party, behaviour) = (doors[place].party, doors[place].behaviour)
        ledger.note(ReceivedConnection(party: party, acceptedAt: Moment.now))
        guard behaviour != .resetOnAccept else {
            Loopback.resetWhenClosed(descriptor)
            close(descriptor)
            return
        }
        guard let wire = Wire(descriptor: descriptor, tls: tls, isServer: true) else { return }
        connections[descriptor] = PartyConnection(
            wire,
            party: party,
            door: place,
            isStalled: behaviour == .stallTLS
        )
        poller.watch(descriptor)
    }

    /// Reads what has come; false where the connection is over.
    private func serve(_ connection: PartyConnection) -> Bool {
        guard !connection.isStalled else { return unsafe connection.discard(using: buffer) }
        if doors[connection.door].behaviour == .resetDuringRequest {
            guard let hasRequest = unsafe connection.hasRequest(using: buffer) else { return false }
            if hasRequest { Loopback.resetWhenClosed(connection.wire.descriptor) }
            return !hasRequest
        }
        return unsafe connection.requests.read(using: buffer) { body, firstByte in
            let text = unsafe String(decoding: body, as: UTF8.self)
            return answer(ledger.note(text, to: connection.party, at: firstByte), of: connection)
        }
    }

    private func answer(_ post: Int, of connection: PartyConnection) -> Bool {
        // Nobody here asks twice before the answer.
        guard connection.output == nil else { return false }
        let behaviour = doors[connection.door].behaviour
        connection.output = PartyOutput(to: post, behaviour)
        switch behaviour {
        case .answerLost: return false
        case .resetAfterRequest:
            Loopback.resetWhenClosed(connection.wire.descriptor)
            return false
        case .slow(let duration):
            let (seconds, attoseconds) = duration.components
            let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
            delay(connection, until: Moment.now + UInt64(max(0, nanoseconds)))
            return true
        default: return connection.output == nil || send(connection)
        }
    }

    /// Sends the next part of an answer; false where the connection is over.
    private func send(_ connection: PartyConnection) -> Bool {
        guard var output = connection.output else { return true }
        let step = unsafe output.bytes.withUnsafeBytes { bytes in
            unsafe connection.wire.write(UnsafeRawBufferPointer(rebasing: bytes[output.rest]))
        }
        var isDone = false
        switch step {
        case .ended: return false
        case .later: break
        case .moved(let count):
            if let status = output.moved(count) { ledger.note(status, answeredTo: output.post) }
            isDone = output.sent == output.bytes.count
        }
        connection.output = isDone ? nil : output
        let descriptor = connection.wire.descriptor
        if isDone {
            if case .reset = output.ending {
                Loopback.resetWhenClosed(descriptor)
                return false
            }
            poller.change(descriptor, to: .reading)
        } else if output.nanosecondsPerByte > 0 {
            delay(connection, until: Moment.now + output.nanosecondsPerByte)
        } else {
            // One part at a time, so that the other parties of this thread get their turn.
            poller.change(descriptor, to: [.reading, .writing])
        }
        return true
    }

    private func delay(_ connection: PartyConnection, until due: UInt64) {
        // Most come in the order of their times, so the place is nearly always the first.
        let place = delayed.firstIndex { $0.due <= due } ?? delayed.endIndex
        delayed.insert(Delayed(due: due, connection: connection), at: place)
    }

    private func goOn() {
        let now = delayed.isEmpty ? 0 : Moment.now
        while let next = delayed.last, next.due <= now {
            delayed.removeLast()
            guard let connection = next.connection else { continue }
            if !send(connection) { drop(connection) }
        }
    }

    private func drop(_ connection: PartyConnection) {
        // Closing ends the watch.
        guard connections[connection.wire.descriptor] === connection else { return }
        connections[connection.wire.descriptor] = nil
    }
}
