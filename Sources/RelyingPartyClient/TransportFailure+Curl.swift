import CCurl
import Glibc

extension TransportFailure {
    /// What a result of libcurl's means.
    ///
    /// - Parameters:
    ///   - code: the result of a transfer that brought no complete answer.
    ///   - sent: whether any of the request was written.
    ///   - systemError: the last `errno` of opening or connecting a socket; 0 without.
    init(_ code: CURLcode, sent: Bool, systemError: Int32) {
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            self = .timeout(sent: sent)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            self = .dnsFailure
        case CURLE_COULDNT_CONNECT:
            self = LocalCause(errno: systemError).map { .localError($0) } ?? .unreachable
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_OK:
            // CURLE_OK: to libcurl a connection that ends inside the headers is a whole answer.
            self = .unreachable
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CIPHER, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_CLIENTCERT, CURLE_SSL_SHUTDOWN_FAILED, CURLE_USE_SSL_FAILED:
            self = .tlsFailure
        case CURLE_URL_MALFORMAT:
            self = .forbiddenURL
        case CURLE_UNSUPPORTED_PROTOCOL:
            // The same code for another scheme, and for an answer without a status line.
            self = sent ? .protocolError : .forbiddenURL
        case CURLE_ABORTED_BY_CALLBACK:
            self = .blockedAddress("")
        case CURLE_OUT_OF_MEMORY:
            self = .localError(.noMemory)
        case CURLE_FAILED_INIT, CURLE_NOT_BUILT_IN, CURLE_FUNCTION_NOT_FOUND, CURLE_UNKNOWN_OPTION,
            CURLE_BAD_FUNCTION_ARGUMENT, CURLE_INTERFACE_FAILED, CURLE_READ_ERROR, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CRL_BADFILE, CURLE_RECURSIVE_API_CALL, CURLE_NO_CONNECTION_AVAILABLE:
            self = .localError(.library(code: Int(code.rawValue)))
        default:
            // CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_TOO_LARGE and whatever else an answer
            // can be; codes of other protocols cannot come up.
            self = .protocolError
        }
    }
}

extension TransportFailure.LocalCause {
    /// The shortage that an `errno` tells of; `nil` where it is none of this machine's.
    init?(errno code: Int32) {
        switch code {
        case EMFILE, ENFILE: self = .noDescriptor
        case EADDRNOTAVAIL, EADDRINUSE, ENOBUFS, EAGAIN: self = .noPort
        case ENOMEM: self = .noMemory
        default: return nil
        }
    }
}
