internal import Glibc
internal import Synchronization

/// One connection through a ``CuttingProxy``: two sockets and the thread that moves bytes between them.
final class ProxyLink: Sendable {
    /// Why a link is over.
    private enum Over: Error { case ended, cut }

    private struct Sockets {
        var client: Int32
        var server: Int32 = -1
        var isOver = false
    }

    let number: Int
    private let upstream: String
    private let proxy: CuttingProxy
    private let sockets: Mutex<Sockets>

    init(_ number: Int, client: Int32, upstream: String, proxy: CuttingProxy) {
        (self.number, self.upstream, self.proxy) = (number, upstream, proxy)
        sockets = Mutex(Sockets(client: client))
    }

    /// Ends the link from another thread; its own closes the sockets.
    func end(isReset: Bool) {
        sockets.withLock { sockets in
            guard !sockets.isOver else { return }
            if isReset { ProxySocket.prepareReset(sockets.client) }
            shutdown(sockets.client, Int32(SHUT_RDWR))
            if sockets.server >= 0 { shutdown(sockets.server, Int32(SHUT_RDWR)) }
        }
    }

    /// Moves bytes until either side ends.
    func run() {
        let client = sockets.withLock { $0.client }
        proxy.waitForPassage(number)
        if let server = ProxySocket.connect(upstream) {
            sockets.withLock { $0.server = server }
            do {
                try move(client, server)
            } catch Over.cut {
                ProxySocket.prepareReset(client)
            } catch {}
        } else {
            ProxySocket.prepareReset(client)
        }
        proxy.forget(number)
        sockets.withLock { sockets in
            sockets.isOver = true
            close(sockets.client)
            if sockets.server >= 0 { close(sockets.server) }
        }
    }

    private func move(_ client: Int32, _ server: Int32) throws {
        var session = Session(client: client, server: server, proxy: proxy)
        while true {
            var items = (
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0)
            )
            let count = unsafe withUnsafeMutableBytes(of: &items) { bytes in
                unsafe poll(bytes.assumingMemoryBound(to: pollfd.self).baseAddress, 2, -1)
            }
            guard count > 0 || errno == EINTR else { return }
            proxy.waitForPassage(number)
            if items.1.revents != 0 { try session.fromServer() }
            if items.0.revents != 0 { try session.fromClient() }
        }
    }

    /// What one link knows of its session.
    private struct Session {
        let client: Int32
        let server: Int32
        let proxy: CuttingProxy
        var spoken = MessageReader(isStartup: true)
        var answered = MessageReader(isStartup: false)
        var tracker = CommitTracker()
        var isWithheld = false

        mutating func fromClient() throws {
            guard let bytes = ProxySocket.read(client) else { throw Over.ended }
            proxy.holdUp()
            spoken.append(bytes)
            var cleared: [UInt8] = []
            while let message = try spoken.next() {
                if message.kind == 0 {
                    if try begin(message) { cleared += message.bytes }
                    continue
                }
                guard let commit = tracker.client(message), let place = proxy.takeOrder(for: commit) else {
                    cleared += message.bytes
                    continue
                }
                if place == .beforeCommitSent {
                    try pass(cleared)
                    throw Over.cut
                }
                cleared += message.bytes
                isWithheld = true
            }
            try pass(cleared)
        }

        /// Whether this first message is for the server. A client that asks for encryption hears that there is none, and goes on.
        private mutating func begin(_ message: MessageReader.Message) throws -> Bool {
            let code = message.body.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            guard code == 80_877_103 || code == 80_877_104 else {
                // Behind the request to cancel another session nothing follows.
                spoken.isStartup = false
                return true
            }
            guard ProxySocket.send([UInt8(ascii: "N")], to: client) else { throw Over.ended }
            return false
        }

        private func pass(_ bytes: [UInt8]) throws {
            guard ProxySocket.send(bytes, to: server) else { throw Over.ended }
        }

        mutating func fromServer() throws {
            guard let bytes = ProxySocket.read(server) else { throw isWithheld ? Over.cut : Over.ended }
            answered.append(bytes)
            var isAnswered = false
            while let message = try answered.next() {
                if tracker.server(message) { isAnswered = true }
            }
            if isWithheld {
                if isAnswered { throw Over.cut }
                return
            }
            proxy.holdUp()
            guard ProxySocket.send(bytes, to: client) else { throw Over.ended }
        }
    }
}
