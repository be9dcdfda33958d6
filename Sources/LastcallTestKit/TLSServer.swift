import COpenSSL

/// The TLS side of a scripted server: a certificate, its key, and the versions that are spoken.
///
/// `@unchecked Sendable`: OpenSSL's contexts may be used by many threads once they are set up, and this one is
/// never changed after `init`.
@safe
final class TLSServer: @unchecked Sendable {
    private let context: OpaquePointer

    /// - Parameters:
    ///   - certificate: what to show.
    ///   - onlyVersion: such as `TLS1_1_VERSION`, however old; `nil` for OpenSSL's defaults.
    ///   - authority: the authority, in PEM, whose certificates clients have to show; nobody has to unless told.
    /// - Throws: ``ScriptedRelyingPartyError/tls(_:)``.
    init(_ certificate: IssuedCertificate, onlyVersion: Int32? = nil, asking authority: String? = nil) throws
    {
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else {
            throw ScriptedRelyingPartyError.tls("new context")
        }
        unsafe self.context = context
        let shown = unsafe try Self.reading(certificate.certificatePEM) { bio in
            unsafe PEM_read_bio_X509(bio, nil, nil, nil)
        }
        defer { unsafe X509_free(shown.pointer) }
        let key = unsafe try Self.reading(certificate.privateKeyPEM) { bio in
            unsafe PEM_read_bio_PrivateKey(bio, nil, nil, nil)
        }
        defer { unsafe EVP_PKEY_free(key.pointer) }
        guard unsafe SSL_CTX_use_certificate(context, shown.pointer) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, key.pointer) == 1
        else { throw ScriptedRelyingPartyError.tls("use certificate") }
        if let onlyVersion, unsafe lastcall_ssl_only_version(context, onlyVersion) != 1 {
            throw ScriptedRelyingPartyError.tls("limit versions")
        }
        guard let authority else { return }
        let trusted = unsafe try Self.reading(authority) { bio in unsafe PEM_read_bio_X509(bio, nil, nil, nil)
        }
        defer { unsafe X509_free(trusted.pointer) }
        guard unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted.pointer) == 1 else {
            throw ScriptedRelyingPartyError.tls("ask for certificates")
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        // Without a name of its own a server that asks for certificates resumes no session.
        unsafe SSL_CTX_set_session_id_context(context, Array("test".utf8), 4)
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// Drops what OpenSSL keeps for this thread now, not in parallel with the end of the process.
    static func threadEnds() {
        OPENSSL_thread_stop()
    }

    /// A session on a connected socket, before its handshake; the caller frees it.
    func session(on descriptor: Int32) -> OpaquePointer? {
        guard let session = unsafe SSL_new(context) else { return nil }
        unsafe SSL_set_fd(session, descriptor)
        return unsafe session
    }

    @safe
    struct Read {
        let pointer: OpaquePointer
    }

    static func reading(_ pem: String, _ read: (OpaquePointer) -> OpaquePointer?) throws -> Read {
        // The buffer is read where it lies, so it must live as long as it is read.
        let bytes = Array(pem.utf8)
        let object = try unsafe bytes.withUnsafeBytes { bytes in
            guard let bio = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else {
                throw ScriptedRelyingPartyError.tls("new buffer")
            }
            defer { unsafe BIO_free(bio) }
            return unsafe read(bio)
        }
        guard let object = unsafe object else { throw ScriptedRelyingPartyError.tls("read PEM") }
        return unsafe Read(pointer: object)
    }
}
