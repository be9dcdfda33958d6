/// One call as it arrives, before anything of it is believed. The same for HTTP and for the command line.
public struct APIRequest: Sendable {
    /// The method, in upper case.
    public let method: String
    /// The path as sent, percent-encoded.
    public let path: String
    /// The query as sent, without the question mark.
    public let query: String
    /// The header fields, names in lower case.
    public let headers: [(name: String, value: String)]
    /// Reads the body up to a limit; throws ``BodyTooLarge`` beyond it.
    public let body: @Sendable (Int) async throws -> [UInt8]
    /// The body piece by piece, for what must not hold it whole; the sender waits while a piece is dealt with. Either
    /// this or ``body`` is read, once.
    public let chunks: any AsyncSequence<[UInt8], any Error> & Sendable
    /// Sets what is done when the caller hangs up before it is answered.
    public var whenHungUp: @Sendable (@escaping @Sendable () -> Void) -> Void = { _ in }

    /// The body is larger than what is read.
    public struct BodyTooLarge: Error {
        /// Says so.
        public init() {}
    }

    /// The caller went away before the end of the body.
    public struct BodyBroken: Error {
        /// Says so.
        public init() {}
    }

    /// The body did not come in time.
    public struct BodyTooSlow: Error {
        /// Says so.
        public init() {}
    }

    /// A call whose body is read when it is needed.
    public init(
        method: String,
        path: String,
        query: String = "",
        headers: [(name: String, value: String)] = [],
        body: @escaping @Sendable (Int) async throws -> [UInt8]
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        chunks = WholeBody(read: body)
    }

    /// A call whose body can also be read piece by piece.
    public init(
        method: String,
        path: String,
        query: String = "",
        headers: [(name: String, value: String)] = [],
        chunks: some AsyncSequence<[UInt8], any Error> & Sendable
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.chunks = chunks
        body = { limit in
            var body: [UInt8] = []
            for try await chunk in chunks {
                guard chunk.count <= limit - body.count else { throw BodyTooLarge() }
                body += chunk
            }
            return body
        }
    }

    /// The values of a header field, in the order in which they were sent.
    func values(of name: String) -> [String] {
        headers.filter { $0.name == name }.map(\.value)
    }

    /// A header field that may be sent once.
    func single(_ name: String) throws -> String? {
        let values = values(of: name)
        guard values.count <= 1 else {
            throw Problem.invalidRequest("The header \(name) is sent more than once.")
        }
        return values.first
    }
}

/// A body that is only known as a whole, as one piece.
private struct WholeBody: AsyncSequence, Sendable {
    let read: @Sendable (Int) async throws -> [UInt8]

    struct Iterator: AsyncIteratorProtocol {
        var read: (@Sendable (Int) async throws -> [UInt8])?

        mutating func next() async throws -> [UInt8]? {
            defer { read = nil }
            return try await read?(.max)
        }
    }

    func makeAsyncIterator() -> Iterator { Iterator(read: read) }
}

/// What a call is answered with.
public struct APIResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields.
    public var headers: [(name: String, value: String)]
    /// The whole body; nothing where it is a ``stream``.
    public var body: [UInt8]
    /// A body without an end: chunks, each to be written when it comes. Whoever drops it ends it.
    public var stream: (any AsyncSequence<[UInt8], any Error> & Sendable)?

    init(status: Int, contentType: String? = "application/json", body: [UInt8] = []) {
        self.status = status
        self.body = body
        headers = contentType.map { [("Content-Type", $0)] } ?? []
    }

    /// An answer that somebody else has made.
    public init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static let noContent = APIResponse(status: 204, contentType: nil)
}
