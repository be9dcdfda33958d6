import COpenSSL

/// What OpenSSL says about failures of the calling thread.
enum OpenSSLFailure {
    /// Takes every entry out of the thread's error queue.
    ///
    /// Only the reasons are kept: the data that OpenSSL attaches to an entry may quote its input.
    static func drainReasons() -> [String] {
        var reasons: [String] = []
        while case let code = ERR_get_error(), code != 0 {
            guard let reason = unsafe ERR_reason_error_string(code) else { continue }
            unsafe reasons.append(String(cString: reason))
        }
        return reasons
    }

    /// A failed operation on keys, with the reasons that OpenSSL queued.
    static func key(_ operation: String) -> KeyError {
        .library(operation: operation, reasons: drainReasons())
    }
}

/// The pointer, or the error that says which operation gave none.
func present<Pointer>(_ pointer: Pointer?, _ operation: String) throws(KeyError) -> Pointer {
    guard let pointer else { throw OpenSSLFailure.key(operation) }
    return pointer
}

/// Throws unless OpenSSL answered that the operation succeeded.
func succeeded(_ result: Int32, _ operation: String) throws(KeyError) {
    guard result > 0 else { throw OpenSSLFailure.key(operation) }
}
