internal import StrictJSON

/// What has come to a sink: bodies as they are, and what is left of those that had to make room for newer ones.
final class SinkLedger {
    private let bodies: KeptBodies
    private var postsByPort: [Int]
    private var unkept = 0
    /// Of bodies that are kept no more.
    private var unreadable = 0
    private var tokenIDs: Set<Int> = []
    private var deliveries: Set<Int> = []

    /// - Throws: ``WireError/system(step:code:)``.
    init(ports: Int, keeping bytes: Int) throws(WireError) {
        bodies = try KeptBodies(reserving: bytes)
        postsByPort = Array(repeating: 0, count: ports)
    }

    /// The POSTs.
    var posts: Int { postsByPort.reduce(0, +) }

    /// Writes down a POST.
    func note(_ body: UnsafeRawBufferPointer, port: Int, firstByte: UInt64) {
        postsByPort[port] += 1
        // Only runs of many minutes come here: what tells tokens apart stays, the tokens go.
        if bodies.isFull { digest() }
        if unsafe !bodies.keep(body, port: port, firstByte: firstByte) { unkept += 1 }
    }

    /// Forgets everything.
    func reset() {
        bodies.removeAll()
        postsByPort = Array(repeating: 0, count: postsByPort.count)
        (unkept, unreadable) = (0, 0)
        tokenIDs.removeAll()
        deliveries.removeAll()
    }

    /// Analyses everything; bodies older than these are gone afterwards.
    func report(ports: [UInt16], samples wanted: Int) -> SinkReport {
        var report = SinkReport()
        var number = 0
        let stride = max(1, posts / max(1, wanted))
        bodies.forEach { body in
            defer { number += 1 }
            guard wanted > 0, number % stride == 0, report.samples.count < wanted else { return }
            let text = unsafe String(decoding: body.bytes, as: UTF8.self)
            guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return }
            report.samples.append(
                .init(port: Int(ports[body.port]), token: String(text[text.index(after: equals)...]))
            )
        }
        digest()
        report.posts = posts
        report.unreadable = unreadable + unkept
        report.distinctJTI = tokenIDs.count
        report.distinctDeliveries = deliveries.count
        for (position, posts) in postsByPort.enumerated() where posts > 0 {
            report.postsByPort[Int(ports[position])] = posts
        }
        return report
    }

    /// When the first byte of each POST came, for those kept whose `sid` begins so.
    func arrivals(prefix: String) -> [SinkArrival] {
        var arrivals: [SinkArrival] = []
        let prefix = Array(prefix.utf8)
        bodies.forEach { body in
            guard let token = unsafe TokenMembers(body: body.bytes), token.sid.starts(with: prefix) else {
                return
            }
            arrivals.append(
                SinkArrival(sid: String(decoding: token.sid, as: UTF8.self), firstByte: body.firstByte)
            )
        }
        return arrivals
    }

    private func digest() {
        bodies.forEach { body in
            guard let token = unsafe TokenMembers(body: body.bytes) else {
                unreadable += 1
                return
            }
            // Hashes of 64 bits: among ten million, two that differ and look alike have odds of 1 in 300,000.
            tokenIDs.insert(token.jti.hashValue)
            var hasher = Hasher()
            hasher.combine(body.port)
            hasher.combine(token.sub)
            hasher.combine(token.sid)
            deliveries.insert(hasher.finalize())
        }
        bodies.removeAll()
    }
}

/// When a delivery reached the sink.
public struct SinkArrival: Sendable, Hashable {
    /// The `sid` of its token.
    public let sid: String
    /// When its first byte was read, on `CLOCK_MONOTONIC`, in nanoseconds.
    public let firstByte: UInt64
}
