import COpenSSL

/// A private key that signs with one algorithm.
///
/// Whatever way it came in, the key is known to fit its algorithm (type, curve, 2048 to 8192 bits of RSA) and
/// to be consistent in itself. It has no text form: printing it shows the algorithm and the thumbprint.
public final class PrivateKey: Sendable, CustomStringConvertible, CustomReflectable {
    /// The one algorithm that the key signs with.
    public let algorithm: SignatureAlgorithm

    let handle: KeyHandle
    let material: PublicJWK.Material

    /// Checks a key that OpenSSL holds. `consistent` says that its parts are known to agree, because OpenSSL
    /// has just made them, or because it was checked before it was sealed.
    init(_ handle: KeyHandle, for algorithm: SignatureAlgorithm, consistent: Bool) throws(KeyError) {
        ERR_clear_error()
        let kind = handle.kind
        switch algorithm.scheme {
        case .rsaPKCS1, .rsaPSS:
            guard kind == "RSA" else { throw .doesNotFit(algorithm, found: kind) }
            material = try Self.rsaMaterial(of: handle)
        case .ecdsa(let curve):
            guard kind == "EC" else { throw .doesNotFit(algorithm, found: kind) }
            let group = handle.groupName ?? "a curve without a name"
            guard group == curve.groupName else { throw .doesNotFit(algorithm, found: group) }
            let x = try handle.number(OSSL_PKEY_PARAM_EC_PUB_X).bytes(count: curve.fieldBytes)
            let y = try handle.number(OSSL_PKEY_PARAM_EC_PUB_Y).bytes(count: curve.fieldBytes)
            material = .ec(curve, x: Base64.urlEncode(x), y: Base64.urlEncode(y))
        case .ed25519:
            guard kind == "ED25519" else { throw .doesNotFit(algorithm, found: kind) }
            material = .ed25519(x: Base64.urlEncode(try handle.rawPublicKey()))
        }
        if !consistent {
            guard try handle.isConsistent() else { throw .inconsistent }
        }
        self.algorithm = algorithm
        self.handle = handle
    }

    /// Makes a new key; the randomness is drawn by libcrypto.
    ///
    /// - Parameters:
    ///   - algorithm: what the key will sign with.
    ///   - rsaBits: size of an RSA key in bits, 2048 to 8192; other keys have no choice of size.
    /// - Returns: the key.
    /// - Throws: ``KeyError/rsaBits(_:)``, or ``KeyError/library(operation:reasons:)``.
    public static func generate(
        for algorithm: SignatureAlgorithm,
        rsaBits: Int = 2048
    ) throws(KeyError) -> PrivateKey {
        let made: OpaquePointer?
        switch algorithm.scheme {
        case .rsaPKCS1, .rsaPSS:
            guard allowedRSABits.contains(rsaBits) else { throw .rsaBits(rsaBits) }
            unsafe made = lastcall_generate_rsa(rsaBits)
        case .ecdsa(let curve):
            unsafe made = lastcall_generate_ec(curve.rawValue)
        case .ed25519:
            unsafe made = lastcall_generate_ed25519()
        }
        let handle = unsafe KeyHandle(adopting: try present(made, "generate a key"))
        return try PrivateKey(handle, for: algorithm, consistent: true)
    }

    /// The base64url thumbprint of the public key, 43 characters; a `kid` where nobody gave one.
    ///
    /// Source: RFC 7638.
    public var thumbprint: String { material.thumbprint }

    /// The public key for the JWK Set.
    ///
    /// - Parameter kid: 1 to 255 bytes of UTF-8 without control characters.
    /// - Returns: a JWK with `use` `sig` and this key's `alg`.
    /// - Throws: ``KeyError/kidMalformed``.
    public func publicJWK(kid: String) throws(KeyError) -> PublicJWK {
        PublicJWK(kid: try SigningKey.checkedKid(kid), algorithm: algorithm, material: material)
    }

    /// The algorithm and the thumbprint.
    public var description: String { "PrivateKey(\(algorithm.rawValue), \(thumbprint))" }

    /// Shows the algorithm and the thumbprint to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: ["public": description]) }

    /// RFC 7518 §3.3 asks for 2048 bits or more; beyond 8192 one signature takes longer than an attempt may.
    private static let allowedRSABits = 2048...8192

    static func rsaMaterial(of handle: KeyHandle) throws(KeyError) -> PublicJWK.Material {
        let bits = unsafe Int(EVP_PKEY_get_bits(handle.pointer))
        guard allowedRSABits.contains(bits) else { throw .rsaBits(bits) }
        let n = try handle.number(OSSL_PKEY_PARAM_RSA_N).bytes()
        let e = try handle.number(OSSL_PKEY_PARAM_RSA_E).bytes()
        // A long exponent makes each signature slow, because OpenSSL checks its own result with it.
        guard e.count <= 4, let last = e.last, last & 1 == 1, e != [1] else { throw .rsaExponent }
        return .rsa(n: Base64.urlEncode(n), e: Base64.urlEncode(e))
    }
}
