import COpenSSL

/// A TLS client of a test: whom it trusts, what it shows, and how old it is.
///
/// `@unchecked Sendable`: the context counts its references atomically and is never changed after `init`.
@safe
public final class TLSClient: @unchecked Sendable {
    /// The only version that a client speaks.
    public enum Version: Sendable, Hashable, CaseIterable {
        /// TLS 1.1, which nobody should speak any more.
        case tls11
        /// TLS 1.2.
        case tls12
        /// TLS 1.3.
        case tls13

        fileprivate var number: Int32 {
            switch self {
            case .tls11: TLS1_1_VERSION
            case .tls12: TLS1_2_VERSION
            case .tls13: TLS1_3_VERSION
            }
        }
    }

    private let context: OpaquePointer

    /// A client.
    ///
    /// - Parameters:
    ///   - authority: the only authority that is trusted.
    ///   - certificate: what is shown where the server asks.
    ///   - version: the only one that is spoken, however old; `nil` for OpenSSL's defaults.
    /// - Throws: ``ScriptedRelyingPartyError/tls(_:)``.
    public init(
        trusting authority: CertificateAuthority,
        showing certificate: IssuedCertificate? = nil,
        version: Version? = nil
    ) throws {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw ScriptedRelyingPartyError.tls("new context")
        }
        unsafe self.context = context
        let trusted = unsafe try TLSServer.reading(authority.certificatePEM) { bio in
            unsafe PEM_read_bio_X509(bio, nil, nil, nil)
        }
        defer { unsafe X509_free(trusted.pointer) }
        guard unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted.pointer) == 1 else {
            throw ScriptedRelyingPartyError.tls("trust")
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let certificate { try show(certificate) }
        if let version, unsafe lastcall_ssl_only_version(context, version.number) != 1 {
            throw ScriptedRelyingPartyError.tls("limit versions")
        }
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    private func show(_ certificate: IssuedCertificate) throws {
        let shown = unsafe try TLSServer.reading(certificate.certificatePEM) { bio in
            unsafe PEM_read_bio_X509(bio, nil, nil, nil)
        }
        defer { unsafe X509_free(shown.pointer) }
        let key = unsafe try TLSServer.reading(certificate.privateKeyPEM) { bio in
            unsafe PEM_read_bio_PrivateKey(bio, nil, nil, nil)
        }
        defer { unsafe EVP_PKEY_free(key.pointer) }
        guard unsafe SSL_CTX_use_certificate(context, shown.pointer) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, key.pointer) == 1
        else { throw ScriptedRelyingPartyError.tls("use certificate") }
    }

    /// A session on a connected socket, before its handshake; the caller frees it.
    func session(on descriptor: Int32) -> OpaquePointer? {
        guard let session = unsafe SSL_new(context) else { return nil }
        unsafe SSL_set_fd(session, descriptor)
        return unsafe session
    }
}
