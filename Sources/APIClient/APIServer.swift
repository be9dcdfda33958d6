import Threads

/// An API that runs elsewhere, and what it is called with.
public struct APIServer: Sendable {
    /// Where it is, without a path behind it: `https://lastcall.example.com`.
    public let url: String
    /// The API key that each call carries.
    public let key: String?
    /// Authorities that its certificate is checked against; the system's unless given.
    public var caFile: String?
    /// A client certificate with its private key, in PEM, for an API that asks for one.
    public var certificateFile: String?
    /// What calls say they are.
    public let userAgent: String
    /// Whether calls go through the proxy that the environment names, if it does; not unless told for what is on this machine.
    public var usesProxy: Bool

    /// An API at a URL.
    ///
    /// - Parameters:
    ///   - url: `http` or `https`; it may have a path, below which the API is.
    ///   - key: an API key, sent as a bearer token.
    ///   - userAgent: what calls say they are.
    /// - Throws: ``APIFailure/url(_:)`` for anything else.
    public init(url: String, key: String?, userAgent: String) throws(APIFailure) {
        let scheme = url.prefix { $0 != ":" }.lowercased()
        let rest = url.dropFirst(scheme.count)
        guard scheme == "http" || scheme == "https", rest.hasPrefix("://"), rest.count > 3,
            url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !url.contains(where: { "?#@\\".contains($0) })
        else { throw .url(url) }
        var trimmed = url
        while trimmed.last == "/" { trimmed.removeLast() }
        self.url = trimmed
        self.key = key
        self.userAgent = userAgent
        usesProxy = !Self.isLoopback(rest.dropFirst(3).prefix { $0 != "/" })
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        ["localhost", "127.0.0.1", "[::1]"].contains { host == $0 || host.hasPrefix("\($0):") }
    }

    /// Whether a key that is sent there can be read on the way.
    public var isExposed: Bool {
        url.lowercased().hasPrefix("http://") && !Self.isLoopback(url.dropFirst(7).prefix { $0 != "/" })
    }

    /// Makes a call, on a thread of its own, and waits for its answer, whatever its status.
    ///
    /// - Parameter call: the call.
    /// - Returns: the answer; one of server-sent events as soon as it begins.
    /// - Throws: ``APIFailure`` where there is no answer, or a header field cannot be sent.
    public func send(_ call: APICall) async throws -> APIAnswer {
        for (name, value) in call.headers where value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            throw APIFailure.field(name)
        }
        let exchange = Exchange()
        try DedicatedThread.start(named: "api-call") { exchange.end(Transfer(self, call, exchange).run()) }
        return try await withTaskCancellationHandler {
            try await exchange.answer()
        } onCancel: {
            exchange.leave()
        }
    }
}

/// One call of an API.
public struct APICall: Sendable {
    /// The method, in upper case.
    public let method: String
    /// Path and query as they are to be sent.
    public let target: String
    /// Header fields besides the key and the length.
    public let headers: [(name: String, value: String)]
    /// The body.
    public let body: [UInt8]

    /// A call.
    public init(
        method: String,
        target: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
    }
}

/// What a call was answered with.
public struct APIAnswer: Sendable {
    /// The HTTP status.
    public let status: Int
    /// The header fields, names in lower case.
    public let headers: [(name: String, value: String)]
    /// The whole body; nothing where it is a ``stream``.
    public let body: [UInt8]
    /// The body of an answer that has no end, as it comes. Whoever drops it ends it.
    public let stream: AsyncThrowingStream<[UInt8], any Error>?

    /// The first value of a header field, its name in lower case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}

/// Why a call has no answer.
public enum APIFailure: Error, Sendable, Hashable {
    /// The URL is none that an API can have.
    case url(String)
    /// The value of this header field has a control character: it would not arrive as one field, nor as it is.
    case field(String)
    /// The network, or TLS, in libcurl's words.
    case noAnswer(String)
    /// A stream was not read fast enough; it can be gone on with where the reader is.
    case tooSlow
    /// Whoever asked has gone.
    case left
}

extension APIFailure: CustomStringConvertible {
    /// For people.
    public var description: String {
        switch self {
        case .url(let url): "\(url) is no URL of an API"
        case .field(let name): "a control character cannot be sent as \(name)"
        case .noAnswer(let reason): reason
        case .tooSlow: "the stream was not read fast enough"
        case .left: "the call was given up"
        }
    }
}
