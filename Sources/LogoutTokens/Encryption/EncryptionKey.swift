import COpenSSL

/// A client's public key that the keys of its tokens are encrypted under.
///
/// The key is known to be one that may be used: RSA of 2048 to 8192 bits with a sound exponent, a point on its
/// curve, an X25519 key of the right length and of a high order.
public struct EncryptionKey: Sendable {
    /// What it is.
    enum Kind: Hashable {
        case rsa
        case ec(EllipticCurve)
        case x25519
    }

    /// The client's name for it, for the header of its tokens.
    public let kid: String?

    let kind: Kind
    let handle: KeyHandle

    /// Reads the public part of a JWK that fits an algorithm.
    ///
    /// - Parameter jwk: its members; who it is for is looked at by ``EncryptionKeySet``.
    /// - Throws: ``KeyError``, naming the member at fault; ``KeyError/inconsistent`` for a point off its curve.
    init(_ jwk: JWKMembers) throws(KeyError) {
        kid = try jwk["kid"].map { kid throws(KeyError) in try SigningKey.checkedKid(kid) }
        let type = try jwk.required("kty")
        let curve = jwk["crv"]
        ERR_clear_error()
        switch (type, curve.flatMap(EllipticCurve.init)) {
        case ("RSA", _):
            kind = .rsa
            handle = try Self.rsa(jwk)
        case ("EC", let curve?):
            kind = .ec(curve)
            handle = try Self.point(jwk, on: curve)
        case ("OKP", _) where curve == "X25519":
            kind = .x25519
            let x = try jwk.bytes("x", count: 32)
            let made = unsafe EVP_PKEY_new_raw_public_key_ex(nil, "X25519", nil, x, x.count)
            handle = unsafe KeyHandle(adopting: try present(made, "EVP_PKEY_new_raw_public_key_ex"))
            guard try Self.agrees(handle) else { throw .malformedMember("x") }
        case ("EC", nil), ("OKP", _):
            throw .unsupportedMember("crv", value: (curve ?? "").excerpt)
        default:
            throw .unsupportedMember("kty", value: type.excerpt)
        }
    }

    private static func rsa(_ jwk: JWKMembers) throws(KeyError) -> KeyHandle {
        let n = try jwk.bytes("n")
        let e = try jwk.bytes("e")
        let parameters = try KeyParameters()
        try parameters.add(OSSL_PKEY_PARAM_RSA_N, number: n)
        try parameters.add(OSSL_PKEY_PARAM_RSA_E, number: e)
        let handle = unsafe KeyHandle(adopting: try parameters.makeKey("RSA", selection: lastcall_public_key))
        let bits = unsafe Int(EVP_PKEY_get_bits(handle.pointer))
        guard (2048...8192).contains(bits) else { throw .rsaBits(bits) }
        // An even modulus has no two large primes, an exponent of 1 hides nothing, a long one costs time.
        guard let last = n.last, last & 1 == 1 else { throw .malformedMember("n") }
        let exponent = e.drop { $0 == 0 }
        guard exponent.count <= 4, let end = exponent.last, end & 1 == 1, exponent != [1] else {
            throw .rsaExponent
        }
        return handle
    }

    /// OpenSSL refuses a point that is not on its curve.
    private static func point(_ jwk: JWKMembers, on curve: EllipticCurve) throws(KeyError) -> KeyHandle {
        let size = curve.fieldBytes
        let point = try [4] + jwk.bytes("x", count: size) + jwk.bytes("y", count: size)
        let parameters = try KeyParameters()
        try parameters.add(OSSL_PKEY_PARAM_GROUP_NAME, text: curve.groupName)
        try parameters.add(OSSL_PKEY_PARAM_PUB_KEY, bytes: point)
        let handle = unsafe KeyHandle(adopting: try parameters.makeKey("EC", selection: lastcall_public_key))
        let context = unsafe try present(
            EVP_PKEY_CTX_new_from_pkey(nil, handle.pointer, nil),
            "EVP_PKEY_CTX_new_from_pkey"
        )
        defer { unsafe EVP_PKEY_CTX_free(context) }
        defer { ERR_clear_error() }
        guard unsafe EVP_PKEY_public_check(context) == 1 else { throw .inconsistent }
        return handle
    }

    /// Whether a secret can be agreed on; a point of low order makes it zero with everybody. Source: RFC 7748 §6.1.
    private static func agrees(_ handle: KeyHandle) throws(KeyError) -> Bool {
        let own = unsafe KeyHandle(adopting: try present(lastcall_generate_x25519(), "generate a key"))
        defer { ERR_clear_error() }
        return (try? own.agree(with: handle)) != nil
    }

    /// Whether the key is of a kind that an algorithm can use.
    func fits(_ alg: KeyManagementAlgorithm) -> Bool { (kind == .rsa) == alg.isRSA }
}
