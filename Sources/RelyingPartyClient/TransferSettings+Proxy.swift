import CCurl

extension TransferSettings {
    /// Sets what the operator's proxy needs on a new handle; its address is set with each request.
    func apply(_ proxy: EgressProxy, to options: EasyOptions) throws(SettingRefused) {
        // Unset, the environment's `no_proxy` would decide who is called directly.
        try options.set(CURLOPT_NOPROXY, "")
        // CONNECT for http too: the proxy sees where to, and nothing of the request.
        try options.set(CURLOPT_HTTPPROXYTUNNEL, 1)
        // The headers of CONNECT's answer are not the RP's, and the RP's headers are not CONNECT's.
        try options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try options.set(CURLOPT_HEADEROPT, Int(CURLHEADER_SEPARATE))
        try options.set(CURLOPT_PROXYAUTH, proxy.credentials == nil ? 0 : 1)  // CURLAUTH_BASIC
        if let (user, password) = proxy.credentials {
            try options.set(CURLOPT_PROXYUSERNAME, Self.percentEncoded(user))
            try options.set(CURLOPT_PROXYPASSWORD, Self.percentEncoded(password))
        }
        // Sessions are kept by host and address here, which two lanes may share.
        try options.set(CURLOPT_SSL_SESSIONID_CACHE, 0)

        try options.set(CURLOPT_PROXY_SSL_VERIFYPEER, 1)
        try options.set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
        try options.set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        try options.set(CURLOPT_PROXY_CAINFO, caFile)
        try options.set(CURLOPT_PROXY_CAPATH, String?.none)
        // Connections are kept by the proxy's name, and a certificate's name is the same for all lanes.
        if proxy.isSecure { try options.set(CURLOPT_FORBID_REUSE, 1) }
    }

    /// libcurl decodes percent-encoding in credentials.
    private static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { [UInt8(ascii: "%"), digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: bytes, as: UTF8.self)
    }
}
