import CCurl
import DeliveryPolicy
import Glibc

/// A URI that is read is kept byte for byte and points, for libcurl, where it points for Lastcall.
func readURI(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let text = text(bytes), let uri = try? LogoutURI(text) else { return }
    try require(isSame(uri.text, bytes), "a URI is kept byte for byte")
    try require(bytes.count <= LogoutURI.maximumBytes, "a URI is at most 2,048 bytes")
    let isHarmless = bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x5C && $0 != 0x23 }
    try require(isHarmless, "a URI has no control, space, backslash or number sign")
    try require(uri.port > 0, "port 0 is none")
    if case .name(let name) = uri.host {
        let last = name.utf8.split(separator: UInt8(ascii: ".")).last ?? []
        let isDigits = last.allSatisfy { (0x30...0x39).contains($0) }
        try require(!isDigits && IPAddress(name) == nil, "a name is no number")
    }
    guard let dialled = Dialled(text) else { throw BrokenProperty("libcurl reads the URI") }
    try require(dialled.scheme == uri.scheme, "libcurl reads the scheme alike")
    try require(dialled.port == "\(uri.port)", "libcurl reads the port alike")
    switch uri.host {
    case .name(let name):
        try require(dialled.host.lowercased() == name, "libcurl reads the name alike")
        var ignored = in_addr()
        try require(unsafe inet_aton(name, &ignored) == 0, "a resolver takes no name for an address")
    case .address(let address):
        let host = dialled.host.hasPrefix("[") ? String(dialled.host.dropFirst().dropLast()) : dialled.host
        try require(IPAddress(host) == address, "libcurl reads the address alike")
    }
}

/// Where libcurl would connect to.
private struct Dialled {
    var scheme = ""
    var host = ""
    var port = ""

    init?(_ text: String) {
        guard let url = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(url) }
        guard unsafe curl_url_set(url, CURLUPART_URL, text, UInt32(CURLU_PATH_AS_IS)) == CURLUE_OK else {
            return nil
        }
        let parts = [CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT].map { part -> String in
            var found: UnsafeMutablePointer<CChar>?
            guard unsafe curl_url_get(url, part, &found, UInt32(CURLU_DEFAULT_PORT)) == CURLUE_OK,
                let found = unsafe found
            else { return "" }
            defer { unsafe curl_free(found) }
            return unsafe String(cString: found)
        }
        scheme = parts[0]
        host = parts[1]
        port = parts[2]
    }
}

/// An address is read where, and as, `inet_pton` reads it, and survives its writing.
func readAddress(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let text = text(bytes), !bytes.contains(0) else { return }
    let address = IPAddress(text)
    try require(address == systemAddress(text), "the C library reads the address alike")
    guard let address else { return }
    try require(IPAddress("\(address)") == address, "an address survives its writing")
    let rule = AddressRule()
    let verdicts = (rule.verdict(on: address, port: 443), rule.verdict(on: address.unmapped, port: 443))
    try require(verdicts.0.isDenied == verdicts.1.isDenied, "a mapped address is judged as what it maps")
}

private func systemAddress(_ text: String) -> IPAddress? {
    var raw = [UInt8](repeating: 0, count: 16)
    if unsafe inet_pton(AF_INET, text, &raw) == 1 { return IPAddress(bytes: raw[..<4]) }
    return unsafe inet_pton(AF_INET6, text, &raw) == 1 ? IPAddress(bytes: raw) : nil
}
