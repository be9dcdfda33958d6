/// A request as a ``ScriptedRelyingParty`` received it, byte for byte.
public struct ReceivedRequest: Sendable, Hashable {
    /// One header line, taken apart at its first colon; neither part is changed.
    public struct Header: Sendable, Hashable {
        /// The name as it was spelled.
        public let name: String
        /// The value without the spaces around it.
        public let value: String
    }

    /// The method, such as `POST`.
    public let method: String
    /// The request target as it was sent.
    public let target: String
    /// All headers in order.
    public let headers: [Header]
    /// The request line, the headers and the empty line, as they came.
    public let head: [UInt8]
    /// The body; of a chunked one its chunks as they came.
    public let body: [UInt8]
    /// Which connection it came on, counted from 1 in the order of acceptance.
    public let connection: Int
    /// `TLSv1.3` or its like; `nil` on a plain connection.
    public let tlsVersion: String?
    /// The name that the client asked for in its handshake (SNI).
    public let serverName: String?
    /// The common name of the certificate that the client showed; `nil` where it showed none.
    public let clientName: String?
    /// When it was read, in nanoseconds of the monotonic clock.
    public let receivedAt: UInt64

    /// What was read from a connection, with what the connection knows of its other side.
    init(_ parts: RequestReader.Parts, from stream: ByteStream, connection: Int, at receivedAt: UInt64) {
        method = parts.method
        target = parts.target
        headers = parts.headers
        head = parts.head
        body = parts.body
        self.connection = connection
        tlsVersion = stream.tlsVersion
        serverName = stream.serverName
        clientName = stream.clientName
        self.receivedAt = receivedAt
    }

    /// The values of a header, its name compared without regard to case.
    ///
    /// - Parameter name: the header's name.
    /// - Returns: one value for each such header, in order.
    public func values(of name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }
}
