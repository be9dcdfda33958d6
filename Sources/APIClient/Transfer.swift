import CCurl

/// One call by libcurl, which blocks its thread until it is over. Redirects are not followed: the key is for one API.
struct Transfer {
    /// A connection must stand within this time.
    private static let connectMilliseconds = 10_000
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let server: APIServer
    private let call: APICall
    private let exchange: Exchange

    init(_ server: APIServer, _ call: APICall, _ exchange: Exchange) {
        self.server = server
        self.call = call
        self.exchange = exchange
    }

    /// Makes the call.
    ///
    /// - Returns: why there was no answer to its end; `nil` where there was.
    func run() -> APIFailure? {
        guard Self.isReady, let easy = unsafe curl_easy_init() else {
            return .noAnswer("libcurl is not available")
        }
        defer { unsafe curl_easy_cleanup(easy) }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { unsafe list = unsafe curl_slist_append(list, line) }
        defer { unsafe curl_slist_free_all(list) }
        _ = unsafe lastcall_easy_set_list(easy, CURLOPT_HTTPHEADER, list)
        unsafe configure(easy)
        unsafe listen(easy)
        let code = unsafe curl_easy_perform(easy)
        guard code != CURLE_OK else { return nil }
        return .noAnswer(unsafe String(cString: curl_easy_strerror(code)))
    }

    /// Header fields as libcurl is told of them: a name with nothing but a colon behind it takes back a field of its
    /// own, one with a semicolon is a field without a value.
    private var lines: [String] {
        var lines = call.headers.map { name, value in
            value.allSatisfy { $0 == " " } ? "\(name);" : "\(name): \(value)"
        }
        if let key = server.key { lines.append("Authorization: Bearer \(key)") }
        // libcurl's own type for a body would be that of a form.
        if !call.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        // Asked for by libcurl before long bodies otherwise, and waited for.
        return lines + ["Expect:"]
    }

    private func configure(_ easy: UnsafeMutableRawPointer) {
        let texts: [(CURLoption, String?)] = [
            (CURLOPT_URL, server.url + call.target), (CURLOPT_PROTOCOLS_STR, "http,https"),
            (CURLOPT_USERAGENT, server.userAgent), (CURLOPT_CAINFO, server.caFile),
            (CURLOPT_SSLCERT, server.certificateFile), (CURLOPT_SSLKEY, server.certificateFile),
            (CURLOPT_PROXY, server.usesProxy ? nil : ""),
        ]
        for (option, text) in texts {
            if let text { _ = unsafe lastcall_easy_set_text(easy, option, text) }
        }
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_PATH_AS_IS, 1),
            (CURLOPT_CONNECTTIMEOUT_MS, Self.connectMilliseconds),
        ]
        for (option, number) in numbers { _ = unsafe lastcall_easy_set_long(easy, option, number) }
        if call.method != "GET" {
            if !call.body.isEmpty || call.method != "DELETE" {
                _ = unsafe lastcall_easy_set_body(easy, call.body, curl_off_t(call.body.count))
            }
            _ = unsafe lastcall_easy_set_text(easy, CURLOPT_CUSTOMREQUEST, call.method)
        }
    }

    /// The context of each function is the exchange, which lives for as long as the transfer does.
    private func listen(_ easy: UnsafeMutableRawPointer) {
        let context = unsafe Unmanaged.passUnretained(exchange).toOpaque()
        for option in [CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_XFERINFODATA] {
            _ = unsafe lastcall_easy_set_pointer(easy, option, context)
        }
        _ = unsafe lastcall_easy_set_receive(easy, CURLOPT_HEADERFUNCTION, receiveHead)
        _ = unsafe lastcall_easy_set_receive(easy, CURLOPT_WRITEFUNCTION, receiveBody)
        _ = unsafe lastcall_easy_set_progress(easy, lookUp)
        _ = unsafe lastcall_easy_set_long(easy, CURLOPT_NOPROGRESS, 0)
    }
}

private func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange? {
    unsafe context.map { unsafe Unmanaged<Exchange>.fromOpaque($0).takeUnretainedValue() }
}

private let receiveHead: lastcall_receive = { bytes, size, count, context in
    guard let exchange = unsafe exchange(context) else { return 0 }
    let line = unsafe String(
        decoding: UnsafeRawBufferPointer(start: bytes, count: size * count),
        as: UTF8.self
    )
    exchange.head(line.trimmingEnd)
    return size * count
}

/// A count other than the one offered ends the transfer.
private let receiveBody: lastcall_receive = { bytes, size, count, context in
    guard let exchange = unsafe exchange(context) else { return 0 }
    let all = size * count
    return unsafe exchange.body(Array(UnsafeRawBufferPointer(start: bytes, count: all))) ? all : all ^ 1
}

private let lookUp: curl_xferinfo_callback = { context, _, received, _, sent in
    unsafe exchange(context)?.goesOn(transferred: Int64(received + sent)) == true ? 0 : 1
}

extension String {
    /// Without the end of the line.
    fileprivate var trimmingEnd: String {
        var text = self
        while let last = text.last, last.isNewline || last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
