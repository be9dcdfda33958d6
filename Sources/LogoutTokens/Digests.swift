import COpenSSL

/// SHA-256, comparison in constant time, and random bytes.
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
