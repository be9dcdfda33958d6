/// An RP on loopback that does what a test tells it, and remembers every request: real sockets, real TLS.
///
/// Each request takes the next step of its path's script, then of the general script, then the standing one. Threads
/// and sockets end with ``stop()``, or with the last reference.
public final class ScriptedRelyingParty: Sendable {
    /// How the server speaks, or fails to.
    public enum Transport: Sendable, Hashable, CaseIterable {
        /// HTTPS with a good certificate for `localhost`, `127.0.0.1`, `::1` and all of `*.rp.test`.
        case tls
        /// HTTP.
        case plain
        /// HTTPS with a certificate for another host.
        case wrongHost
        /// HTTPS with a certificate that has expired.
        case expired
        /// HTTPS with a certificate from an authority of the same name that nobody trusts.
        case unknownAuthority
        /// HTTPS with a certificate that nobody but itself has signed.
        case selfSigned
        /// HTTPS that speaks TLS 1.1 and nothing newer.
        case tls11Only
        /// HTTPS that speaks TLS 1.2 and nothing newer.
        case tls12Only
        /// HTTPS that asks for a certificate of the same authority, and speaks to nobody without.
        case mutual
        /// The same with TLS 1.2, where the client learns of it during the handshake.
        case mutualTLS12
        /// Answers the handshake with something else.
        case garbage
        /// Never answers the handshake.
        case stalled
    }

    private let core: ScriptedServer

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - authority: issues the certificate.
    ///   - transport: how to speak; well-behaved HTTPS unless told.
    ///   - ipv6: listens on `::1` instead of `127.0.0.1`.
    ///   - standing: what to do with a request that no script has a step for; 200 unless told.
    /// - Throws: ``ScriptedRelyingPartyError`` or ``CertificateError``.
    public init(
        authority: CertificateAuthority,
        transport: Transport = .tls,
        ipv6: Bool = false,
        standing: ScriptedStep = .ok
    ) throws {
        let server = try Self.server(transport, authority: authority)
        let listener = try ListeningSocket(ipv6: ipv6)
        core = ScriptedServer(transport: transport, tls: server, listener: listener, standing: standing)
        core.start()
    }

    /// Starts to listen at every address of the machine, with HTTPS: an RP, whatever an address turns out to be.
    ///
    /// - Parameters:
    ///   - port: where to listen.
    ///   - authority: issues the certificate.
    ///   - names: the names that it is good for.
    ///   - addresses: the addresses that it is good for.
    /// - Throws: ``ScriptedRelyingPartyError`` or ``CertificateError``.
    public init(
        everywhereAt port: UInt16,
        authority: CertificateAuthority,
        names: [String],
        addresses: [String]
    ) throws {
        core = ScriptedServer(
            transport: .tls,
            tls: try TLSServer(authority.issue(names: names, addresses: addresses)),
            listener: try ListeningSocket(everywhereAt: port),
            standing: .ok
        )
        core.start()
    }

    deinit {
        core.stop()
    }

    /// The port that it listens at.
    public var port: UInt16 { core.listener.port }

    /// An address to post to.
    ///
    /// - Parameters:
    ///   - path: the path and query, as they are to be sent.
    ///   - host: how to name the server; `127.0.0.1` unless told.
    /// - Returns: the address.
    public func uri(_ path: String = "/backchannel-logout", host: String = "127.0.0.1") -> String {
        "\(core.transport == .plain ? "http" : "https")://\(host):\(port)\(path)"
    }

    /// Adds steps for the next requests.
    ///
    /// - Parameters:
    ///   - steps: what to do, one for each request.
    ///   - path: only for requests with this target, query included; for all unless told.
    public func script(_ steps: ScriptedStep..., path: String? = nil) {
        core.add(steps, path: path)
    }

    /// Changes what to do with requests that no script has a step for.
    public func always(_ step: ScriptedStep) {
        core.setStanding(step)
    }

    /// Everything received up to now.
    public var received: [ReceivedRequest] { core.received }

    /// How many connections have been accepted.
    public var connections: Int { core.connections }

    /// Waits for requests.
    ///
    /// - Parameters:
    ///   - count: how many to wait for, counted from the start.
    ///   - bound: when to give up; far longer than any healthy test takes.
    /// - Returns: the first `count` requests.
    /// - Throws: ``ScriptedRelyingPartyError/tooFewRequests(expected:received:)``.
    public func next(_ count: Int = 1, within bound: Duration = .seconds(30)) async throws
        -> [ReceivedRequest]
    {
        try await core.wait(for: count, within: bound)
    }

    /// Closes the socket and every connection, and waits for its threads to end.
    public func stop() {
        core.stop()
    }

    private static func server(_ transport: Transport, authority: CertificateAuthority) throws -> TLSServer? {
        let names = ["localhost", "rp.test", "*.rp.test"]
        let addresses = ["127.0.0.1", "::1"]
        switch transport {
        case .plain, .garbage, .stalled:
            return nil
        case .tls:
            return try TLSServer(authority.issue(names: names, addresses: addresses))
        case .wrongHost:
            return try TLSServer(authority.issue(names: ["other.test"], addresses: ["192.0.2.1"]))
        case .expired:
            return try TLSServer(authority.issue(names: names, addresses: addresses, expired: true))
        case .unknownAuthority:
            let stranger = try CertificateAuthority(commonName: "Lastcall test authority")
            return try TLSServer(stranger.issue(names: names, addresses: addresses))
        case .selfSigned:
            return try TLSServer(authority.issue(names: names, addresses: addresses, selfSigned: true))
        case .tls11Only:
            return try TLSServer(authority.issue(names: names, addresses: addresses), onlyVersion: 0x0302)
        case .tls12Only:
            return try TLSServer(authority.issue(names: names, addresses: addresses), onlyVersion: 0x0303)
        case .mutual, .mutualTLS12:
            return try TLSServer(
                authority.issue(names: names, addresses: addresses),
                onlyVersion: transport == .mutual ? nil : 0x0303,
                asking: authority.certificatePEM
            )
        }
    }
}

/// Why a scripted RP cannot serve a test.
public enum ScriptedRelyingPartyError: Error, Sendable, Hashable {
    /// No socket; the number is its `errno`.
    case socket(errno: Int32)
    /// OpenSSL refused this step.
    case tls(String)
    /// Requests that a test waits for did not come in time.
    case tooFewRequests(expected: Int, received: Int)
}
