import COpenSSL

extension PrivateKey {
    /// The key as PKCS#8 DER, not encrypted: for storage, behind ``SealedKey``.
    ///
    /// - Returns: a `PrivateKeyInfo` structure (RFC 5208 §5).
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    public func pkcs8() throws(KeyError) -> [UInt8] {
        let info = unsafe try present(EVP_PKEY2PKCS8(handle.pointer), "EVP_PKEY2PKCS8")
        defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
        var der: UnsafeMutablePointer<UInt8>?
        let length = unsafe Int(i2d_PKCS8_PRIV_KEY_INFO(info, &der))
        let start = unsafe try present(der, "i2d_PKCS8_PRIV_KEY_INFO")
        defer {
            unsafe OPENSSL_cleanse(start, max(0, length))
            unsafe lastcall_openssl_free(start)
        }
        return unsafe Array(UnsafeBufferPointer(start: start, count: max(0, length)))
    }

    /// Reads PKCS#8 DER that is not encrypted.
    ///
    /// - Parameters:
    ///   - pkcs8: one `PrivateKeyInfo` structure and nothing after it.
    ///   - algorithm: what the key is to sign with.
    /// - Throws: ``KeyError`` for bytes that are none, a key that does not fit, or an inconsistent one.
    public convenience init(pkcs8: [UInt8], for algorithm: SignatureAlgorithm) throws(KeyError) {
        try self.init(KeyHandle(pkcs8: pkcs8), for: algorithm, consistent: false)
    }
}

extension KeyHandle {
    /// Reads one PKCS#8 structure that fills `pkcs8`.
    convenience init(pkcs8: [UInt8]) throws(KeyError) {
        ERR_clear_error()
        var consumed = 0
        let made = unsafe pkcs8.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var cursor = bytes.baseAddress
            guard let info = unsafe d2i_PKCS8_PRIV_KEY_INFO(nil, &cursor, bytes.count) else { return nil }
            defer { unsafe PKCS8_PRIV_KEY_INFO_free(info) }
            if let start = bytes.baseAddress, let end = unsafe cursor { unsafe consumed = end - start }
            return unsafe EVP_PKCS82PKEY(info)
        }
        guard let made = unsafe made else { throw .unreadable(reasons: OpenSSLFailure.drainReasons()) }
        unsafe self.init(adopting: made)
        guard consumed == pkcs8.count else { throw .unreadable(reasons: ["trailing bytes"]) }
    }
}
