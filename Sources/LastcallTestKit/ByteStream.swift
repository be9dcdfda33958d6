import COpenSSL
import Glibc

/// A connection's bytes, with or without TLS, read and written with blocking calls on one thread.
@safe
final class ByteStream {
    let descriptor: Int32
    private let session: OpaquePointer?

    /// A plain connection.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        unsafe session = nil
    }

    /// Shakes hands; `nil` where that fails.
    init?(descriptor: Int32, server: TLSServer) {
        self.descriptor = descriptor
        guard let session = unsafe server.session(on: descriptor) else { return nil }
        unsafe self.session = session
        guard unsafe SSL_accept(session) == 1 else { return nil }
    }

    /// Shakes hands as a client; `nil` where that fails.
    init?(descriptor: Int32, client: TLSClient) {
        self.descriptor = descriptor
        guard let session = unsafe client.session(on: descriptor) else { return nil }
        unsafe self.session = session
        guard unsafe SSL_connect(session) == 1 else { return nil }
    }

    deinit {
        if let session = unsafe session { unsafe SSL_free(session) }
    }

    /// `TLSv1.3` or its like.
    var tlsVersion: String? {
        guard let session = unsafe session, let version = unsafe SSL_get_version(session) else { return nil }
        return unsafe String(cString: version)
    }

    /// The name that the client asked for.
    var serverName: String? {
        guard let session = unsafe session,
            let name = unsafe SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
        else { return nil }
        return unsafe String(cString: name)
    }

    /// Whether bytes have come that no socket tells of any more.
    var hasPending: Bool {
        guard let session = unsafe session else { return false }
        return unsafe SSL_pending(session) > 0
    }

    /// The certificate of the other side, in PEM.
    var peerCertificatePEM: String? {
        guard let session = unsafe session, let certificate = unsafe SSL_get1_peer_certificate(session) else {
            return nil
        }
        defer { unsafe X509_free(certificate) }
        return unsafe try? pem { bio in unsafe PEM_write_bio_X509(bio, certificate) }
    }

    /// The common name of the certificate that the client showed.
    var clientName: String? {
        guard let session = unsafe session, let shown = unsafe SSL_get1_peer_certificate(session) else {
            return nil
        }
        defer { unsafe X509_free(shown) }
        var name = [CChar](repeating: 0, count: 80)
        let subject = unsafe X509_get_subject_name(shown)
        let length = unsafe X509_NAME_get_text_by_NID(subject, NID_commonName, &name, Int32(name.count))
        return String(decoding: name.prefix(max(0, Int(length))).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// What has come, at least a byte; nothing at the end, whatever its reason.
    func read() -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: 16_384) { bytes, count in
            let got =
                if let session = unsafe session {
                    unsafe Int(SSL_read(session, bytes.baseAddress, Int32(bytes.count)))
                } else {
                    unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
                }
            count = max(0, got)
        }
    }

    /// Writes all of it; false where the client is gone.
    func write(_ bytes: [UInt8]) -> Bool {
        if let session = unsafe session {
            guard !bytes.isEmpty else { return true }
            return unsafe SSL_write(session, bytes, Int32(bytes.count)) == bytes.count
        }
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes { rest in
                unsafe send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Ends TLS properly, so that the client can tell the end of the answer from a cut.
    func sayGoodbye() {
        if let session = unsafe session { unsafe SSL_shutdown(session) }
    }

    /// Waits for something to read.
    func waitForBytes() {
        _ = wait(events: POLLIN, milliseconds: -1)
    }

    /// Waits this long for something to read, or the end; false where there is neither.
    func waitForRead(milliseconds: Int32) -> Bool {
        wait(events: POLLIN, milliseconds: milliseconds)
    }

    /// Waits until this stream or another has something to read, or is at its end; which of them.
    func waitForEither(_ other: ByteStream) -> (this: Bool, other: Bool) {
        // What TLS has decoded already, the socket no longer tells of.
        if hasPending { return (true, false) }
        var events = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while unsafe poll(&events, 2, -1) < 0 {}
        return (events[0].revents != 0, events[1].revents != 0)
    }

    /// Waits until the client is gone.
    func waitForEnd() {
        _ = wait(events: 0, milliseconds: -1)
    }

    /// Waits this long; false where the client is gone before.
    func waitOut(milliseconds: Int32) -> Bool {
        !wait(events: 0, milliseconds: milliseconds)
    }

    /// Waits until the gate is open; false where the client is gone before.
    func wait(at gate: Gate) -> Bool {
        var events = [
            pollfd(fd: descriptor, events: Int16(Self.hungUp), revents: 0),
            pollfd(fd: gate.descriptor, events: 0, revents: 0),
        ]
        while unsafe poll(&events, 2, -1) < 0 {}
        return events[1].revents != 0
    }

    private func wait(events: Int32, milliseconds: Int32) -> Bool {
        var event = pollfd(fd: descriptor, events: Int16(Self.hungUp | events), revents: 0)
        return unsafe poll(&event, 1, milliseconds) > 0
    }

    /// `POLLRDHUP`, which Glibc's headers show to GNU sources only.
    private static let hungUp: Int32 = 0x2000
}
