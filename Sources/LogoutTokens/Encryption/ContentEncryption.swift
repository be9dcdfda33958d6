import COpenSSL

/// How a logout token itself is encrypted and authenticated; the raw value is its JOSE `enc`.
///
/// Source: RFC 7518 §5.1.
public enum ContentEncryption: String, Sendable, Hashable, CaseIterable {
    /// AES-128 in CBC mode with HMAC-SHA-256; what a client gets that registered only an `alg`.
    case a128CBCHS256 = "A128CBC-HS256"
    /// AES-256 in CBC mode with HMAC-SHA-512.
    case a256CBCHS512 = "A256CBC-HS512"
    /// AES-128 in Galois/Counter mode.
    case a128GCM = "A128GCM"
    /// AES-256 in Galois/Counter mode.
    case a256GCM = "A256GCM"

    /// What comes out of an encryption.
    package struct Sealed: Hashable {
        /// As long as the plaintext, padded where the mode pads.
        package let ciphertext: [UInt8]
        /// What authenticates it.
        package let tag: [UInt8]
    }

    /// The length of the content key: both halves where there is a MAC key.
    var keyBytes: Int {
        switch self {
        case .a128GCM: 16
        case .a128CBCHS256, .a256GCM: 32
        case .a256CBCHS512: 64
        }
    }

    /// The length of the initialization vector.
    var ivBytes: Int {
        switch self {
        case .a128GCM, .a256GCM: 12
        case .a128CBCHS256, .a256CBCHS512: 16
        }
    }

    /// Encrypts and authenticates.
    ///
    /// - Parameters:
    ///   - plaintext: what to protect.
    ///   - key: ``keyBytes`` bytes that are used for nothing else.
    ///   - iv: ``ivBytes`` bytes.
    ///   - authenticated: the encoded header, in ASCII.
    /// - Returns: the ciphertext and its tag.
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    package func seal(
        _ plaintext: [UInt8],
        key: [UInt8],
        iv: [UInt8],
        authenticated: [UInt8]
    ) throws(KeyError) -> Sealed {
        switch self {
        case .a128GCM, .a256GCM:
            let cipher = try unsafe EncryptingCipher(cipher, key: key, iv: iv)
            try cipher.authenticate(authenticated)
            let ciphertext = try cipher.encrypt(plaintext)
            return Sealed(ciphertext: ciphertext, tag: try cipher.tag(length: 16))
        case .a128CBCHS256, .a256CBCHS512:
            // RFC 7518 §5.2.2.1: the first half authenticates, the second encrypts.
            var macKey = Array(key.prefix(keyBytes / 2))
            var cipherKey = Array(key.suffix(keyBytes / 2))
            defer {
                unsafe OPENSSL_cleanse(&macKey, macKey.count)
                unsafe OPENSSL_cleanse(&cipherKey, cipherKey.count)
            }
            let cipher = try unsafe EncryptingCipher(cipher, key: cipherKey, iv: iv)
            let ciphertext = try cipher.encrypt(plaintext)
            let bits = UInt64(authenticated.count) * 8
            let length = (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(56 - 8 * $0)) }
            let code = try mac(of: authenticated + iv + ciphertext + length, key: macKey)
            return Sealed(ciphertext: ciphertext, tag: Array(code.prefix(keyBytes / 2)))
        }
    }

    /// OpenSSL's cipher.
    private var cipher: OpaquePointer? {
        switch self {
        case .a128GCM: unsafe EVP_aes_128_gcm()
        case .a256GCM: unsafe EVP_aes_256_gcm()
        case .a128CBCHS256: unsafe EVP_aes_128_cbc()
        case .a256CBCHS512: unsafe EVP_aes_256_cbc()
        }
    }

    private func mac(of message: [UInt8], key: [UInt8]) throws(KeyError) -> [UInt8] {
        guard self == .a256CBCHS512 else { return Digests.hmacSHA256(key: key, message) }
        var code = [UInt8](repeating: 0, count: 64)
        var length: UInt32 = 0
        let keyLength = Int32(truncatingIfNeeded: key.count)
        let done = unsafe HMAC(EVP_sha512(), key, keyLength, message, message.count, &code, &length)
        guard unsafe done != nil, length == 64 else { throw OpenSSLFailure.key("HMAC-SHA512") }
        return code
    }
}
