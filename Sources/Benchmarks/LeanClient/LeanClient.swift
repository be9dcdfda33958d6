/// A load client of one thread that costs about as little as a program in C: it sends bytes that are ready, and of an
/// answer it reads the status and the length.
@safe
public final class LeanClient {
    private static let bufferBytes = 256 * 1_024

    private let plan: LoadPlan
    private let poller: Poller
    private let tls: TLSContext?
    private let buffer: UnsafeMutableRawBufferPointer
    private var connections: [Int32: LeanConnection] = [:]
    private var idle: [Int32] = []
    private var result = LoadResult()
    private var start: UInt64 = 0
    private var turn = 0

    /// Runs a plan to its end, on the calling thread.
    ///
    /// - Parameter plan: what to send.
    /// - Returns: what came of it.
    /// - Throws: ``WireError``.
    public static func run(_ plan: LoadPlan) throws(WireError) -> LoadResult {
        try LeanClient(plan).run()
    }

    private init(_ plan: LoadPlan) throws(WireError) {
        self.plan = plan
        OpenFiles.raise(to: plan.connections + 1_024)
        poller = try Poller()
        tls = if let authority = plan.authority { try TLSContext(trusting: authority) } else { nil }
        unsafe buffer = .allocate(byteCount: Self.bufferBytes, alignment: 16)
        for _ in 0..<plan.connections { try connect() }
        result.requests.reserveCapacity(min(plan.requests, 1 << 20))
    }

    deinit {
        unsafe buffer.deallocate()
    }

    private func run() -> LoadResult {
        start = Moment.now
        let cpu = Moment.threadCPU
        var last = start
        while true {
            let isSending = sendDue()
            if !isSending, idle.count == connections.count { break }
            poller.wake(at: isSending ? nextDue : nil)
            poller.wait { descriptor, interest in
                guard let connection = connections[descriptor] else { return }
                if interest.contains(.writing) { sendRest(connection) } else { read(connection) }
            }
        }
        last = result.requests.lazy.map(\.answered).max() ?? last
        result.cpu = Moment.threadCPU - cpu
        result.wall = last > start ? last - start : 0
        return result
    }

    /// When the next request is due, so that one who waits for answers wakes up for it; at least every 100 ms, to see
    /// whether it is time to stop.
    private var nextDue: UInt64 {
        let soon = Moment.now + 100_000_000
        guard !idle.isEmpty, case .perSecond(let rate) = plan.pace else { return soon }
        return min(soon, due(result.requests.count, rate))
    }

    private func due(_ number: Int, _ rate: Double) -> UInt64 {
        start + UInt64(Double(number) / rate * 1e9)
    }

    /// Sends what is due on connections that are free; false where nothing more will be sent.
    private func sendDue() -> Bool {
        var now = Moment.now
        while true {
            let number = result.requests.count
            guard number < plan.requests, Double(now - start) < plan.seconds * 1e9, plan.stop?.value != true,
                !connections.isEmpty
            else { return false }
            guard let descriptor = idle.last, let connection = connections[descriptor] else { return true }
            var time = now
            if case .perSecond(let rate) = plan.pace {
                time = due(number, rate)
                guard time <= now else { return true }
            }
            idle.removeLast()
            result.requests.append(.init(due: time))
            if plan.keepsBodies { result.bodies.append([]) }
            connection.number = number
            settle(connection, connection.send(plan.request(number)))
            if case .asFastAsAnswered = plan.pace { now = Moment.now }
        }
    }

    private func sendRest(_ connection: LeanConnection) {
        let step = connection.sendRest()
        if case .moved = step { poller.change(connection.wire.descriptor, to: .reading) }
        settle(connection, step)
    }

    private func settle(_ connection: LeanConnection, _ step: Wire.Step) {
        switch step {
        case .moved: return
        // Reading as well: the answer to a handshake may be what writing waits for.
        case .later: poller.change(connection.wire.descriptor, to: [.reading, .writing])
        case .ended: replace(connection)
        }
    }

    private func read(_ connection: LeanConnection) {
        switch unsafe connection.read(using: buffer, wantsBody: plan.keepsBodies) {
        case .partial: return
        case .ended: replace(connection)
        case .whole(let status, let body):
            guard let number = connection.number else { return }
            result.requests[number].answered = Moment.now
            result.requests[number].status = status
            if plan.keepsBodies { result.bodies[number] = Array(body) }
            connection.number = nil
            idle.append(connection.wire.descriptor)
        }
    }

    /// The other side has ended a connection: its request stays without an answer, and another takes its place.
    private func replace(_ connection: LeanConnection) {
        let descriptor = connection.wire.descriptor
        connections[descriptor] = nil
        idle.removeAll { $0 == descriptor }
        poller.forget(descriptor)
        try? connect()
    }

    /// Connects and shakes hands, waiting for both: this is no part of what is measured.
    private func connect() throws(WireError) {
        let port = plan.ports[turn % plan.ports.count]
        turn += 1
        let descriptor = try Loopback.connect(to: port)
        guard let wire = Wire(descriptor: descriptor, tls: tls, isServer: false), wire.shakeHands() else {
            throw .tls(step: "shake hands")
        }
        connections[descriptor] = LeanConnection(wire: wire)
        idle.append(descriptor)
        poller.watch(descriptor)
    }
}
