import CCurl

/// What all transfers of one client share.
struct TransferSettings: Sendable {
    let configuration: ClientConfiguration
    /// The system's file is named too: libcurl then keeps the parsed store for all handshakes, which it does
    /// not do with its default of a file and a folder (some 10 ms for each connection).
    let caFile: String
    /// `Expect` removed; libcurl writes all other headers by itself, `Accept: */*` among them: it is what most
    /// clients send, and what some firewalls in front of RPs expect.
    let headers: SettingList
    /// The headers of a GET.
    let fetchHeaders: SettingList

    private static let withoutExpect = "Expect:"

    /// - Throws: ``RelyingPartyClientError``.
    init(_ configuration: ClientConfiguration) throws(RelyingPartyClientError) {
        guard let caFile = configuration.caFile ?? Multi.systemCAFile else {
            throw .libraryUnavailable("libcurl names no file of authorities; set caFile")
        }
        guard isReadable(caFile) else { throw .unreadableCAFile(caFile) }
        guard let headers = SettingList([Self.withoutExpect]) else {
            throw .libraryUnavailable("curl_slist_append")
        }
        let accepted = "Accept: application/jwk-set+json, application/json"
        guard let fetchHeaders = SettingList([Self.withoutExpect, accepted]) else {
            throw .libraryUnavailable("curl_slist_append")
        }
        self.configuration = configuration
        self.fetchHeaders = fetchHeaders
        self.caFile = caFile
        self.headers = headers
    }

    /// The headers of a request: those of all logout tokens, or with them a webhook's own; a signer's, a push's.
    func headers(of request: LogoutRequest) throws(SettingRefused) -> SettingList {
        if let signer = request.signer { return signer.list }
        let trace = Self.line(ofTrace: request.traceParent)
        let lines: [String]
        if let push = request.push {
            guard !trace.isEmpty else { return push.list }
            lines = push.lines + trace
        } else {
            let others = request.webhook?.lines ?? trace
            guard !others.isEmpty else { return headers }
            lines = [Self.withoutExpect] + others
        }
        guard let list = SettingList(lines) else { throw SettingRefused(code: CURLE_OUT_OF_MEMORY) }
        return list
    }

    /// Source: W3C Trace Context, section 3.2; nothing that could end the line goes into it.
    private static func line(ofTrace parent: String?) -> [String] {
        guard let parent, parent.utf8.count <= 64, parent.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return [] }
        return ["traceparent: \(parent)"]
    }

    /// Sets everything on a new handle that no request changes.
    func apply(to easy: UnsafeMutableRawPointer) throws(SettingRefused) {
        let options = unsafe EasyOptions(easy)
        // Which requests may leave at all: nothing from the environment, from files or from earlier answers.
        try options.set(CURLOPT_PROXY, "")
        try options.set(CURLOPT_FOLLOWLOCATION, 0)
        try options.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try options.set(CURLOPT_HTTPAUTH, 0)
        try options.set(CURLOPT_PATH_AS_IS, 1)
        try options.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try options.set(CURLOPT_HTTP09_ALLOWED, 0)
        try options.set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        try options.set(CURLOPT_POST, 1)
        try options.set(CURLOPT_USERAGENT, configuration.userAgent)

        try options.set(CURLOPT_SSL_VERIFYPEER, 1)
        try options.set(CURLOPT_SSL_VERIFYHOST, 2)
        let oldest = configuration.minimumTLS == .tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2
        try options.set(CURLOPT_SSLVERSION, Int(oldest))
        try options.set(CURLOPT_CAINFO, caFile)
        try options.set(CURLOPT_CAPATH, String?.none)

        try options.set(CURLOPT_NOSIGNAL, 1)
        try options.set(CURLOPT_TCP_NODELAY, 1)
        try options.set(CURLOPT_MAXAGE_CONN, wholeSeconds(configuration.idleConnectionLifetime))
        try options.set(CURLOPT_MAXLIFETIME_CONN, wholeSeconds(configuration.connectionLifetime))
        // A request is about 1.5 KiB: the smallest buffer, where the default is 64 KiB for each handle.
        try options.set(CURLOPT_UPLOAD_BUFFERSIZE, 16_384)
        // Routes put addresses in and take them out again; libcurl's own expiry would walk all of them each time.
        try options.set(CURLOPT_DNS_CACHE_TIMEOUT, -1)
        // Names are never resolved by libcurl; if one ever were, the others would not wait for its thread.
        try options.set(CURLOPT_QUICK_EXIT, 1)
        if let proxy = configuration.egressProxy { try apply(proxy, to: options) }
    }

    /// Sets what differs between the identities of clients: the certificate, its key, the authorities. Those of an
    /// identity come before the configured file; they are handed over as bytes, which libcurl keeps out of its one
    /// parsed store, so that the store stays the configured authorities'.
    func show(_ identity: TLSIdentity?, on options: EasyOptions) throws(SettingRefused) {
        try options.set(CURLOPT_SSLCERT_BLOB, blob: identity?.certificate)
        try options.set(CURLOPT_SSLKEY_BLOB, blob: identity?.key)
        try options.set(CURLOPT_CAINFO_BLOB, blob: identity?.authorities)
    }

    private func wholeSeconds(_ duration: Duration) -> Int {
        Int(max(1, min(duration.components.seconds, 86_400)))
    }
}
