import COpenSSL

/// Who this side is to one client's server, and whose certificates it takes there: the PEM text, checked.
///
/// libcurl compares these bytes before it uses a kept connection or TLS session again, so that a renewed certificate,
/// or another authority, means a new connection.
public final class TLSIdentity: Sendable, CustomStringConvertible, CustomReflectable {
    /// The certificate with its chain; the key may stand in the same text.
    let certificate: [UInt8]?
    /// The private key.
    let key: [UInt8]?
    /// The only authorities that are trusted, instead of the configured ones.
    let authorities: [UInt8]?

    /// Checks an identity.
    ///
    /// - Parameters:
    ///   - certificate: the certificate, then its chain, and its private key, each in PEM; none unless told.
    ///   - authorities: the authorities to trust, in PEM; those of the configuration unless told.
    /// - Throws: ``TLSIdentityError``, never with a part of the text.
    public init(
        certificate: (chain: [UInt8], key: [UInt8])? = nil,
        authorities: [UInt8]? = nil
    ) throws(TLSIdentityError) {
        if let certificate { try PEM.checkPair(certificate.chain, key: certificate.key) }
        if let authorities { try PEM.checkAuthorities(authorities) }
        self.certificate = certificate?.chain
        key = certificate?.key
        self.authorities = authorities
    }

    /// Which parts there are.
    public var description: String {
        "TLSIdentity(certificate: \(certificate != nil), authorities: \(authorities != nil))"
    }

    /// Shows which parts there are to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: ["parts": description]) }
}

/// Why an identity cannot be used.
public enum TLSIdentityError: Error, Sendable, Hashable {
    /// The name is none that a certificate or an authority may have.
    case name(String)
    /// There is no file of this name in the folder, or no folder is configured.
    case missing(String)
    /// The file cannot be read, or is over 256 KiB; the number is its `errno`, 0 without.
    case unreadable(String, code: Int32)
    /// There is no certificate in the text.
    case noCertificate
    /// There is no private key in the text, or it is encrypted.
    case noPrivateKey
    /// The private key is not the certificate's.
    case keyDoesNotFit
}

/// Looks at PEM text with OpenSSL; nothing of it is kept.
private enum PEM {
    static func checkPair(_ chain: [UInt8], key: [UInt8]) throws(TLSIdentityError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let certificate = unsafe read(chain, { unsafe PEM_read_bio_X509($0, nil, nil, nil) }) else {
            throw .noCertificate
        }
        defer { unsafe X509_free(certificate) }
        // Without a callback of ours OpenSSL would ask for a passphrase on the terminal, and wait.
        let made = unsafe read(key) { bio in
            unsafe PEM_read_bio_PrivateKey(bio, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let privateKey = unsafe made else { throw .noPrivateKey }
        defer { unsafe EVP_PKEY_free(privateKey) }
        guard unsafe X509_check_private_key(certificate, privateKey) == 1 else { throw .keyDoesNotFit }
    }

    static func checkAuthorities(_ text: [UInt8]) throws(TLSIdentityError) {
        ERR_clear_error()
        defer { ERR_clear_error() }
        guard let first = unsafe read(text, { unsafe PEM_read_bio_X509($0, nil, nil, nil) }) else {
            throw .noCertificate
        }
        unsafe X509_free(first)
    }

    private static func read(_ text: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        unsafe text.withUnsafeBytes { bytes -> OpaquePointer? in
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { unsafe BIO_free(bio) }
            return unsafe body(bio)
        }
    }
}
