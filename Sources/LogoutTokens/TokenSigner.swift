/// Signs tokens on one thread.
///
/// Not `Sendable` on purpose: it keeps OpenSSL contexts that are set up once per key and then used again and
/// again. A process has one signer per signing thread; keys are shared between them.
///
/// Source: RFC 7515 §7.1, the compact serialization.
public final class TokenSigner {
    private let capacity: Int
    private var lanes: [ObjectIdentifier: Lane] = [:]
    private var turn: UInt64 = 0
    private var payload: [UInt8] = []
    private var signature: [UInt8] = []

    private struct Lane {
        let signer: SignatureLane
        /// Kept alive, so that no other key can come to have the same identity.
        let key: PrivateKey
        var lastTurn: UInt64
    }

    /// Makes a signer without contexts; each key gets its own at its first token.
    ///
    /// - Parameter capacity: how many keys keep their contexts, at least 1; beyond that the key that signed
    ///   longest ago loses its own.
    public init(capacity: Int = 256) {
        self.capacity = max(1, capacity)
    }

    /// Signs one token.
    ///
    /// - Parameters:
    ///   - claims: what it says.
    ///   - key: the key, with its `kid` and its header.
    /// - Returns: the compact JWS in ASCII: base64url characters and two dots.
    /// - Throws: ``SigningError/library(operation:reasons:)``.
    public func sign<Claims: TokenClaims>(
        _ claims: Claims,
        with key: SigningKey
    ) throws(SigningError) -> [UInt8] {
        let header = key.encodedHeader(Claims.type)
        let lane = try lane(for: key.privateKey)
        payload = claims.json(reusing: payload)
        let payloadLength = (payload.count * 4 + 2) / 3
        let signatureLength = (lane.longestSignature * 4 + 2) / 3
        var token: [UInt8] = []
        token.reserveCapacity(header.count + payloadLength + 1 + signatureLength)
        token.append(contentsOf: header)
        Base64.appendURL(payload, to: &token)
        try lane.sign(token, into: &signature)
        token.append(UInt8(ascii: "."))
        Base64.appendURL(signature, to: &token)
        return token
    }

    /// Signs bytes of any kind: the signature of a JWS, before its base64url.
    ///
    /// - Parameters:
    ///   - message: the signing input, RFC 7515 §5.1.
    ///   - key: the key.
    /// - Returns: the signature in the form of RFC 7518 §3.3 to §3.5 or RFC 8037 §3.1.
    /// - Throws: ``SigningError/library(operation:reasons:)``.
    public func signature(of message: [UInt8], with key: PrivateKey) throws(SigningError) -> [UInt8] {
        try lane(for: key).sign(message, into: &signature)
        return signature
    }

    private func lane(for key: PrivateKey) throws(SigningError) -> SignatureLane {
        turn += 1
        let identity = ObjectIdentifier(key)
        if let found = lanes[identity] {
            lanes[identity]?.lastTurn = turn
            return found.signer
        }
        let signer = try SignatureLane(key)
        if lanes.count >= capacity, let oldest = lanes.min(by: { $0.value.lastTurn < $1.value.lastTurn }) {
            lanes[oldest.key] = nil
        }
        lanes[identity] = Lane(signer: signer, key: key, lastTurn: turn)
        return signer
    }
}

@available(*, unavailable)
extension TokenSigner: Sendable {}
