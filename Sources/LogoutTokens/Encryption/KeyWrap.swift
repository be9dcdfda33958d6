import COpenSSL

/// Wraps one key with another.
///
/// Source: RFC 3394 §2.2.1, named by RFC 7518 §4.4.
package enum KeyWrap {
    /// Wraps a key.
    ///
    /// - Parameters:
    ///   - key: a multiple of 8 bytes, 16 at least.
    ///   - wrapping: 16 or 32 bytes.
    /// - Returns: 8 bytes more than `key` has.
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    package static func wrap(_ key: [UInt8], with wrapping: [UInt8]) throws(KeyError) -> [UInt8] {
        let cipher = unsafe wrapping.count == 16 ? EVP_aes_128_wrap() : EVP_aes_256_wrap()
        return try unsafe EncryptingCipher(cipher, key: wrapping, iv: nil).encrypt(key)
    }
}
