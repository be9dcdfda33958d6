internal import COpenSSL
internal import Glibc

/// A connection's bytes, with or without TLS, read and written without waiting, on one thread.
///
/// The first read or write shakes hands.
@safe
package final class Wire {
    /// What a read or a write has come to.
    package enum Step {
        /// So many bytes went over, at least one.
        case moved(Int)
        /// Nothing now.
        case later
        /// The connection is over, whoever ended it.
        case ended
    }

    /// The socket.
    package let descriptor: Int32
    private let session: OpaquePointer?

    /// Takes a connected socket over, to be closed with this object; `nil` where OpenSSL has no session to give.
    package init?(descriptor: Int32, tls: TLSContext?, isServer: Bool) {
        self.descriptor = descriptor
        guard let tls else {
            unsafe session = nil
            return
        }
        guard let session = unsafe tls.session(on: descriptor, isServer: isServer) else {
            close(descriptor)
            return nil
        }
        unsafe self.session = session
    }

    deinit {
        if let session = unsafe session { unsafe SSL_free(session) }
        close(descriptor)
    }

    /// Whether bytes have come that no socket tells of any more.
    package var hasPending: Bool {
        guard let session = unsafe session else { return false }
        return unsafe SSL_has_pending(session) == 1
    }

    /// Shakes hands, waiting for the other side; false where that fails.
    package func shakeHands() -> Bool {
        guard let session = unsafe session else { return true }
        while true {
            let result = unsafe SSL_do_handshake(session)
            if result == 1 { return true }
            guard case .later = unsafe pause(session, result) else { return false }
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&item, 1, Self.handshakeMilliseconds) > 0 || errno == EINTR else {
                return false
            }
        }
    }

    private static let handshakeMilliseconds: Int32 = 10_000

    /// Reads what has come.
    package func read(into buffer: UnsafeMutableRawBufferPointer) -> Step {
        guard let session = unsafe session else {
            let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            if count > 0 { return .moved(count) }
            return count < 0 && (errno == EAGAIN || errno == EINTR) ? .later : .ended
        }
        let count = unsafe SSL_read(session, buffer.baseAddress, Int32(clamping: buffer.count))
        return count > 0 ? .moved(Int(count)) : unsafe pause(session, count)
    }

    /// Writes as much as there is room for.
    package func write(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard let session = unsafe session else {
            let count = unsafe send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            if count > 0 { return .moved(count) }
            return count < 0 && (errno == EAGAIN || errno == EINTR) ? .later : .ended
        }
        let count = unsafe SSL_write(session, bytes.baseAddress, Int32(clamping: bytes.count))
        return count > 0 ? .moved(Int(count)) : unsafe pause(session, count)
    }

    private func pause(_ session: OpaquePointer, _ result: Int32) -> Step {
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .later
        default:
            // What one connection met must not be read as the next one's error.
            ERR_clear_error()
            return .ended
        }
    }
}
