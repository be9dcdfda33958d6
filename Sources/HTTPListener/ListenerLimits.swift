import NIOCore

/// How much a caller may send, hold and wait before it has said anything that is believed.
///
/// Every connection is measured against these, whoever opened it: a slow or silent caller costs a descriptor and a few
/// kilobytes until its deadline, and never anything of the database.
public struct ListenerLimits: Sendable, Hashable {
    /// How long a request's head may take, from the opening of the connection or from the head's first byte.
    public var headerDeadline: Duration = .seconds(10)
    /// How long a request's body may take, on top of what ``bodyFloor`` allows for its length. Time in which the body
    /// is not read because the receiver is busy does not count.
    public var bodyDeadline: Duration = .seconds(30)
    /// How fast a long body must come, in bytes a second: each so many bytes earn it one more second.
    public var bodyFloor: Int = 32_768
    /// How long a connection may be open between two requests.
    public var idleDeadline: Duration = .seconds(75)
    /// How long a caller may take to read an answer that it is not reading fast enough.
    public var writeDeadline: Duration = .seconds(30)
    /// The longest head, request target and header fields together, in bytes.
    public var headerBytes: Int = 16_384
    /// The most header fields.
    public var headerFields: Int = 100
    /// The longest request target, in bytes.
    public var targetBytes: Int = 8_192

    /// The most requests that a caller may send ahead of their answers.
    static let pipelined = 64
    /// How long a connection stays open behind its last answer, so that the answer is read before the end is seen.
    static let lingerSeconds: Int64 = 2

    /// The defaults of every limit.
    public init() {}
}

extension TimeAmount {
    /// A duration as NIO counts it; a year where it is longer.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(min(seconds, 31_536_000) * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
