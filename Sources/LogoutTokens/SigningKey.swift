/// A private key with its `kid`, and the header of every token it signs, written once.
public struct SigningKey: Sendable, CustomStringConvertible {
    /// The key that signs.
    public let privateKey: PrivateKey

    /// The `kid` that headers carry and the JWK Set shows.
    public let kid: String

    /// The base64url JOSE header and the dot behind it: how each token of this key begins.
    let encodedHeader: [UInt8]

    /// Names a key.
    ///
    /// - Parameters:
    ///   - privateKey: the key.
    ///   - kid: 1 to 255 bytes of UTF-8 without control characters; the thumbprint (RFC 7638) unless told.
    /// - Throws: ``KeyError/kidMalformed``.
    public init(_ privateKey: PrivateKey, kid: String? = nil) throws(KeyError) {
        self.privateKey = privateKey
        self.kid = try Self.checkedKid(kid ?? privateKey.thumbprint)
        encodedHeader = Self.encodedHeader(privateKey.algorithm, kid: self.kid)
    }

    /// The algorithm that the key signs with.
    public var algorithm: SignatureAlgorithm { privateKey.algorithm }

    /// The public key for the JWK Set.
    public var publicJWK: PublicJWK {
        PublicJWK(kid: kid, algorithm: algorithm, material: privateKey.material)
    }

    /// The algorithm and the `kid`.
    public var description: String { "SigningKey(\(algorithm.rawValue), \(kid))" }

    /// The JOSE header of a logout token in base64url, and the dot behind it.
    static func encodedHeader(_ algorithm: SignatureAlgorithm, kid: String) -> [UInt8] {
        var header = JSONObjectWriter()
        header.member("alg", algorithm.rawValue)
        // OpenID Connect Back-Channel Logout 1.0 §2.4 recommends the explicit type, against token confusion.
        header.member("typ", "logout+jwt")
        header.member("kid", kid)
        var encoded: [UInt8] = []
        Base64.appendURL(header.finish(), to: &encoded)
        encoded.append(UInt8(ascii: "."))
        return encoded
    }

    static func checkedKid(_ kid: String) throws(KeyError) -> String {
        let isControl = kid.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard (1...255).contains(kid.utf8.count), !isControl else { throw .kidMalformed }
        return kid
    }
}
