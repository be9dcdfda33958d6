import Glibc
import Synchronization

/// An HTTP proxy on loopback that tunnels CONNECT and nothing else, and remembers what it was asked for.
///
/// Whatever host a tunnel asks for, it leads to one loopback address at the same port, where a ``ScriptedRelyingParty`` may be.
/// Threads and sockets end with ``stop()``, or with the last reference.
public final class ScriptedProxy: Sendable {
    /// What it does with a request.
    public enum Step: Sendable, Hashable {
        /// Answers 200 and tunnels.
        case tunnel
        /// Answers with this status, headers that look like an RP's, and a body.
        case refuse(Int)
        /// Closes without an answer.
        case close
        /// Never answers.
        case hang
    }

    private let core: ProxyCore

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - authority: issues its certificate; without one the proxy speaks plain HTTP.
    ///   - names: what the certificate is good for.
    ///   - everywherePort: listens at this port of every address, instead of one that the system chooses of `127.0.0.1`.
    ///   - far: the loopback address that tunnels lead to, `127.0.0.1` unless told.
    ///   - decide: what to do with a request, by its target such as `192.0.2.1:443`; tunnels all unless told.
    /// - Throws: ``ScriptedRelyingPartyError`` or ``CertificateError``.
    public init(
        authority: CertificateAuthority? = nil,
        names: [String] = ["localhost"],
        everywherePort: UInt16? = nil,
        far: UInt32 = 0x7f00_0001,
        decide: @escaping @Sendable (ReceivedRequest) -> Step = { _ in .tunnel }
    ) throws {
        let certificate = try authority?.issue(names: names, addresses: ["127.0.0.1"])
        core = ProxyCore(
            listener: try everywherePort.map { try ListeningSocket(everywhereAt: $0) }
                ?? ListeningSocket(ipv6: false),
            tls: try certificate.map { try TLSServer($0) },
            far: far,
            decide: decide
        )
        core.start()
    }

    deinit { core.stop() }

    /// The port that it listens at.
    public var port: UInt16 { core.listener.port }

    /// Every request up to now.
    public var received: [ReceivedRequest] { core.state.withLock { $0.received } }

    /// How many connections have been accepted.
    public var connections: Int { core.state.withLock { $0.accepted } }

    /// Closes every connection and waits for its threads to end.
    public func stop() { core.stop() }
}

/// What the threads of one ``ScriptedProxy`` share.
private final class ProxyCore: Sendable {
    struct State {
        var received: [ReceivedRequest] = []
        var accepted = 0
        var open: Set<Int32> = []
        var threads = 1
        var isStopped = false
    }

    let listener: ListeningSocket
    let state = Mutex(State())
    private let tls: TLSServer?
    private let far: UInt32
    private let decide: @Sendable (ReceivedRequest) -> ScriptedProxy.Step
    private let ended = Gate()

    init(
        listener: ListeningSocket,
        tls: TLSServer?,
        far: UInt32,
        decide: @escaping @Sendable (ReceivedRequest) -> ScriptedProxy.Step
    ) {
        self.listener = listener
        self.tls = tls
        self.far = far
        self.decide = decide
    }

    func start() {
        let isStarted = ServerThread.start { [self] in
            while let descriptor = listener.accept() { serve(descriptor) }
            close(listener.descriptor)
            threadEnded()
        }
        if !isStarted { threadEnded() }
    }

    func stop() {
        let isFirst = state.withLock { state in
            defer { state.isStopped = true }
            for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
            return !state.isStopped
        }
        if isFirst { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }
        ended.wait()
    }

    private func serve(_ descriptor: Int32) {
        guard let number = opened(descriptor) else { return }
        let isStarted = ServerThread.start { [self] in
            talk(descriptor, number)
            ended(descriptor)
        }
        if !isStarted { ended(descriptor) }
    }

    private func opened(_ descriptor: Int32) -> Int? {
        let number: Int? = state.withLock { state in
            guard !state.isStopped else { return nil }
            state.open.insert(descriptor)
            state.accepted += 1
            state.threads += 1
            return state.accepted
        }
        if number == nil { close(descriptor) }
        return number
    }

    private func ended(_ descriptor: Int32) {
        forget(descriptor)
        threadEnded()
    }

    /// Closes under the lock, so that `stop()` never meets a descriptor that is somebody else's by now.
    private func forget(_ descriptor: Int32) {
        state.withLock { state in
            state.open.remove(descriptor)
            _ = close(descriptor)
        }
    }

    private func threadEnded() {
        TLSServer.threadEnds()
        let isLast = state.withLock { state in
            state.threads -= 1
            return state.threads == 0
        }
        if isLast { ended.open() }
    }

    // MARK: One connection

    private func talk(_ descriptor: Int32, _ number: Int) {
        let stream: ByteStream
        if let tls {
            guard let secure = ByteStream(descriptor: descriptor, server: tls) else { return }
            stream = secure
        } else {
            stream = ByteStream(descriptor: descriptor)
        }
        var reader = RequestReader()
        guard let parts = reader.next(from: stream) else { return }
        let request = ReceivedRequest(parts, from: stream, connection: number, at: 0)
        state.withLock { $0.received.append(request) }
        switch request.method == "CONNECT" ? decide(request) : .refuse(405) {
        case .tunnel: tunnel(stream, to: request.target)
        case .close: break
        case .hang: stream.waitForEnd()
        case .refuse(let status):
            let body = #"{"error":"from_the_proxy"}"#
            let head = "HTTP/1.1 \(status) No\r\nContent-Type: application/json\r\nRetry-After: 7\r\n"
            _ = stream.write(Array((head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body).utf8))
            stream.sayGoodbye()
        }
    }

    private func tunnel(_ stream: ByteStream, to target: String) {
        guard let port = target.split(separator: ":").last.flatMap({ UInt16($0) }),
            let far = try? LoopbackSocket(connectedTo: port, address: far)
        else {
            _ = stream.write(Array("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".utf8))
            return
        }
        state.withLock { state in
            state.open.insert(far.descriptor)
            if state.isStopped { shutdown(far.descriptor, Int32(SHUT_RDWR)) }
        }
        defer { forget(far.descriptor) }
        guard stream.write(Array("HTTP/1.1 200 Connected\r\nX-Proxy: yes\r\n\r\n".utf8)) else { return }
        let other = ByteStream(descriptor: far.descriptor)
        while true {
            let (near, distant) = stream.waitForEither(other)
            if near {
                let bytes = stream.read()
                guard !bytes.isEmpty, other.write(bytes) else { return }
            }
            if distant {
                let bytes = other.read()
                guard !bytes.isEmpty, stream.write(bytes) else { return }
            }
        }
    }
}
