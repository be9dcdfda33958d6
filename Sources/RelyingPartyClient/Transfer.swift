import CCurl
import DeliveryPolicy

/// One easy handle, and the request that it carries at the moment. Handles are used again and again.
///
/// Confined to the client's thread. libcurl's callbacks find the transfer through an unretained pointer: the
/// engine keeps every transfer until its end, and a handle is cleaned up before its transfer goes.
@safe
final class Transfer {
    let easy: UnsafeMutableRawPointer
    private let settings: TransferSettings
    let sockets: SocketWatch
    private let errorText: UnsafeMutablePointer<CChar>
    private var shownProtocols = ""
    private var shownIdentity: TLSIdentity?
    /// Whether the handle is set to GET, not to POST as all are at first.
    private var isFetching = false

    /// The request in flight; `nil` while the handle is free.
    private(set) var accepted: Accepted?
    private var route: Route?
    private var tunnel: Tunnel?
    private var pairs: SettingList?
    /// Kept for as long as the handle points to it: until the next request.
    private var headers: SettingList?
    private var startedAt: UInt64 = 0
    private(set) var isRedial = false
    var socketGuard: SocketGuard
    var reader: AnswerReader

    init(settings: TransferSettings, sockets: SocketWatch, check: AddressCheck) throws(SettingRefused) {
        guard let easy = unsafe curl_easy_init() else { throw SettingRefused(code: CURLE_OUT_OF_MEMORY) }
        unsafe self.easy = easy
        self.settings = settings
        self.sockets = sockets
        socketGuard = SocketGuard(check)
        reader = AnswerReader(headerLimit: 0, bodyLimit: 0)
        unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try unsafe settings.apply(to: easy)
        try setCallbacks()
        try unsafe EasyOptions(easy).set(CURLOPT_ERRORBUFFER, pointer: UnsafeMutableRawPointer(errorText))
    }

    deinit {
        unsafe curl_easy_cleanup(easy)
        unsafe errorText.deallocate()
    }

    /// The transfer of a handle that libcurl names.
    static func of(_ easy: UnsafeMutableRawPointer) -> Transfer? {
        guard let pointer = unsafe lastcall_easy_private(easy) else { return nil }
        return unsafe Unmanaged<Transfer>.fromOpaque(pointer).takeUnretainedValue()
    }

    /// Whether to start the same request again on a new connection: a reused one leads to an address that the
    /// rule refuses by now, nothing was written to it, and another address may be allowed.
    var wantsRedial: Bool {
        !isRedial && !socketGuard.permitted && socketGuard.opened == nil && socketGuard.refusal != nil
    }

    /// Whether the proxy refused one address of the RP and has not been asked for another: nothing reached the RP, so
    /// the same request may start again. Not where the proxy wants other credentials, whatever the address.
    func takesNextTarget(_ code: CURLcode) -> Bool {
        guard let tunnel, code != CURLE_OK, code != CURLE_OPERATION_TIMEDOUT, !socketGuard.permitted,
            connectStatus >= 300, connectStatus != 407
        else { return false }
        // Later requests begin where this one had to go.
        route?.detours &+= 1
        return tunnel.advance()
    }

    /// Readies the handle for a request.
    func prepare(
        _ accepted: Accepted,
        route: Route,
        pairs: SettingList?,
        tunnel: Tunnel?,
        now: UInt64
    ) throws(SettingRefused) {
        self.accepted = accepted
        self.route = route
        self.tunnel = tunnel
        self.pairs = pairs
        startedAt = now
        isRedial = false
        let options = unsafe EasyOptions(easy)
        let protocols = route.origin.secure ? "https" : "http"
        if protocols != shownProtocols {
            try options.set(CURLOPT_PROTOCOLS_STR, protocols)
            shownProtocols = protocols
        }
        try options.set(CURLOPT_URL, accepted.request.url)
        if accepted.request.identity !== shownIdentity {
            try settings.show(accepted.request.identity, on: options)
            shownIdentity = accepted.request.identity
        }
        if accepted.isFetch != isFetching {
            try options.set(accepted.isFetch ? CURLOPT_HTTPGET : CURLOPT_POST, 1)
            isFetching = accepted.isFetch
        }
        if !isFetching { try options.setBody(accepted.request.body) }
        let headers = isFetching ? settings.fetchHeaders : try settings.headers(of: accepted.request)
        try options.set(CURLOPT_HTTPHEADER, headers)
        self.headers = headers
        if let tunnel {
            try options.set(CURLOPT_PROXY, tunnel.url)
        } else {
            try options.set(CURLOPT_CONNECT_TO, route.connectTo)
        }
        try options.set(CURLOPT_RESOLVE, pairs)
        try options.set(CURLOPT_FRESH_CONNECT, 0)
        try restart(now: now)
    }

    /// Readies the handle for the same request once more, on a new connection.
    func prepareRedial(now: UInt64) throws(SettingRefused) {
        isRedial = true
        let options = unsafe EasyOptions(easy)
        try options.set(CURLOPT_RESOLVE, route?.pairs)
        try options.set(CURLOPT_FRESH_CONNECT, 1)
        try restart(now: now)
    }

