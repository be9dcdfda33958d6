import CCurl
import Synchronization

/// libcurl's multi handle: its transfers, connections, TLS sessions and addresses.
///
/// `@unchecked Sendable`: only ``wakeUp()`` is called from other threads, the one function of libcurl's multi
/// interface that may be, and a lock keeps it from a handle that is gone; everything else is called on the client's
/// thread.
@safe
final class Multi: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    private let isClosed = Mutex(false)

    /// - Throws: ``RelyingPartyClientError/libraryUnavailable(_:)``.
    init(maximumConnections: Int) throws(RelyingPartyClientError) {
        try Self.globalInit.get()
        guard let handle = unsafe curl_multi_init() else {
            throw .libraryUnavailable("curl_multi_init")
        }
        unsafe self.handle = handle
        // Without descriptors libcurl makes a handle that nobody can wake; this first wake-up is of no consequence.
        guard unsafe curl_multi_wakeup(handle) == CURLM_OK else {
            throw .libraryUnavailable("curl_multi_wakeup")
        }
        // Without this the cache shrinks to four times the transfers in flight, and RPs are dialled again.
        unsafe lastcall_multi_set_long(handle, CURLMOPT_MAXCONNECTS, maximumConnections)
    }

    deinit {
        close()
    }

    /// Closes every connection; no transfer may be left. On the client's thread, because saying goodbye may raise
    /// `SIGPIPE`, and before `run()` returns, because the process may then end, and OpenSSL with it.
    func close() {
        isClosed.withLock { isClosed in
            guard !isClosed else { return }
            isClosed = true
            unsafe curl_multi_cleanup(handle)
        }
    }

    /// Ends the wait of the client's thread, now or the next one. May be called on any thread.
    func wakeUp() {
        isClosed.withLock { isClosed in
            if !isClosed { unsafe curl_multi_wakeup(handle) }
        }
    }

    /// Starts a transfer.
    func add(_ transfer: Transfer) throws(SettingRefused) {
        guard unsafe curl_multi_add_handle(handle, transfer.easy) == CURLM_OK else {
            throw SettingRefused(code: CURLE_OUT_OF_MEMORY)
        }
    }

    /// Takes a transfer out, whether it is done or not.
    func remove(_ transfer: Transfer) {
        unsafe curl_multi_remove_handle(handle, transfer.easy)
    }

    /// Does what can be done without waiting; false where libcurl is at its wits' end.
    func perform() -> Bool {
        var running: Int32 = 0
        return unsafe curl_multi_perform(handle, &running) == CURLM_OK
    }

    /// The next transfer that is done, with libcurl's result.
    func nextDone() -> (Transfer, CURLcode)? {
        var code = CURLE_OK
        guard let easy = unsafe lastcall_multi_next_done(handle, &code) else { return nil }
        guard let transfer = unsafe Transfer.of(easy) else { return nil }
        return (transfer, code)
    }

    /// Waits for a socket, one of libcurl's timers or ``wakeUp()``, at most this long.
    func wait(milliseconds: Int32) {
        unsafe curl_multi_poll(handle, nil, 0, milliseconds, nil)
    }

    /// `curl_global_init`, once in a process.
    private static let globalInit: Result<Void, RelyingPartyClientError> = {
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK else {
            return .failure(.libraryUnavailable("curl_global_init"))
        }
        guard let version = unsafe lastcall_curl_version() else {
            return .failure(.libraryUnavailable("curl_version_info"))
        }
        // The request guard needs CURLOPT_PREREQFUNCTION, the protocol list CURLOPT_PROTOCOLS_STR: 7.85.0.
        guard unsafe version.pointee.version_num >= 0x075500 else {
            return .failure(.libraryUnavailable("libcurl is older than 7.85.0"))
        }
        guard unsafe version.pointee.features & CURL_VERSION_SSL != 0 else {
            return .failure(.libraryUnavailable("libcurl has no TLS"))
        }
        return .success(())
    }()

    /// Whether libcurl can speak TLS to a proxy, and TLS through that.
    ///
    /// - Throws: ``RelyingPartyClientError/libraryUnavailable(_:)``.
    static func checkSecureProxies() throws(RelyingPartyClientError) {
        guard let version = unsafe lastcall_curl_version(),
            unsafe version.pointee.features & CURL_VERSION_HTTPS_PROXY != 0
        else { throw .libraryUnavailable("libcurl has no https proxies") }
    }

    /// The file of authorities that libcurl was built to use.
    static var systemCAFile: String? {
        guard let version = unsafe lastcall_curl_version() else { return nil }
        guard let file = unsafe version.pointee.cainfo else { return nil }
        return unsafe String(cString: file)
    }
}
