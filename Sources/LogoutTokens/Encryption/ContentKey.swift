import COpenSSL

/// The key of one token, and how its RP learns it. It is wiped when it ends.
final class ContentKey {
    /// What encrypts the token.
    private(set) var bytes: [UInt8]
    /// The second part of the token; empty where the key is agreed on.
    let encrypted: [UInt8]
    /// The header's `epk`, as JSON; `nil` for RSA.
    let ephemeralKey: String?

    /// Makes a key for one token.
    init(
        for key: EncryptionKey,
        _ alg: KeyManagementAlgorithm,
        _ enc: ContentEncryption
    ) throws(KeyError) {
        switch alg.scheme {
        case .rsaOAEP(let sha256):
            bytes = try Digests.randomBytes(enc.keyBytes)
            encrypted = try key.handle.encryptOAEP(bytes, sha256: sha256)
            ephemeralKey = nil
        case .agreement:
            let ephemeral = try EphemeralKey(like: key)
            var secret = try ephemeral.agree(with: key)
            defer { unsafe OPENSSL_cleanse(&secret, secret.count) }
            bytes = ConcatKDF.key(from: secret, for: enc.rawValue, bytes: enc.keyBytes)
            encrypted = []
            ephemeralKey = ephemeral.jwk
        case .agreementAndWrap(let length):
            let ephemeral = try EphemeralKey(like: key)
            var secret = try ephemeral.agree(with: key)
            defer { unsafe OPENSSL_cleanse(&secret, secret.count) }
            var wrapping = ConcatKDF.key(from: secret, for: alg.rawValue, bytes: length)
            defer { unsafe OPENSSL_cleanse(&wrapping, wrapping.count) }
            bytes = try Digests.randomBytes(enc.keyBytes)
            encrypted = try KeyWrap.wrap(bytes, with: wrapping)
            ephemeralKey = ephemeral.jwk
        }
    }

    deinit {
        unsafe OPENSSL_cleanse(&bytes, bytes.count)
    }
}

extension KeyHandle {
    /// RSAES-OAEP. Source: RFC 7518 §4.3.
    fileprivate func encryptOAEP(_ bytes: [UInt8], sha256: Bool) throws(KeyError) -> [UInt8] {
        ERR_clear_error()
        let context = unsafe try present(
            EVP_PKEY_CTX_new_from_pkey(nil, pointer, nil),
            "EVP_PKEY_CTX_new_from_pkey"
        )
        defer { unsafe EVP_PKEY_CTX_free(context) }
        let digest = unsafe sha256 ? EVP_sha256() : EVP_sha1()
        unsafe try succeeded(EVP_PKEY_encrypt_init(context), "EVP_PKEY_encrypt_init")
        unsafe try succeeded(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING), "set OAEP")
        unsafe try succeeded(EVP_PKEY_CTX_set_rsa_oaep_md(context, digest), "set OAEP digest")
        unsafe try succeeded(EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest), "set MGF1 digest")
        var length = 0
        unsafe try succeeded(EVP_PKEY_encrypt(context, nil, &length, bytes, bytes.count), "EVP_PKEY_encrypt")
        var result = [UInt8](repeating: 0, count: length)
        unsafe try succeeded(
            EVP_PKEY_encrypt(context, &result, &length, bytes, bytes.count),
            "EVP_PKEY_encrypt"
        )
        return Array(result.prefix(length))
    }
}
