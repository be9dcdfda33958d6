import COpenSSL

/// OpenSSL contexts that are set up for one key and sign any number of messages, on one thread.
///
/// RSA and EC hash with one context and sign the digest with another, both initialised once. That is at least
/// as fast as initialising a digest-and-sign context again or copying one (ES256: 14.1 us against 15.0 and
/// 14.4; a fresh context 16.4; RSA: no difference), and it cannot lose the PSS padding, which OpenSSL 3.0
/// forgets when a context is initialised again. Ed25519 signs the message itself.
@safe
final class SignatureLane {
    /// Bytes of the longest signature.
    let longestSignature: Int

    private let handle: KeyHandle
    private let algorithm: SignatureAlgorithm
    private let digest: OpaquePointer?
    private let digestContext: OpaquePointer
    private let keyContext: OpaquePointer?
    private var scratch: [UInt8]
    private var hash = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))

    convenience init(_ key: PrivateKey) throws(SigningError) {
        try self.init(key.handle, for: key.algorithm)
    }

    init(_ handle: KeyHandle, for algorithm: SignatureAlgorithm) throws(SigningError) {
        ERR_clear_error()
        self.handle = handle
        self.algorithm = algorithm
        let pointer = unsafe handle.pointer
        longestSignature = unsafe Int(max(0, EVP_PKEY_get_size(pointer)))
        scratch = [UInt8](repeating: 0, count: longestSignature)
        guard let digestContext = unsafe EVP_MD_CTX_new() else { throw Self.failure("EVP_MD_CTX_new") }
        unsafe self.digestContext = digestContext
        guard let name = algorithm.digestName else {
            unsafe (digest, keyContext) = (nil, nil)
            unsafe try Self.require(
                EVP_DigestSignInit(digestContext, nil, nil, nil, pointer),
                "EVP_DigestSignInit"
            )
            return
        }
        unsafe digest = EVP_MD_fetch(nil, name, nil)
        unsafe keyContext = EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil)
        guard let digest = unsafe digest else { throw Self.failure("EVP_MD_fetch") }
        guard let keyContext = unsafe keyContext else { throw Self.failure("EVP_PKEY_CTX_new_from_pkey") }
        unsafe try Self.require(EVP_PKEY_sign_init(keyContext), "EVP_PKEY_sign_init")
        unsafe try Self.require(
            EVP_PKEY_CTX_set_signature_md(keyContext, digest),
            "EVP_PKEY_CTX_set_signature_md"
        )
        let padding: Int32
        switch algorithm.scheme {
        case .rsaPKCS1: padding = RSA_PKCS1_PADDING
        case .rsaPSS: padding = RSA_PKCS1_PSS_PADDING
        case .ecdsa, .ed25519: return
        }
        unsafe try Self.require(
            EVP_PKEY_CTX_set_rsa_padding(keyContext, padding),
            "EVP_PKEY_CTX_set_rsa_padding"
        )
        guard algorithm.scheme == .rsaPSS else { return }
        // RFC 7518 §3.5: the salt is as long as the digest. MGF1 takes the signature's digest by itself.
        unsafe try Self.require(
            EVP_PKEY_CTX_set_rsa_pss_saltlen(keyContext, RSA_PSS_SALTLEN_DIGEST),
            "EVP_PKEY_CTX_set_rsa_pss_saltlen"
        )
    }

    deinit {
        unsafe EVP_PKEY_CTX_free(keyContext)
        unsafe EVP_MD_CTX_free(digestContext)
        unsafe EVP_MD_free(digest)
    }

    /// Signs a message; `signature` becomes the JWS signature, not yet encoded.
    func sign(_ message: [UInt8], into signature: inout [UInt8]) throws(SigningError) {
        var length = scratch.count
        if let digest = unsafe digest, let keyContext = unsafe keyContext {
            var hashLength: UInt32 = 0
            unsafe try Self.require(EVP_DigestInit_ex2(digestContext, digest, nil), "EVP_DigestInit_ex2")
            unsafe try Self.require(
                EVP_DigestUpdate(digestContext, message, message.count),
                "EVP_DigestUpdate"
            )
            unsafe try Self.require(
                EVP_DigestFinal_ex(digestContext, &hash, &hashLength),
                "EVP_DigestFinal_ex"
            )
            unsafe try Self.require(
                EVP_PKEY_sign(keyContext, &scratch, &length, hash, Int(hashLength)),
                "EVP_PKEY_sign"
            )
        } else {
            unsafe try Self.require(
                EVP_DigestSignInit(digestContext, nil, nil, nil, nil),
                "EVP_DigestSignInit"
            )
            unsafe try Self.require(
                EVP_DigestSign(digestContext, &scratch, &length, message, message.count),
                "EVP_DigestSign"
            )
        }
        if case .ecdsa(let curve) = algorithm.scheme {
            try fixedLength(derLength: length, curve, into: &signature)
        } else {
            signature.removeAll(keepingCapacity: true)
            signature.append(contentsOf: scratch[..<length])
        }
    }

    /// Turns the DER signature in `scratch` into `r || s`, each padded on the left to the curve's length.
    ///
    /// Source: RFC 7518 §3.4.
    private func fixedLength(
        derLength: Int,
        _ curve: EllipticCurve,
        into signature: inout [UInt8]
    ) throws(SigningError) {
        let half = curve.fieldBytes
        let padded = Int32(half)
        if signature.count != 2 * half { signature = [UInt8](repeating: 0, count: 2 * half) }
        let done = unsafe scratch.withUnsafeBufferPointer { der in
            var cursor = der.baseAddress
            guard let parts = unsafe d2i_ECDSA_SIG(nil, &cursor, derLength) else { return false }
            defer { unsafe ECDSA_SIG_free(parts) }
            return unsafe signature.withUnsafeMutableBufferPointer { out in
                guard let start = out.baseAddress else { return false }
                return unsafe BN_bn2binpad(ECDSA_SIG_get0_r(parts), start, padded) == padded
                    && BN_bn2binpad(ECDSA_SIG_get0_s(parts), start + half, padded) == padded
            }
        }
        guard done else { throw Self.failure("d2i_ECDSA_SIG") }
    }

    private static func require(_ result: Int32, _ operation: String) throws(SigningError) {
        guard result > 0 else { throw failure(operation) }
    }

    private static func failure(_ operation: String) -> SigningError {
        .library(operation: operation, reasons: OpenSSLFailure.drainReasons())
    }
}
