import CCurl

/// libcurl's multi handle: its transfers, connections, TLS sessions and addresses.
///
/// It is told which sockets are ready (`curl_multi_socket_action`), and so looks at those requests alone:
/// `curl_multi_perform` looks at all in flight each time, with a `poll` for each.
///
/// `@unchecked Sendable`: only ``wakeUp()`` is called from other threads; everything else is called on the client's
/// thread.
@safe
final class Multi: @unchecked Sendable {
    private let handle: UnsafeMutableRawPointer
    let sockets: SocketWatch
    private var isClosed = false
    /// When libcurl wants to be called, whatever its sockets do.
    private var timer: UInt64?

    /// - Throws: ``RelyingPartyClientError/libraryUnavailable(_:)``.
    init(maximumConnections: Int) throws(RelyingPartyClientError) {
        try Self.globalInit.get()
        guard let sockets = SocketWatch() else { throw .libraryUnavailable("epoll_create1 or eventfd") }
        guard let handle = unsafe curl_multi_init() else { throw .libraryUnavailable("curl_multi_init") }
        unsafe self.handle = handle
        self.sockets = sockets
        // Without this the cache shrinks to four times the transfers in flight, and RPs are dialled again.
        unsafe lastcall_multi_set_long(handle, CURLMOPT_MAXCONNECTS, maximumConnections)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        unsafe lastcall_multi_set_callbacks(handle, wantSocket, setTimer, context)
    }

    deinit {
        close()
    }

    /// Closes every connection; no transfer may be left. On the client's thread, because saying goodbye may raise
    /// `SIGPIPE`, and before `run()` returns, because the process may then end, and OpenSSL with it.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        unsafe curl_multi_cleanup(handle)
    }

    /// Ends the wait of the client's thread, now or the next one. May be called on any thread.
    func wakeUp() {
        sockets.wakeUp()
    }

    fileprivate func wake(in milliseconds: Int) {
        timer = milliseconds < 0 ? nil : monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
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
        guard sockets.ready({ socket, bits in act(socket, bits) }) else { return false }
        guard let timer, timer <= monotonicNanoseconds() else { return true }
        self.timer = nil
        return act(CURL_SOCKET_TIMEOUT, 0)
    }

    private func act(_ socket: Int32, _ bits: Int32) -> Bool {
        var running: Int32 = 0
        return unsafe curl_multi_socket_action(handle, socket, bits, &running) == CURLM_OK
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
        guard let timer else { return sockets.wait(milliseconds: milliseconds) }
        let now = monotonicNanoseconds()
        let left = timer > now ? (timer - now + 999_999) / 1_000_000 : 0
        sockets.wait(milliseconds: Int32(min(left, UInt64(max(0, milliseconds)))))
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

private func multi(_ context: UnsafeMutableRawPointer?) -> Multi? {
    unsafe context.map { unsafe Unmanaged<Multi>.fromOpaque($0).takeUnretainedValue() }
}

private let wantSocket: curl_socket_callback = { _, socket, wish, context, _ in
    guard let multi = unsafe multi(context) else { return -1 }
    return multi.sockets.want(wish, of: socket) ? 0 : -1
}

private let setTimer: curl_multi_timer_callback = { _, milliseconds, context in
    guard let multi = unsafe multi(context) else { return -1 }
    multi.wake(in: milliseconds)
    return 0
}
