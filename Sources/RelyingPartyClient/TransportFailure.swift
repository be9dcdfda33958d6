/// Why a POST brought no answer.
public enum TransportFailure: Error, Sendable, Hashable {
    /// The deadline came first; `sent` tells whether the RP may have acted.
    case timeout(sent: Bool)
    /// No connection, or it ended before an answer was complete.
    case unreachable
    /// The name has no address, or its servers did not say.
    case dnsFailure
    /// No secure connection: handshake, protocol version, certificate or host name.
    case tlsFailure
    /// Every address that was offered is one that the rule refuses; the text names the last and its block.
    case blockedAddress(String)
    /// The URL is none that may be called: another scheme, user information, or no URL at all.
    case forbiddenURL
    /// What came is no HTTP answer, or its headers are over their cap.
    case protocolError
    /// This machine could not try; the RP has no part in it.
    case localError(LocalCause)
    /// The operator's proxy did not let it through; the RP has not seen any of it.
    case egressProxy(EgressProxyFailure)
    /// The sender was shut down first.
    case cancelled

    /// What failed on the way to the RP.
    var proxyFailure: EgressProxyFailure? {
        guard case .egressProxy(let failure) = self else { return nil }
        return failure
    }

    /// What the failure itself says to an operator.
    var sentence: String? {
        switch self {
        case .blockedAddress(let text): text
        case .egressProxy(let failure): failure.sentence
        default: nil
        }
    }

    /// What this machine was short of.
    public enum LocalCause: Sendable, Hashable {
        /// File descriptors.
        case noDescriptor
        /// Local ports or buffers of the network stack.
        case noPort
        /// Memory.
        case noMemory
        /// Threads to look up names on.
        case noThread
        /// Something else of libcurl's; the number is its `CURLcode`.
        case library(code: Int)
    }
}
