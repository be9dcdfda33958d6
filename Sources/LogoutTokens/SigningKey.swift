/// A private key with its `kid`, and the headers of the tokens it signs, each written once.
public struct SigningKey: Sendable, CustomStringConvertible {
    /// The key that signs.
    public let privateKey: PrivateKey

    /// The `kid` that headers carry and the JWK Set shows.
    public let kid: String

    private let headers: TokenHeaders

    /// Names a key.
    ///
    /// - Parameters:
    ///   - privateKey: the key.
    ///   - kid: 1 to 255 bytes of UTF-8 without control characters; the thumbprint (RFC 7638) unless told.
    /// - Throws: ``KeyError/kidMalformed``.
    public init(_ privateKey: PrivateKey, kid: String? = nil) throws(KeyError) {
        self.privateKey = privateKey
        self.kid = try Self.checkedKid(kid ?? privateKey.thumbprint)
        headers = TokenHeaders(privateKey.algorithm, kid: self.kid)
    }

    /// The algorithm that the key signs with.
    public var algorithm: SignatureAlgorithm { privateKey.algorithm }

    /// The public key for the JWK Set.
    public var publicJWK: PublicJWK {
        PublicJWK(kid: kid, algorithm: algorithm, material: privateKey.material)
    }

    /// The algorithm and the `kid`.
    public var description: String { "SigningKey(\(algorithm.rawValue), \(kid))" }

    /// The base64url JOSE header and the dot behind it: how each token of this key and type begins.
    func encodedHeader(_ type: TokenType) -> [UInt8] { headers[type] }

    static func checkedKid(_ kid: String) throws(KeyError) -> String {
        let isControl = kid.unicodeScalars.contains { $0.properties.generalCategory == .control }
        guard (1...255).contains(kid.utf8.count), !isControl else { throw .kidMalformed }
        return kid
    }
}

/// The JOSE headers of one key's tokens in base64url, each with the dot behind it.
struct TokenHeaders: Sendable {
    private let logout: [UInt8]
    private let securityEvent: [UInt8]

    init(_ algorithm: SignatureAlgorithm, kid: String) {
        logout = Self.encoded(.logout, algorithm, kid)
        securityEvent = Self.encoded(.securityEvent, algorithm, kid)
    }

    subscript(type: TokenType) -> [UInt8] {
        switch type {
        case .logout: logout
        case .securityEvent: securityEvent
        }
    }

    private static func encoded(_ type: TokenType, _ algorithm: SignatureAlgorithm, _ kid: String) -> [UInt8]
    {
        var header = JSONObjectWriter()
        header.member("alg", algorithm.rawValue)
        header.member("typ", type.rawValue)
        header.member("kid", kid)
        var encoded: [UInt8] = []
        Base64.appendURL(header.finish(), to: &encoded)
        encoded.append(UInt8(ascii: "."))
        return encoded
    }
}
