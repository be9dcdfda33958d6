import COpenSSL
import Glibc

/// A socket that listens on a loopback address, at a port that the system chooses.
struct ListeningSocket: Sendable {
    let descriptor: Int32
    let port: UInt16

    /// Listens on `127.0.0.1`, or on `::1`.
    ///
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    init(ipv6: Bool, port: UInt16 = 0) throws {
        try self.init(LoopbackSocket(ipv6: ipv6, port: port))
    }

    /// Listens at a port of every address.
    ///
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    init(everywhereAt port: UInt16) throws {
        try self.init(LoopbackSocket(everywhereAt: port))
    }

    private init(_ socket: LoopbackSocket) throws {
        descriptor = socket.descriptor
        port = socket.port
        guard listen(descriptor, 1_024) == 0 else {
            let code = errno
            close(descriptor)
            throw ScriptedRelyingPartyError.socket(errno: code)
        }
    }

    /// The next connection; `nil` once the socket is shut down.
    func accept() -> Int32? {
        while true {
            let connection = Glibc.accept(descriptor, nil, nil)
            if connection >= 0 {
                closeOnExec(connection)
                var on: Int32 = 1
                unsafe setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
                return connection
            }
            guard errno == EINTR || errno == ECONNABORTED || errno == EMFILE else { return nil }
            // No descriptor at the moment: the connection waits in the queue, and so does this thread.
            if errno == EMFILE { usleep(1_000) }
        }
    }
}
