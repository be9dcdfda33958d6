/// How a relying party treats those who come to it, from their next connection or request on.
///
/// A status counts as answered once its whole head has been handed to the kernel: from then on the product may have read it.
package enum PartyBehaviour: Sendable, Hashable {
    /// Each POST is answered 200 at once.
    case ok
    /// Each POST is answered with this status, and these header lines.
    case status(Int, headers: [String] = [])
    /// Each POST is answered 200 after this time.
    case slow(Duration)
    /// POSTs are read and never answered.
    case hang
    /// Nobody listens: connections are refused, and those that there were are closed.
    case closedPort
    /// The kernel answers no SYN, as behind a firewall that drops them; connections that there were are closed.
    case dropSYN
    /// Connections are accepted and then silent: no byte of the TLS handshake ever comes. Those that there were are closed.
    case stallTLS
    /// Connections are reset once they are there, before TLS; those that there were too.
    case resetOnAccept
    /// A connection is reset when the first bytes of a POST come: the RP has not read it.
    case resetDuringRequest
    /// A connection is reset once a POST has been read whole.
    case resetAfterRequest
    /// A connection is reset in the middle of the answer's head.
    case resetMidAnswer
    /// Each POST is answered 200, and its connection reset behind the answer.
    case resetAfterAnswer
    /// POSTs are read whole and their connections closed without a byte.
    case answerLost
    /// Each POST is answered 200, so many bytes a second.
    case drip(bytesPerSecond: Int)
    /// Each POST is answered 200, with a body that never ends.
    case endlessBody
    /// Each POST is answered 200, with header fields that never end.
    case hugeHeaders

    /// Whether connections that were opened before are ended too: what it changes happens before a request.
    var endsConnections: Bool {
        switch self {
        case .closedPort, .dropSYN, .stallTLS, .resetOnAccept: true
        default: false
        }
    }
}
