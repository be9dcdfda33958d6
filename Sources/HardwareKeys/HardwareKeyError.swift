/// Why an HSM gave no signature; what OpenSSL and the module say of it quotes no secret.
public enum HardwareKeyError: Error, Sendable, Hashable {
    /// The module, or OpenSSL's engine for it, cannot be loaded.
    case moduleUnavailable(reasons: [String])
    /// The token refused the PIN. It is not shown again before the process is started anew: tokens lock themselves.
    case pinRefused
    /// No token has such a key, or its token is not there.
    case keyNotFound(reasons: [String])
    /// The token did not sign.
    case notSigned(reasons: [String])
    /// The URI is none.
    case malformedURI
    /// As many wait for the HSM as may; it was not asked.
    case busy
    /// It waited for the HSM for longer than it could.
    case timeout
    /// The process stops.
    case stopped
}
