import CCurl
import DeliveryPolicy
import Glibc

/// Judges each address of one request at the last moment: when a socket is about to be opened to it, and
/// when a request is about to be written to a connection that is there already.
///
/// The second is needed because a reused connection opens no socket, and the rule may have changed since.
struct SocketGuard {
    private let check: AddressCheck
    /// Where it is set, sockets lead to its proxy and nowhere else; what CONNECT asks for has been judged.
    private let tunnel: Tunnel?

    /// The last address that a socket was opened for.
    private(set) var opened: IPAddress?
    /// The last refusal, for the operator.
    private(set) var refusal: String?
    /// The last `errno` of opening a socket.
    private(set) var openError: Int32 = 0
    /// Whether a request was let through to a connection.
    private(set) var permitted = false
    /// Whether libcurl meant to write the request a second time; see ``mayWrite(to:port:)``.
    private(set) var resendRefused = false

    init(_ check: AddressCheck, tunnel: Tunnel? = nil) {
        self.check = check
        self.tunnel = tunnel
    }

    /// Whether every address offered was refused.
    var isBlocked: Bool { refusal != nil && opened == nil && openError == 0 && !permitted }

    /// Opens a socket, unless the address is refused: libcurl then goes on to the next one.
    ///
    /// - Returns: the descriptor; -1 for a refusal or where there is none to be had.
    mutating func open(_ target: SocketAddress, family: Int32, type: Int32, proto: Int32) -> Int32 {
        guard admits(target.address, port: target.port) else { return -1 }
        let descriptor = socket(family, type | Int32(SOCK_CLOEXEC.rawValue), proto)
        guard descriptor >= 0 else {
            openError = errno
            return -1
        }
        opened = target.address
        return descriptor
    }

    /// Says no to something that is no IP address, such as a Unix socket.
    mutating func refuseFamily(_ family: Int32) {
        refusal = "address family \(family)"
    }

    /// Whether the request may be written to a connection with this address.
    ///
    /// A second time never: libcurl repeats a request by itself when a reused connection ends without an
    /// answer, but the RP may have taken the token, and would then refuse its repeated `jti`.
    mutating func mayWrite(to text: String, port: UInt16) -> Bool {
        guard !permitted else {
            resendRefused = true
            return false
        }
        guard let address = IPAddress(text) else {
            refusal = "an address that cannot be read"
            return false
        }
        permitted = admits(address, port: port)
        return permitted
    }

    private mutating func admits(_ address: IPAddress, port: UInt16) -> Bool {
        let found =
            tunnel.map { $0.refusal(of: address, port: port) } ?? check.refusal(of: address, port: port)
        guard let reason = found else { return true }
        refusal = reason
        return false
    }
}
