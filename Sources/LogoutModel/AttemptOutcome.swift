/// What one attempt met on the wire. The raw value is what callers see and what the outbox stores.
public enum AttemptOutcome: String, Sendable, Hashable, CaseIterable {
    /// The RP answered with a 2xx.
    case delivered
    /// The RP refused the token.
    case rejected
    /// The RP answered with a redirect, which is never followed.
    case redirectRefused = "redirect_refused"
    /// Every address that the name stands for is one that may not be called.
    case blockedAddress = "blocked_address"
    /// The attempt's time ran out.
    case timeout
    /// No connection, or it broke.
    case unreachable
    /// The name could not be resolved.
    case dnsFailure = "dns_failure"
    /// TLS failed, or the certificate did not verify.
    case tlsFailure = "tls_failure"
    /// The RP answered with a 5xx, or asked for another try.
    case serverError = "server_error"
    /// The RP answered with a 429.
    case rateLimited = "rate_limited"
    /// The answer was no HTTP.
    case protocolError = "protocol_error"
    /// No token could be signed.
    case signingFailed = "signing_failed"
    /// This machine had no descriptor, port or memory; held against nobody.
    case localError = "local_error"
    /// The worker was lost; the RP may have acted.
    case unknown
}
