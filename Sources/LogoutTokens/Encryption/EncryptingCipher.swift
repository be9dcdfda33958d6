import COpenSSL

/// One run of one of OpenSSL's ciphers in the direction of encryption.
@safe
final class EncryptingCipher {
    private let context: OpaquePointer
    private let blockBytes: Int

    /// - Parameters:
    ///   - cipher: the cipher and its mode.
    ///   - key: as long as the cipher asks.
    ///   - iv: as long as the mode asks; `nil` for key wrapping, whose value is fixed (RFC 3394 §2.2.3.1).
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    init(_ cipher: OpaquePointer?, key: [UInt8], iv: [UInt8]?) throws(KeyError) {
        ERR_clear_error()
        unsafe context = try present(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
        blockBytes = unsafe Int(EVP_CIPHER_get_block_size(cipher))
        unsafe EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        unsafe try succeeded(EVP_EncryptInit_ex2(context, cipher, nil, nil, nil), "EVP_EncryptInit_ex2")
        // A key or a vector of another length would be read beyond its end.
        guard unsafe EVP_CIPHER_CTX_get_key_length(context) == Int32(key.count),
            unsafe iv == nil || EVP_CIPHER_CTX_get_iv_length(context) == Int32(iv?.count ?? 0)
        else { throw .library(operation: "EVP_EncryptInit_ex2", reasons: ["a key or IV of another length"]) }
        if let iv {
            unsafe try succeeded(EVP_EncryptInit_ex2(context, nil, key, iv, nil), "EVP_EncryptInit_ex2")
        } else {
            unsafe try succeeded(EVP_EncryptInit_ex2(context, nil, key, nil, nil), "EVP_EncryptInit_ex2")
        }
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Adds bytes that are authenticated and not encrypted.
    func authenticate(_ bytes: [UInt8]) throws(KeyError) {
        var length: Int32 = 0
        unsafe try succeeded(
            EVP_EncryptUpdate(context, nil, &length, bytes, Int32(clamping: bytes.count)),
            "EVP_EncryptUpdate"
        )
    }

    /// Encrypts all there is, padded where the mode pads.
    func encrypt(_ bytes: [UInt8]) throws(KeyError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: bytes.count + 2 * blockBytes)
        var length: Int32 = 0
        unsafe try succeeded(
            EVP_EncryptUpdate(context, &result, &length, bytes, Int32(clamping: bytes.count)),
            "EVP_EncryptUpdate"
        )
        var rest = [UInt8](repeating: 0, count: 2 * max(16, blockBytes))
        var restLength: Int32 = 0
        unsafe try succeeded(EVP_EncryptFinal_ex(context, &rest, &restLength), "EVP_EncryptFinal_ex")
        return Array(result.prefix(Int(length))) + rest.prefix(Int(restLength))
    }

    /// The tag of an authenticating mode, once everything is encrypted.
    func tag(length: Int) throws(KeyError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: length)
        unsafe try succeeded(
            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(length), &tag),
            "EVP_CTRL_AEAD_GET_TAG"
        )
        return tag
    }
}
