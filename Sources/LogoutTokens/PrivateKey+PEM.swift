import COpenSSL

extension PrivateKey {
    /// Reads a private key from PEM: PKCS#8, PKCS#1 (RSA) or SEC1 (EC), not encrypted.
    ///
    /// The first private key of the text counts; certificates and parameters before it are passed over.
    ///
    /// - Parameters:
    ///   - pem: the text, at most 64 KiB.
    ///   - algorithm: what the key is to sign with.
    /// - Throws: ``KeyError``; ``KeyError/encrypted`` for an encrypted key: no passphrase is ever asked for.
    public convenience init(pem: String, for algorithm: SignatureAlgorithm) throws(KeyError) {
        try self.init(KeyHandle(pem: pem), for: algorithm, consistent: false)
    }
}

extension KeyHandle {
    /// The longest PEM text that is read: an RSA key of 8192 bits has about 6,500 characters.
    private static let longestPEM = 65_536

    fileprivate convenience init(pem: String) throws(KeyError) {
        let text = Array(pem.utf8)
        guard text.count <= Self.longestPEM else { throw .unreadable(reasons: ["over 64 KiB"]) }
        let begins = pem.split(whereSeparator: \.isNewline).contains { line in
            line.hasPrefix("-----BEGIN ") && line.hasSuffix("PRIVATE KEY-----")
        }
        guard begins else { throw .noPrivateKey }
        ERR_clear_error()
        var asked = false
        let made = unsafe text.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { unsafe BIO_free(bio) }
            // Without a callback of ours OpenSSL would prompt on the terminal and block the process.
            return unsafe withUnsafeMutablePointer(to: &asked) { asked in
                unsafe PEM_read_bio_PrivateKey(
                    bio,
                    nil,
                    { _, _, _, asked in
                        unsafe asked?.assumingMemoryBound(to: Bool.self).pointee = true
                        return -1
                    },
                    asked
                )
            }
        }
        let reasons = OpenSSLFailure.drainReasons()
        guard let made = unsafe made else {
            throw asked ? .encrypted : .unreadable(reasons: reasons)
        }
        unsafe self.init(adopting: made)
    }
}
