internal import COpenSSL

/// The TLS side of a server or of a client, for connections of one thread.
@safe
package final class TLSContext {
    private let context: OpaquePointer

    /// A server that shows a certificate; sessions, tickets and versions are as OpenSSL has them.
    ///
    /// - Throws: ``WireError/tls(step:)``.
    package init(showing certificate: String, key: String) throws(WireError) {
        unsafe context = try Self.make(TLS_server_method())
        let shown = unsafe try Self.reading(certificate) { bio in unsafe PEM_read_bio_X509(bio, nil, nil, nil)
        }
        defer { unsafe X509_free(shown.pointer) }
        let key = unsafe try Self.reading(key) { bio in unsafe PEM_read_bio_PrivateKey(bio, nil, nil, nil) }
        defer { unsafe EVP_PKEY_free(key.pointer) }
        guard unsafe SSL_CTX_use_certificate(context, shown.pointer) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, key.pointer) == 1
        else { throw .tls(step: "use certificate") }
    }

    /// A client that trusts one authority.
    ///
    /// - Throws: ``WireError/tls(step:)``.
    package init(trusting authority: String) throws(WireError) {
        unsafe context = try Self.make(TLS_client_method())
        let trusted = unsafe try Self.reading(authority) { bio in unsafe PEM_read_bio_X509(bio, nil, nil, nil)
        }
        defer { unsafe X509_free(trusted.pointer) }
        guard unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted.pointer) == 1 else {
            throw .tls(step: "trust")
        }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    }

    deinit {
        unsafe SSL_CTX_free(context)
    }

    /// A session on a connected socket, before its handshake; the caller frees it.
    func session(on descriptor: Int32, isServer: Bool) -> OpaquePointer? {
        guard let session = unsafe SSL_new(context) else { return nil }
        unsafe SSL_set_fd(session, descriptor)
        if isServer { unsafe SSL_set_accept_state(session) } else { unsafe SSL_set_connect_state(session) }
        return unsafe session
    }

    private static func make(_ method: OpaquePointer?) throws(WireError) -> OpaquePointer {
        guard let context = unsafe SSL_CTX_new(method) else { throw .tls(step: "new context") }
        // One read for a record instead of two, and writes that may be taken up again from elsewhere.
        unsafe lastcall_ssl_few_calls(context)
        return unsafe context
    }

    @safe
    private struct Read {
        let pointer: OpaquePointer
    }

    private static func reading(
        _ pem: String,
        _ read: (OpaquePointer) -> OpaquePointer?
    ) throws(WireError) -> Read {
        let bytes = Array(pem.utf8)
        // The BIO copies, so that it may outlive the array's buffer.
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .tls(step: "new buffer") }
        defer { unsafe BIO_free(bio) }
        guard unsafe BIO_write(bio, bytes, Int32(bytes.count)) == bytes.count, let object = unsafe read(bio)
        else {
            throw .tls(step: "read PEM")
        }
        return unsafe Read(pointer: object)
    }
}
