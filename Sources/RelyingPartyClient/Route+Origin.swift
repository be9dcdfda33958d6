import CCurl

extension Route.Origin {
    /// Reads a URL with libcurl's parser, the very one that connects, so that no two readings can differ.
    ///
    /// The registration has its own, stricter rules; this one only refuses what must not be called.
    ///
    /// - Parameters:
    ///   - url: the URL as it was registered.
    ///   - allowHTTP: whether `http` is allowed.
    /// - Throws: ``TransportFailure/forbiddenURL``, or a local error for want of memory.
    init(url: String, allowHTTP: Bool) throws(TransportFailure) {
        guard let parsed = unsafe curl_url() else { throw .localError(.noMemory) }
        defer { unsafe curl_url_cleanup(parsed) }
        // A zero byte would end the text for libcurl, and only for libcurl.
        guard !url.utf8.contains(0) else { throw .forbiddenURL }
        let flags = UInt32(CURLU_PATH_AS_IS | CURLU_DISALLOW_USER)
        guard unsafe curl_url_set(parsed, CURLUPART_URL, url, flags) == CURLUE_OK else { throw .forbiddenURL }

        switch unsafe Self.part(CURLUPART_SCHEME, of: parsed) {
        case "https": secure = true
        case "http" where allowHTTP: secure = false
        default: throw .forbiddenURL
        }
        guard var host = unsafe Self.part(CURLUPART_HOST, of: parsed), !host.isEmpty,
            let port = unsafe Self.part(CURLUPART_PORT, of: parsed).flatMap({ UInt16($0) }), port > 0,
            unsafe Self.part(CURLUPART_ZONEID, of: parsed) == nil,
            unsafe Self.part(CURLUPART_FRAGMENT, of: parsed) == nil
        else { throw .forbiddenURL }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self.host = host
        self.port = port
    }

    private static func part(_ part: CURLUPart, of parsed: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard unsafe curl_url_get(parsed, part, &text, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK,
            let text = unsafe text
        else { return nil }
        defer { unsafe curl_free(text) }
        return unsafe String(cString: text)
    }
}
