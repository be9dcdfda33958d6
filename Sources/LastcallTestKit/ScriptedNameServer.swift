import COpenSSL
import Glibc
import Synchronization

/// A name server on loopback that says what a test tells it: over UDP, and over TCP where it says "truncated".
///
/// It is the resolver that programs ask, so it follows its own aliases. Its thread ends with the last reference.
public final class ScriptedNameServer: Sendable {
    /// What is said of a name.
    public indirect enum Answer: Sendable, Hashable {
        /// These addresses: those of the family that was asked for.
        case addresses([String], ttl: UInt32 = 0)
        /// Another name (CNAME), with all that is said of that.
        case alias(String)
        /// Another name (CNAME), and nothing of what it stands for.
        case bareAlias(String)
        /// There is no such name.
        case noSuchName
        /// The server is at fault (SERVFAIL).
        case serverFailure
        /// The server refuses to say.
        case refused
        /// Nothing.
        case silence
        /// Over UDP only that the answer is too long; over TCP the answer.
        case truncated(Answer)
        /// Bytes that are no answer.
        case garbage
    }

    private let core: NameServerCore

    /// Starts to answer.
    ///
    /// - Parameters:
    ///   - port: of `127.0.0.1`; 53 is what resolvers ask.
    ///   - names: what is said of each name, in lower case: the first answer to the first query of a family, and so on;
    ///     the last one stays. Other names do not exist.
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    public init(port: UInt16 = 53, names: [String: [Answer]]) throws {
        core = NameServerCore(
            datagrams: try LoopbackSocket(datagramsAt: port).descriptor,
            listener: try ListeningSocket(ipv6: false, port: port),
            names: names
        )
        core.start()
    }

    deinit { core.stop() }

    /// Changes what is said of a name.
    ///
    /// - Parameters:
    ///   - answers: the first to the next query of a family, and so on; the last one stays.
    ///   - name: in lower case.
    public func say(_ answers: [Answer], of name: String) {
        core.names.withLock { $0[name] = answers }
        core.state.withLock { state in for type in DNSQuery.types { state["\(name)/\(type)"] = nil } }
    }

    /// How often a name was asked for, in either family.
    public func queries(for name: String) -> Int {
        core.state.withLock { state in DNSQuery.types.reduce(0) { $0 + (state["\(name)/\($1)"] ?? 0) } }
    }
}

/// What the thread of one ``ScriptedNameServer`` works with.
private final class NameServerCore: Sendable {
    /// Queries by name and type.
    let state = Mutex<[String: Int]>([:])
    private let datagrams: Int32
    private let listener: ListeningSocket
    let names: Mutex<[String: [ScriptedNameServer.Answer]]>
    private let stopped = Gate()
    private let ended = Gate()

    init(datagrams: Int32, listener: ListeningSocket, names: [String: [ScriptedNameServer.Answer]]) {
        self.datagrams = datagrams
        self.listener = listener
        self.names = Mutex(names)
    }

    func start() {
        let isStarted = ServerThread.start { [self] in
            run()
            close(datagrams)
            close(listener.descriptor)
            ended.open()
        }
        if !isStarted { ended.open() }
    }

    func stop() {
        stopped.open()
        ended.wait()
    }

    private func run() {
        var events = [datagrams, listener.descriptor, stopped.descriptor].map { descriptor in
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        }
        while true {
            while unsafe poll(&events, 3, -1) < 0 {}
            if events[2].revents != 0 { return }
            if events[0].revents != 0 { answerDatagram() }
            if events[1].revents != 0, let connection = listener.accept() {
                var patience = timeval(tv_sec: 0, tv_usec: Self.patienceMicroseconds)
                let size = socklen_t(MemoryLayout<timeval>.size)
                unsafe setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
                answerStream(ByteStream(descriptor: connection))
                close(connection)
            }
        }
    }

    private func answerDatagram() {
        var buffer = [UInt8](repeating: 0, count: 2_048)
        var peer = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = unsafe withUnsafeMutablePointer(to: &peer) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe recvfrom(datagrams, &buffer, buffer.count, 0, address, &length)
            }
        }
        guard count > 0, let query = DNSQuery(buffer.prefix(count)),
            let answer = reply(to: query, isStream: false)
        else { return }
        _ = unsafe withUnsafePointer(to: &peer) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(datagrams, answer, answer.count, 0, address, length)
            }
        }
    }

    /// Queries over TCP, one or more, have their length before them, and so have answers. Source: RFC 1035 §4.2.2.
    private func answerStream(_ stream: ByteStream) {
        var bytes: [UInt8] = []
        while true {
            let more = stream.read()
            guard !more.isEmpty else { return }
            bytes += more
            while bytes.count > 2 {
                let end = 2 + (Int(bytes[0]) << 8 | Int(bytes[1]))
                guard bytes.count >= end else { break }
                guard let query = DNSQuery(bytes[2..<end]), let answer = reply(to: query, isStream: true),
                    stream.write([UInt8(answer.count >> 8), UInt8(answer.count & 255)] + answer)
                else { return }
                bytes.removeFirst(end)
            }
        }
    }

    /// How long a resolver that stays connected holds up the others.
    private static let patienceMicroseconds = 300_000

    private func reply(to query: DNSQuery, isStream: Bool) -> [UInt8]? {
        var records: [DNSQuery.Record] = []
        var name = query.name
        for _ in 0..<16 {
            var said = answer(of: name, type: query.type, counts: !isStream)
            if case .truncated(let whole) = said {
                if !isStream { return query.reply(isTruncated: true) }
                said = whole
            }
            switch said {
            case .addresses(let addresses, let ttl):
                records += addresses.map { .init(name: name, ttl: ttl, data: .address($0)) }
                return query.reply(records)
            case .alias(let other):
                records.append(.init(name: name, ttl: 0, data: .alias(other)))
                name = other
            case .bareAlias(let other):
                return query.reply(records + [.init(name: name, ttl: 0, data: .alias(other))])
            case .noSuchName: return query.reply(records, code: 3)
            case .serverFailure: return query.reply(code: 2)
            case .refused: return query.reply(code: 5)
            case .garbage: return query.garbage
            case .silence, .truncated: return nil
            }
        }
        return query.reply(code: 2)
    }

    private func answer(of name: String, type: UInt16, counts: Bool) -> ScriptedNameServer.Answer {
        guard let answers = names.withLock({ $0[name] }), let last = answers.last else { return .noSuchName }
        let number = state.withLock { state in
            let number = state["\(name)/\(type)", default: 0]
            if counts { state["\(name)/\(type)"] = number + 1 }
            return counts ? number : max(0, number - 1)
        }
        return number < answers.count ? answers[number] : last
    }
}
