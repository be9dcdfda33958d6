/// A signing key whose private part is somewhere else: in an HSM, or with a signer of the OP's own.
///
/// What comes back from there is a signature that somebody else made: it is checked against the registered public
/// key before anything leaves with it.
public struct ExternalKey: Sendable, CustomStringConvertible {
    /// The registered public key.
    public let jwk: PublicJWK

    /// What the holder calls the key: a PKCS#11 URI, or a name in the signer.
    public let reference: String

    private let publicKey: PublicKey
    private let headers: TokenHeaders

    /// Describes a key.
    ///
    /// - Parameters:
    ///   - jwk: the public key, with the `kid` that headers carry.
    ///   - reference: what the holder calls it.
    /// - Throws: ``KeyError`` for a public key that is none, or is too weak.
    public init(_ jwk: PublicJWK, reference: String) throws(KeyError) {
        publicKey = try PublicKey(jwk)
        self.jwk = jwk
        self.reference = reference
        headers = TokenHeaders(jwk.algorithm, kid: jwk.kid)
    }

    /// What is to be signed: header and claims, RFC 7515 §5.1.
    ///
    /// - Parameter claims: what the token says.
    /// - Returns: the signing input in ASCII.
    public func signingInput<Claims: TokenClaims>(_ claims: Claims) -> [UInt8] {
        var input = headers[Claims.type]
        Base64.appendURL(claims.json(reusing: []), to: &input)
        return input
    }

    /// The token, once its signature is there.
    ///
    /// - Parameters:
    ///   - input: as ``signingInput(_:)`` made it.
    ///   - signature: in the form of RFC 7518 §3.3 to §3.5 or RFC 8037 §3.1.
    /// - Returns: the compact JWS.
    /// - Throws: ``SigningError/wrongSignature`` where it is not this key's over this input.
    public func token(_ input: [UInt8], signature: [UInt8]) throws(SigningError) -> [UInt8] {
        guard publicKey.verifies(signature, of: input) else { throw .wrongSignature }
        var token = input
        token.append(UInt8(ascii: "."))
        Base64.appendURL(signature, to: &token)
        return token
    }

    /// The algorithm and the `kid`.
    public var description: String { "ExternalKey(\(jwk.algorithm.rawValue), \(jwk.kid))" }
}
