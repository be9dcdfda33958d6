public import FoundationEssentials
public import Outbox
public import StrictJSON

/// What the console is given by whoever puts it together: it knows neither the API's module nor a socket.
///
/// Every action is a call of the API in the same process, by the holder of a key that has signed in. So there is one validation and one
/// audit trail, and the console can do nothing that the key could not.
public struct ConsoleBackend: Sendable {
    /// Whose key somebody has shown.
    public enum Identity: Sendable, Hashable {
        /// An issued key.
        case issued(UUID)
        /// The operator key of the settings.
        case configured
        /// Nobody's.
        case nobody
        /// Not looked at: too many were wrong of late.
        case tooMany
        /// Nobody can say now.
        case unavailable
    }

    /// A call of the API.
    public struct Call: Sendable {
        /// The method, in upper case.
        public var method: String
        /// The path, percent-encoded.
        public var path: String
        /// The query, without the question mark.
        public var query: String
        /// The body; `nil`: none.
        public var body: JSON?
    }

    /// What a call is answered with.
    public struct Answer: Sendable {
        /// The status code.
        public var status: Int
        /// The body.
        public var body: [UInt8]

        /// An answer.
        public init(status: Int, body: [UInt8]) {
            self.status = status
            self.body = body
        }
    }

    /// Judges an API key.
    public var identify: @Sendable (String) async -> Identity
    /// What only the operator key of the settings makes of a secret; `nil` where none is set.
    public var operatorProof: @Sendable ([UInt8]) -> [UInt8]?
    /// Calls the API as the holder of an issued key, or of the operator key of the settings (`nil`).
    public var call: @Sendable (Call, UUID?) async -> Answer
    /// Looks at the database.
    public var examine: @Sendable () async throws -> [DoctorFinding]

    /// All of it.
    public init(
        identify: @escaping @Sendable (String) async -> Identity,
        operatorProof: @escaping @Sendable ([UInt8]) -> [UInt8]?,
        call: @escaping @Sendable (Call, UUID?) async -> Answer,
        examine: @escaping @Sendable () async throws -> [DoctorFinding]
    ) {
        self.identify = identify
        self.operatorProof = operatorProof
        self.call = call
        self.examine = examine
    }
}

/// What the operator decides about the console.
public struct ConsoleSettings: Sendable {
    /// How long a session lasts.
    public var life = ConsoleSessionLife(idle: .seconds(1_800), longest: .seconds(43_200))
    /// How many pages may update themselves at once in one process.
    public var streamLimit = 32
    /// Whether browsers reach the console through TLS, here or in front of here: cookies are then for TLS alone.
    public var isSecure = false
    /// Whether it is served without TLS: for this machine alone.
    public var isLocal = true

    /// The defaults.
    public init() {}

    /// Whether an API key may be typed into it.
    var isSafe: Bool { isSecure || isLocal }
    /// The cookie of a session. Browsers take one with this prefix from TLS alone, for this host and no other.
    var sessionCookie: String { isSecure ? "__Host-lastcall-console" : "lastcall-console" }
    /// The cookie of whoever is about to sign in.
    var signInCookie: String { isSecure ? "__Host-lastcall-sign-in" : "lastcall-sign-in" }

    /// The field that sets a cookie for so many seconds; 0: that removes it.
    func cookie(_ name: String, _ value: String, seconds: Int) -> (name: String, value: String) {
        let secure = isSecure ? "; Secure" : ""
        return (
            "Set-Cookie", "\(name)=\(value); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict\(secure)"
        )
    }
}
