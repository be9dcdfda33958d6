import Glibc

/// A loopback port where nobody listens, and nobody else can while this lives: connections to it are refused.
public final class ClosedPort: Sendable {
    private let socket: LoopbackSocket

    /// Takes a port.
    ///
    /// - Parameters:
    ///   - ipv6: of `::1` instead of `127.0.0.1`.
    ///   - port: which; one that the system chooses unless told.
    /// - Throws: ``ScriptedRelyingPartyError/socket(errno:)``.
    public init(ipv6: Bool = false, port: UInt16 = 0) throws {
        socket = try LoopbackSocket(ipv6: ipv6, port: port)
    }

    deinit {
        close(socket.descriptor)
    }

    /// The port.
    public var port: UInt16 { socket.port }
}