    private func restart(now: UInt64) throws(SettingRefused) {
        guard let accepted, let route else { return }
        let left = accepted.deadline > now ? accepted.deadline - now : 0
        // Rounded up, and never 0, which to libcurl means no deadline at all.
        let milliseconds = max(1, Int((left + 999_999) / 1_000_000))
        try unsafe EasyOptions(easy).set(CURLOPT_TIMEOUT_MS, min(milliseconds, Int(Int32.max)))
        if let tunnel { try unsafe EasyOptions(easy).set(CURLOPT_CONNECT_TO, tunnel.target.connectTo) }
        let configuration = settings.configuration
        socketGuard = SocketGuard(route.check(for: accepted.request), tunnel: tunnel)
        reader = AnswerReader(
            headerLimit: configuration.headerLimit,
            bodyLimit: accepted.isFetch ? configuration.documentLimit : configuration.bodyLimit,
            keepsBody: accepted.isFetch || configuration.keepsBody
        )
        unsafe errorText.pointee = 0
    }

    /// Frees the handle for the next request: what was asked, and its answer. `code` is libcurl's result, `nil` where
    /// the client ends before the transfer.
    func finish(_ code: CURLcode?, now: UInt64) -> (Accepted, Answer)? {
        guard let accepted else { return nil }
        if socketGuard.permitted, let pairs { route?.loaded(pairs) }
        let answer = answer(to: accepted, code, now: now)
        // The next request begins with another address, in case the proxy has no way to this one.
        if tunnel != nil, code != nil, !socketGuard.permitted, let route { route.detours &+= 1 }
        self.accepted = nil
        route = nil
        tunnel = nil
        pairs = nil
        return (accepted, answer)
    }

    private func answer(to accepted: Accepted, _ code: CURLcode?, now: UInt64) -> Answer {
        let sent = socketGuard.permitted && (socketGuard.resendRefused || requestSize > 0)
        let address = remoteAddress
        let total = Int64((now - accepted.acceptedAt) / 1_000)
        guard reader.isComplete, let status = reader.status else {
            let failure = code.map { self.failure($0, sent: sent) } ?? TransportFailure.cancelled
            return Answer(
                ending: .failure(failure),
                detail: code.flatMap { detail($0, failure) },
                remoteAddress: address,
                requestSent: sent,
                retryAfter: nil,
                error: failure.proxyFailure?.code,
                errorDescription: failure.proxyFailure?.sentence,
                document: nil,
                firstByteMicroseconds: nil,
                totalMicroseconds: total
            )
        }
        let explanation = Explanation(reader.explanation, push: accepted.request.push)
        let keeps = accepted.isFetch || settings.configuration.keepsBody
        let untilStart = Int64((startedAt - accepted.acceptedAt) / 1_000)
        let untilByte = unsafe lastcall_easy_microseconds(easy, CURLINFO_STARTTRANSFER_TIME_T)
        return Answer(
            ending: .status(status),
            detail: accepted.isFetch && code != CURLE_OK ? "the body did not come whole" : nil,
            remoteAddress: address,
            requestSent: true,
            retryAfter: reader.retryAfter,
            error: explanation.error,
            errorDescription: explanation.description,
            document: keeps && status == 200 && code == CURLE_OK
                ? Answer.Document(body: reader.content, cacheControl: reader.cacheControl) : nil,
            firstByteMicroseconds: untilStart + Int64(untilByte),
            totalMicroseconds: total
        )
    }

    private func failure(_ code: CURLcode, sent: Bool) -> TransportFailure {
        if reader.isOverHeaderLimit { return .protocolError }
        if socketGuard.resendRefused { return .unreachable }
        if socketGuard.isBlocked, code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK {
            return .blockedAddress(socketGuard.refusal ?? "")
        }
        // With TLS 1.3 a server says no to a certificate only after the handshake: an alert, met while reading.
        if code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR,
            unsafe String(cString: errorText).contains(" alert ")
        {
            return .tlsFailure
        }
        let systemError = unsafe Int32(truncatingIfNeeded: lastcall_easy_long(easy, CURLINFO_OS_ERRNO))
        let failure = TransportFailure(
            code,
            sent: sent,
            systemError: socketGuard.opened == nil ? socketGuard.openError : systemError
        )
        guard let tunnel, !socketGuard.permitted else { return failure }
        return tunnel.failure(failure, answered: connectStatus)
    }

    /// The RP's: behind a proxy the one that CONNECT asked for, which is none where the proxy resolves names.
    private var remoteAddress: String? {
        if let tunnel { return tunnel.target.address?.description }
        return text(CURLINFO_PRIMARY_IP) ?? socketGuard.opened?.description
    }

    /// How the proxy answered CONNECT; 0 where it was not asked, or did not answer.
    private var connectStatus: Int {
        unsafe lastcall_easy_long(easy, CURLINFO_HTTP_CONNECTCODE)
    }

    private func detail(_ code: CURLcode, _ failure: TransportFailure) -> String? {
        if reader.isOverHeaderLimit {
            return "more than \(settings.configuration.headerLimit) bytes of headers"
        }
        if socketGuard.resendRefused { return "the connection ended before an answer" }
        if let sentence = failure.sentence { return sentence }
        // libcurl's own sentence about this names the host as the route spells it.
        guard code != CURLE_COULDNT_CONNECT else { return "no connection to any address" }
        let own = unsafe String(cString: errorText)
        let text = own.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : own
        return boundedText(text.utf8, maximumBytes: 255)
    }

    private var requestSize: Int {
        unsafe lastcall_easy_long(easy, CURLINFO_REQUEST_SIZE)
    }

    private func text(_ info: CURLINFO) -> String? {
        guard let text = unsafe lastcall_easy_text(easy, info), unsafe text.pointee != 0 else { return nil }
        return unsafe String(cString: text)
    }
}
