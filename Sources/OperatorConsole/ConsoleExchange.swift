/// One request for a page, before anything of it is believed.
public struct ConsoleRequest: Sendable {
    /// The method, in upper case; HEAD is GET.
    public var method: String
    /// The path as sent, percent-encoded.
    public var path: String
    /// The query as sent, without the question mark.
    public var query: String
    /// The header fields, names in lower case.
    public var headers: [(name: String, value: String)]
    /// Reads the body; `nil` where it is longer than the limit, or does not come.
    public var body: @Sendable (Int) async -> [UInt8]?

    /// A request.
    public init(
        method: String,
        path: String,
        query: String,
        headers: [(name: String, value: String)],
        body: @escaping @Sendable (Int) async -> [UInt8]?
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
    }

    /// A header field that must be there at most once; `nil` where it is missing or repeated.
    func header(_ name: String) -> String? {
        let found = headers.filter { $0.name == name }
        return found.count == 1 ? found[0].value : nil
    }

    /// Whether a page's script asks for it to update itself.
    var isForStream: Bool { header("accept") == "text/event-stream" }

    /// A cookie; `nil` where it is missing or repeated.
    func cookie(_ name: String) -> String? {
        let pairs = headers.filter { $0.name == "cookie" }.flatMap { $0.value.split(separator: ";") }
        let found = pairs.compactMap { pair -> String? in
            let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            return parts.count == 2 && parts[0] == name ? String(parts[1]) : nil
        }
        return found.count == 1 ? found[0] : nil
    }
}

/// What a request is answered with.
public struct ConsoleResponse: Sendable {
    /// The status code.
    public var status: Int
    /// The header fields.
    public var headers: [(name: String, value: String)]
    /// The whole body; nothing where it is a ``stream``.
    public var body: [UInt8]
    /// A body without an end: chunks, each to be written when it comes.
    public var stream: (any AsyncSequence<[UInt8], any Error> & Sendable)?

    /// What every answer says to the browser: nothing but the console's own style, script and images; no frame around it, no guess about
    /// types, no page kept, and no address told to others.
    static let hardening: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
                + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        // Not no-referrer: with it browsers send forms with `Origin: null`.
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ]

    init(status: Int, contentType: String?, body: [UInt8] = [], isKept: Bool = false) {
        self.status = status
        self.body = body
        headers = Self.hardening
        if let contentType { headers.append(("Content-Type", contentType)) }
        headers.append(("Cache-Control", isKept ? "public, max-age=31536000, immutable" : "no-store"))
    }

    /// What is answered where too many calls are in progress.
    public static var overloaded: ConsoleResponse {
        var response = ConsoleResponse(
            status: 503,
            contentType: "text/plain; charset=utf-8",
            body: Array("Too many calls are in progress.\n".utf8)
        )
        response.headers.append(("Retry-After", "1"))
        return response
    }

    /// Sends the browser to a page, with GET.
    static func redirect(to path: String) -> ConsoleResponse {
        var response = ConsoleResponse(status: 303, contentType: nil)
        response.headers.append(("Location", path))
        return response
    }
}
