import COpenSSL

/// A public key of a JWK Set that checks signatures.
///
/// `@unchecked Sendable`: the OpenSSL key is never changed after `init`.
@safe
public final class VerificationKey: @unchecked Sendable {
    /// Everything that a logout token may be signed with.
    static let algorithms = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]

    /// The key's `kid`.
    public let kid: String
    /// The one `alg` that it is for.
    public let algorithm: String
    private let key: OpaquePointer

    /// Reads one JWK; `nil` unless it is a public signing key with `kid`, `alg` and `use` and nothing else.
    ///
    /// - Parameter members: its members.
    public init?(_ members: [String: String]) {
        let expected: [String]
        switch members["kty"] {
        case "RSA": expected = ["kty", "use", "alg", "kid", "n", "e"]
        case "EC": expected = ["kty", "use", "alg", "kid", "crv", "x", "y"]
        case "OKP": expected = ["kty", "use", "alg", "kid", "crv", "x"]
        default: return nil
        }
        guard
            Set(members.keys) == Set(expected), members["use"] == "sig",
            let kid = members["kid"], let algorithm = members["alg"], Self.algorithms.contains(algorithm)
        else { return nil }
        guard let key = unsafe Self.publicKey(members, algorithm) else { return nil }
        self.kid = kid
        self.algorithm = algorithm
        unsafe self.key = key
    }

    deinit {
        unsafe EVP_PKEY_free(key)
    }

    /// Whether this is the key's signature over a message.
    ///
    /// - Parameters:
    ///   - signature: as in a JWS, decoded.
    ///   - message: the signing input.
    /// - Returns: `nil` where OpenSSL cannot even try.
    public func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool? {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { return nil }
        defer { unsafe EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        let digest = algorithm == "EdDSA" ? nil : "SHA\(algorithm.suffix(3))"
        guard unsafe EVP_DigestVerifyInit_ex(context, &keyContext, digest, nil, nil, key, nil) == 1 else {
            return nil
        }
        if algorithm.hasPrefix("PS") {
            // Exactly as long as the digest: the verifier's usual "whatever it is" would hide a wrong salt.
            guard
                unsafe EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) == 1,
                unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return nil }
        }
        guard algorithm.hasPrefix("ES") else {
            return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
        }
        guard let der = Self.der(signature, half: Self.curves[algorithm]?.length ?? 0)
        else { return false }
        return unsafe EVP_DigestVerify(context, der, der.count, message, message.count) == 1
    }

    /// Writes `r || s` as DER: SEQUENCE of two INTEGERs.
    private static func der(_ signature: [UInt8], half: Int) -> [UInt8]? {
        guard signature.count == 2 * half else { return nil }
        return tagged(0x30, integer(signature.prefix(half)) + integer(signature.suffix(half)))
    }

    /// The OpenSSL key of a JWK, by way of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
    private static func publicKey(_ members: [String: String], _ algorithm: String) -> OpaquePointer? {
        func bytes(_ name: String) -> [UInt8]? {
            members[name].flatMap { LogoutTokenVerifier.decode(Substring($0)) }.map(Array.init)
        }
        let kind: [UInt8]
        let material: [UInt8]
        switch (members["kty"], algorithm.prefix(2)) {
        case ("RSA", "RS"), ("RSA", "PS"):
            guard let n = bytes("n"), let e = bytes("e"), n.count >= 256 else { return nil }
            kind = rsaEncryption
            material = tagged(0x30, integer(n[...]) + integer(e[...]))
        case ("EC", "ES"):
            guard
                let curve = curves[algorithm], members["crv"] == curve.name,
                let x = bytes("x"), let y = bytes("y"), x.count == curve.length, y.count == curve.length
            else { return nil }
            kind = ecPublicKey + curve.identifier
            material = [4] + x + y
        case ("OKP", "Ed"):
            guard members["crv"] == "Ed25519", let x = bytes("x"), x.count == 32 else { return nil }
            kind = ed25519
            material = x
        default:
            return nil
        }
        let info = tagged(0x30, tagged(0x30, kind) + tagged(0x03, [0] + material))
        defer { ERR_clear_error() }
        return unsafe info.withUnsafeBufferPointer { info in
            var cursor = info.baseAddress
            return unsafe d2i_PUBKEY(nil, &cursor, info.count)
        }
    }

    /// One DER value: tag, length, content (X.690 §8.1).
    private static func tagged(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let length = content.count
        let octets: [UInt8] =
            length < 0x80
            ? [UInt8(length)]
            : length < 0x100
                ? [0x81, UInt8(length)] : [0x82, UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF)]
        return [tag] + octets + content
    }

    /// A number that is not negative, in as few bytes as DER demands (X.690 §8.3).
    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digits = Array(bytes.drop { $0 == 0 })
        let needsZero = (digits.first ?? 0x80) >= 0x80
        return tagged(0x02, (needsZero ? [0] : []) + digits)
    }

    // The object identifiers of RFC 3279 §2.3.1 (with its NULL), RFC 5480 §2.1.1 and RFC 8410 §3, in DER.
    private static let rsaEncryption: [UInt8] = [
        0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00,
    ]
    private static let ecPublicKey: [UInt8] = [0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    private static let ed25519: [UInt8] = [0x06, 0x03, 0x2B, 0x65, 0x70]
    private static let curves: [String: (name: String, length: Int, identifier: [UInt8])] = [
        "ES256": ("P-256", 32, [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]),
        "ES384": ("P-384", 48, [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x22]),
        "ES512": ("P-521", 66, [0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x23]),
    ]
}
