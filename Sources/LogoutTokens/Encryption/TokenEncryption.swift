/// Encrypts the logout tokens of one client: the signed token is the plaintext.
///
/// Source: RFC 7516 §7.1, the compact serialization; RFC 7519 §11.2, sign first, then encrypt; OpenID Connect
/// Back-Channel Logout 1.0 §2.4 for `iss` in the header, by which the RP knows whose token it is before it decrypts.
public struct TokenEncryption: Sendable {
    /// How the content key gets to the RP.
    public let alg: KeyManagementAlgorithm
    /// How the token is encrypted.
    public let enc: ContentEncryption
    /// The client's key.
    public let key: EncryptionKey
    private let issuer: String

    /// Puts together what a client registered.
    ///
    /// - Parameters:
    ///   - alg: its `id_token_encrypted_response_alg`.
    ///   - enc: its `id_token_encrypted_response_enc`.
    ///   - key: its key, chosen for `alg`.
    ///   - issuer: the `iss` of its tokens.
    /// - Throws: ``EncryptionKeyError/noKey(_:)`` for a key of another kind.
    public init(
        alg: KeyManagementAlgorithm,
        enc: ContentEncryption,
        key: EncryptionKey,
        issuer: String
    ) throws(EncryptionKeyError) {
        guard key.fits(alg) else { throw .noKey(alg) }
        self.alg = alg
        self.enc = enc
        self.key = key
        self.issuer = issuer
    }

    /// Encrypts one token, with a content key and an initialization vector that no other token has.
    ///
    /// - Parameter token: the compact JWS.
    /// - Returns: the compact JWE in ASCII: base64url characters and four dots.
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    public func encrypt(_ token: [UInt8]) throws(KeyError) -> [UInt8] {
        let contentKey = try ContentKey(for: key, alg, enc)
        var header = JSONObjectWriter()
        header.member("alg", alg.rawValue)
        header.member("enc", enc.rawValue)
        header.member("typ", "logout+jwt")
        header.member("cty", "JWT")
        if let kid = key.kid { header.member("kid", kid) }
        header.member("iss", issuer)
        if let ephemeral = contentKey.ephemeralKey { header.member("epk", json: ephemeral) }
        var text: [UInt8] = []
        Base64.appendURL(header.finish(), to: &text)
        let iv = try Digests.randomBytes(enc.ivBytes)
        let sealed = try enc.seal(token, key: contentKey.bytes, iv: iv, authenticated: text)
        text.reserveCapacity(
            text.count + 4 + (contentKey.encrypted.count + sealed.ciphertext.count + 48) * 4 / 3
        )
        for part in [contentKey.encrypted, iv, sealed.ciphertext, sealed.tag] {
            text.append(UInt8(ascii: "."))
            Base64.appendURL(part, to: &text)
        }
        return text
    }
}
