/// How a ``RelyingPartyClient`` connects, and its limits.
public struct ClientConfiguration: Sendable {
    /// The `User-Agent`, such as `Lastcall/1.0.0`: visible ASCII and spaces.
    public var userAgent: String

    /// A PEM file of the authorities to trust, instead of the system's.
    public var caFile: String?

    /// The operator's proxy for all requests; none unless given, whatever the environment says.
    public var egressProxy: EgressProxy?

    /// How much of an answer's body is read, in bytes; over it the connection is closed.
    public var bodyLimit = 16_384

    /// How long a document may be that is fetched, in bytes.
    public var documentLimit = 262_144

    /// The oldest version of TLS that is spoken.
    public var minimumTLS = TLSVersion.tls12
    /// Whether the body of a 200 is handed over with the answer: what a signer says. RPs have nothing to say.
    public var keepsBody = false

    /// How many bytes of headers an answer may have, interim answers and trailers included.
    public var headerLimit = 65_536

    /// How many connections are kept, in use or idle; where there are more RPs, those of longest ago are dialled again.
    public var maximumConnections = 2_048

    /// How long an idle connection is kept: shorter than most servers do, so that few are found closed.
    public var idleConnectionLifetime = Duration.seconds(15)

    /// How long any connection is reused, so that certificates and addresses are looked at again.
    public var connectionLifetime = Duration.seconds(120)

    /// How long the addresses of a name are used before it is looked up again; zero asks each time.
    public var nameLifetime = Duration.seconds(30)

    /// How many names may be looked up at once, each on a thread of its own.
    public var lookupThreads = 64

    /// Where addresses of names come from.
    public var lookup = HostLookup.system

    /// How long requests in flight may go on after a shutdown.
    public var shutdownGrace = Duration.seconds(5)

    /// The defaults, with the name that Lastcall gives itself.
    ///
    /// - Parameter userAgent: see ``userAgent``.
    public init(userAgent: String) {
        self.userAgent = userAgent
    }

    /// Checks the settings that libcurl would take as they are.
    func check() throws(RelyingPartyClientError) {
        let visible = userAgent.utf8.allSatisfy { (0x20...0x7e).contains($0) }
        guard visible, !userAgent.isEmpty else { throw .invalidSetting("userAgent") }
        guard bodyLimit >= 0 else { throw .invalidSetting("bodyLimit") }
        guard documentLimit >= 0 else { throw .invalidSetting("documentLimit") }
        guard headerLimit > 0 else { throw .invalidSetting("headerLimit") }
        guard (1...1_000_000).contains(maximumConnections) else {
            throw .invalidSetting("maximumConnections")
        }
        guard (1...1_024).contains(lookupThreads) else { throw .invalidSetting("lookupThreads") }
    }
}

/// A version of TLS that may be asked for; older ones are never spoken.
public enum TLSVersion: Sendable, Hashable {
    /// TLS 1.2. Source: RFC 9325 §3.1.1.
    case tls12
    /// TLS 1.3.
    case tls13
}

/// Why a ``RelyingPartyClient`` cannot work.
public enum RelyingPartyClientError: Error, Sendable, Hashable {
    /// libcurl could not be initialised, or lacks what is needed; the text says what.
    case libraryUnavailable(String)
    /// The setting of this name is out of its range.
    case invalidSetting(String)
    /// The file of authorities cannot be read.
    case unreadableCAFile(String)
    /// The thread could not be started; the number is its `errno`.
    case threadNotStarted(Int32)
    /// `run()` was called a second time.
    case alreadyRunning
}
