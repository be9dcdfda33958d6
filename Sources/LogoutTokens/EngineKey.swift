/// A private key behind an engine of OpenSSL, such as an HSM's, on the one thread that uses it.
///
/// The key itself never comes out of there; only what it signs does.
public final class EngineKey {
    private let lane: SignatureLane
    private var signature: [UInt8] = []

    /// Takes over a key that an engine made.
    ///
    /// - Parameters:
    ///   - key: an `EVP_PKEY`; it is released with this object, before its engine must be.
    ///   - algorithm: what it signs with.
    /// - Throws: ``SigningError/library(operation:reasons:)`` where the key cannot sign so.
    public init(adopting key: OpaquePointer, for algorithm: SignatureAlgorithm) throws(SigningError) {
        unsafe lane = try SignatureLane(KeyHandle(adopting: key), for: algorithm)
    }

    /// Signs a message.
    ///
    /// - Parameter message: the signing input, RFC 7515 §5.1.
    /// - Returns: the signature in the form of RFC 7518 §3.3 to §3.5.
    /// - Throws: ``SigningError/library(operation:reasons:)``.
    public func signature(of message: [UInt8]) throws(SigningError) -> [UInt8] {
        try lane.sign(message, into: &signature)
        return signature
    }
}

@available(*, unavailable)
extension EngineKey: Sendable {}
