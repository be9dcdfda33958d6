public import StrictJSON

/// What a sink has received since it was last told to forget.
public struct SinkReport: Sendable, Hashable {
    /// One token as it came.
    public struct Sample: Sendable, Hashable {
        /// The port that it came to.
        public let port: Int
        /// The compact JWS.
        public let token: String
    }

    /// The POSTs.
    public var posts = 0
    /// How many of them had a body without a readable token.
    public var unreadable = 0
    /// How many `jti` there were; each POST must have its own.
    public var distinctJTI = 0
    /// How many combinations of port, `sub` and `sid` there were: deliveries, where a benchmark gives each its own `sid`.
    public var distinctDeliveries = 0
    /// Connections taken since the start, each a handshake.
    public var connections = 0
    /// The ports that got POSTs, and how many.
    public var postsByPort: [Int: Int] = [:]
    /// Tokens, evenly spaced over what came.
    public var samples: [Sample] = []

    /// Reads the line in which a sink reports.
    ///
    /// - Throws: `JSONError`.
    public init(_ json: JSON) throws(JSONError) {
        var reader = try ObjectReader(json)
        let whole = 0...Int.max
        posts = try reader.int("posts", whole)
        unreadable = try reader.int("unreadable", whole)
        distinctJTI = try reader.int("distinct_jti", whole)
        distinctDeliveries = try reader.int("distinct_deliveries", whole)
        connections = try reader.int("connections", whole)
        for var port in try reader.objects("ports", maximumCount: 65_535) {
            postsByPort[try port.int("port", 1...65_535)] = try port.int("posts", whole)
            try port.finish()
        }
        for var sample in try reader.objects("samples", maximumCount: 10_000) {
            samples.append(
                Sample(
                    port: try sample.int("port", 1...65_535),
                    token: try sample.string("token", maximumBytes: 65_536)
                )
            )
            try sample.finish()
        }
        try reader.finish()
    }

    init() {}

    /// Writes the line.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("posts", posts)
            writer.member("unreadable", unreadable)
            writer.member("distinct_jti", distinctJTI)
            writer.member("distinct_deliveries", distinctDeliveries)
            writer.member("connections", connections)
            writer.arrayMember("ports") { writer in
                for (port, posts) in postsByPort.sorted(by: { $0.key < $1.key }) {
                    writer.object { writer in
                        writer.member("port", port)
                        writer.member("posts", posts)
                    }
                }
            }
            writer.arrayMember("samples") { writer in
                for sample in samples {
                    writer.object { writer in
                        writer.member("port", sample.port)
                        writer.member("token", sample.token)
                    }
                }
            }
        }
    }
}
