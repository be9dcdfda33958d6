import COpenSSL

/// A public key that checks signatures which were made elsewhere.
final class PublicKey: Sendable {
    private let handle: KeyHandle
    private let algorithm: SignatureAlgorithm

    /// Reads a public JWK, and checks what signing keys are checked for: size of RSA keys, points on their curve.
    init(_ jwk: PublicJWK) throws(KeyError) {
        ERR_clear_error()
        algorithm = jwk.algorithm
        switch jwk.material {
        case .rsa(let n, let e):
            let parameters = try KeyParameters()
            try parameters.add(OSSL_PKEY_PARAM_RSA_N, number: Self.bytes(n, "n"))
            try parameters.add(OSSL_PKEY_PARAM_RSA_E, number: Self.bytes(e, "e"))
            unsafe handle = KeyHandle(
                adopting: try parameters.makeKey("RSA", selection: lastcall_public_key)
            )
            _ = try PrivateKey.rsaMaterial(of: handle)
        case .ec(let curve, let x, let y):
            let parameters = try KeyParameters()
            try parameters.add(OSSL_PKEY_PARAM_GROUP_NAME, text: curve.groupName)
            try parameters.add(OSSL_PKEY_PARAM_PUB_KEY, bytes: [4] + Self.bytes(x, "x") + Self.bytes(y, "y"))
            unsafe handle = KeyHandle(
                adopting: try parameters.makeKey("EC", selection: lastcall_public_key)
            )
        case .ed25519(let x):
            let x = try Self.bytes(x, "x")
            let made = unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, x, x.count)
            unsafe handle = KeyHandle(adopting: try present(made, "EVP_PKEY_new_raw_public_key_ex"))
        }
    }

    /// Whether a signature, in the form of a JWS, is of this key over a message.
    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        var keyContext: OpaquePointer?
        guard
            unsafe EVP_DigestVerifyInit_ex(
                context,
                &keyContext,
                algorithm.digestName,
                nil,
                nil,
                handle.pointer,
                nil
            ) == 1
        else { return false }
        var signature = signature
        switch algorithm.scheme {
        case .rsaPKCS1, .ed25519: break
        case .rsaPSS:
            // RFC 7518 §3.5: the salt is as long as the digest, and of no other length.
            guard unsafe EVP_PKEY_CTX_set_rsa_padding(keyContext, RSA_PKCS1_PSS_PADDING) == 1,
                unsafe EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST) == 1
            else { return false }
        case .ecdsa(let curve):
            guard let der = ECDSASignature.der(signature, curve) else { return false }
            signature = der
        }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    private static func bytes(_ text: String, _ name: String) throws(KeyError) -> [UInt8] {
        guard let bytes = try? Base64.urlDecode(text) else { throw .malformedMember(name) }
        return bytes
    }
}

/// The two forms of an ECDSA signature: `r || s` of RFC 7518 §3.4, and DER, which OpenSSL takes.
enum ECDSASignature {
    static func der(_ signature: [UInt8], _ curve: EllipticCurve) -> [UInt8]? {
        let half = curve.fieldBytes
        guard signature.count == 2 * half, let parts = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(parts) }
        let r = unsafe BN_bin2bn(Array(signature[..<half]), Int32(half), nil)
        let s = unsafe BN_bin2bn(Array(signature[half...]), Int32(half), nil)
        guard unsafe r != nil, unsafe s != nil, unsafe ECDSA_SIG_set0(parts, r, s) == 1 else {
            unsafe BN_free(r)
            unsafe BN_free(s)
            return nil
        }
        var start: UnsafeMutablePointer<UInt8>?
        let length = unsafe Int(i2d_ECDSA_SIG(parts, &start))
        guard length > 0, let start = unsafe start else { return nil }
        defer { unsafe lastcall_openssl_free(start) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: length))
    }
}
