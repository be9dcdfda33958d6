internal import Synchronization

/// What a load client sends, over which connections, and when it stops.
public struct LoadPlan: Sendable {
    /// When requests are sent.
    public enum Pace: Sendable, Hashable {
        /// Each connection sends its next request as soon as it has the answer to the last.
        case asFastAsAnswered
        /// So many a second, on a schedule that does not wait for answers. A request that finds no free connection waits for
        /// one, and its latency counts from the time at which it was due.
        case perSecond(Double)
    }

    /// The ports of 127.0.0.1; connections take turns at them.
    public var ports: [UInt16]
    /// How many connections.
    public var connections: Int
    /// Whom to trust, in PEM; `nil` for connections without TLS.
    public var authority: String?
    /// When requests are sent.
    public var pace: Pace
    /// How many requests are sent at most.
    public var requests: Int
    /// After which time no more are sent.
    public var seconds: Double
    /// Ends it earlier.
    public var stop: LoadStop?
    /// Whether the bodies of answers are wanted.
    public var keepsBodies: Bool
    /// The bytes of a request, by its number from 0.
    public var request: @Sendable (Int) -> [UInt8]

    /// A plan.
    ///
    /// - Parameters:
    ///   - ports: of 127.0.0.1.
    ///   - connections: how many.
    ///   - authority: whom to trust, in PEM; `nil` for no TLS.
    ///   - pace: when requests are sent; as fast as they are answered unless told.
    ///   - requests: at most so many; no limit unless told.
    ///   - seconds: for so long; an hour unless told.
    ///   - stop: ends it earlier.
    ///   - keepsBodies: whether the bodies of answers are wanted.
    ///   - request: the bytes of a request, by its number from 0. What is made here is made on the client's thread.
    public init(
        ports: [UInt16],
        connections: Int,
        authority: String? = nil,
        pace: Pace = .asFastAsAnswered,
        requests: Int = .max,
        seconds: Double = 3_600,
        stop: LoadStop? = nil,
        keepsBodies: Bool = false,
        request: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.ports = ports
        self.connections = connections
        self.authority = authority
        self.pace = pace
        self.requests = requests
        self.seconds = seconds
        self.stop = stop
        self.keepsBodies = keepsBodies
        self.request = request
    }

    /// The bytes of a POST.
    ///
    /// - Parameters:
    ///   - path: such as `/bcl`.
    ///   - port: for the `Host` header.
    ///   - headers: whole lines without their ends; the host and the length are added.
    ///   - body: the body.
    /// - Returns: the whole request.
    public static func post(_ path: String, port: UInt16, headers: [String], body: [UInt8]) -> [UInt8] {
        let lines =
            ["POST \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Content-Length: \(body.count)"] + headers
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }
}

/// Ends a load that runs on another thread.
public final class LoadStop: Sendable {
    private let isSet = Atomic(false)

    /// One that is not set yet.
    public init() {}

    /// No request is sent from now on.
    public func set() {
        isSet.store(true, ordering: .relaxed)
    }

    /// Whether it is set.
    public var value: Bool { isSet.load(ordering: .relaxed) }
}
