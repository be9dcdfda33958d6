import COpenSSL

/// SHA-256, HMAC, comparison in constant time, and random bytes.
public enum Digests {
    /// The SHA-256 of some bytes.
    ///
    /// - Parameter bytes: any number of bytes.
    /// - Returns: 32 bytes.
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = unsafe SHA256(bytes, bytes.count, &digest)
        // Only a libcrypto without SHA-256 gets here; a digest of zeros would match every other one.
        unsafe precondition(done != nil, "libcrypto has no SHA-256")
        return digest
    }

    /// The HMAC-SHA256 of some bytes under a key (RFC 2104).
    ///
    /// - Parameters:
    ///   - key: at least 32 random bytes.
    ///   - bytes: any number of bytes.
    /// - Returns: 32 bytes.
    public static func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let done = unsafe HMAC(
            EVP_sha256(),
            key,
            Int32(truncatingIfNeeded: key.count),
            bytes,
            bytes.count,
            &code,
            &length
        )
        // As above: a code of zeros would be everybody's.
        unsafe precondition(done != nil && length == 32, "libcrypto has no HMAC-SHA256")
        return code
    }

    /// Whether two byte strings are equal, in a time that depends on their lengths alone.
    ///
    /// - Parameters:
    ///   - first: a secret, or a digest of one.
    ///   - second: what somebody presented.
    /// - Returns: `false` for different lengths.
    public static func equal(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard first.count == second.count else { return false }
        return unsafe CRYPTO_memcmp(first, second, first.count) == 0
    }

    /// Bytes from libcrypto's generator for secrets.
    ///
    /// The one door for randomness in this module; nothing calls it but key generation, sealing and the
    /// makers of secrets.
    ///
    /// - Parameter count: how many bytes; none for zero and below.
    /// - Returns: exactly that many bytes.
    /// - Throws: ``KeyError/library(operation:reasons:)`` where the system gives no randomness.
    public static func randomBytes(_ count: Int) throws(KeyError) -> [UInt8] {
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe try succeeded(RAND_priv_bytes_ex(nil, &bytes, count, 256), "RAND_priv_bytes_ex")
        return bytes
    }
}
