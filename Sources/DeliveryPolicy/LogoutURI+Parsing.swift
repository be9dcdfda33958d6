/// The steps of reading a URI, in their order.
extension LogoutURI {
    /// Characters that may stand nowhere, a fragment, and percent signs.
    static func checkCharacters(_ bytes: [UInt8]) throws(LogoutURIError) {
        for (offset, byte) in bytes.enumerated() {
            switch byte {
            case 0x80...: throw .notASCII(offset: offset)
            case 0x00...0x20, 0x7F: throw .forbiddenCharacter(byte, offset: offset)
            case UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
                UInt8(ascii: "{"),
                UInt8(ascii: "}"), UInt8(ascii: "|"), UInt8(ascii: "^"), UInt8(ascii: "`"):
                throw .forbiddenCharacter(byte, offset: offset)
            case UInt8(ascii: "#"): throw .fragment
            case UInt8(ascii: "%"):
                let digits = bytes[(offset + 1)...].prefix(2)
                guard digits.count == 2, digits.allSatisfy(isHexDigit) else {
                    throw .badPercentEncoding(offset: offset)
                }
            default: continue
            }
        }
    }

    /// The scheme in lower case, and what follows its `://`.
    static func splitScheme(
        _ bytes: ArraySlice<UInt8>
    ) throws(LogoutURIError) -> (scheme: String, rest: ArraySlice<UInt8>) {
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
        let rest = bytes[scheme.endIndex...]
        // RFC 3986 §3.1: without a scheme this is a relative reference, whatever its colon belongs to.
        guard rest.starts(with: "://".utf8), scheme.first.map(isLetter) == true,
            scheme.allSatisfy({ isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) })
        else { throw .notAbsolute }
        let name = String(decoding: scheme, as: UTF8.self).lowercased()
        guard name == "https" || name == "http" else { throw .unsupportedScheme }
        return (name, rest.dropFirst(3))
    }

    /// Host and port of an authority without user information.
    static func splitAuthority(
        _ authority: ArraySlice<UInt8>
    ) throws(LogoutURIError) -> (host: Host, port: UInt16?) {
        let host: Host
        let afterHost: ArraySlice<UInt8>
        if authority.first == UInt8(ascii: "[") {
            let inside = authority.dropFirst().prefix { $0 != UInt8(ascii: "]") }
            guard inside.endIndex < authority.endIndex, let address = IPAddress(colons: inside) else {
                throw .badIPv6
            }
            host = .address(address)
            afterHost = authority[(inside.endIndex + 1)...]
            guard afterHost.first ?? UInt8(ascii: ":") == UInt8(ascii: ":") else { throw .badIPv6 }
        } else {
            let name = authority.prefix { $0 != UInt8(ascii: ":") }
            host = try parseHost(name)
            afterHost = authority[name.endIndex...]
        }
        guard !afterHost.isEmpty else { return (host, nil) }
        return (host, try parsePort(afterHost.dropFirst()))
    }

    /// A host name or a dotted IPv4 address.
    private static func parseHost(_ name: ArraySlice<UInt8>) throws(LogoutURIError) -> Host {
        guard !name.isEmpty else { throw .emptyHost }
        guard !name.contains(UInt8(ascii: "%")) else { throw .percentInHost }
        guard name.count <= 253 else { throw .hostTooLong(bytes: name.count) }
        guard name.last != UInt8(ascii: ".") else { throw .trailingDot }
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels where !isLabel(label) { throw .badLabel(String(decoding: label, as: UTF8.self)) }
        if let last = labels.last, isNumber(last) {
            guard let address = IPAddress(dotted: name) else { throw .badIPv4 }
            return .address(address)
        }
        return .name(String(decoding: name, as: UTF8.self).lowercased())
    }

    private static func parsePort(_ digits: ArraySlice<UInt8>) throws(LogoutURIError) -> UInt16 {
        guard digits.allSatisfy(isDigit), digits.first != UInt8(ascii: "0"),
            let port = UInt16(String(decoding: digits, as: UTF8.self))
        else { throw .badPort }
        return port
    }

    private static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
            && label.allSatisfy {
                isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
    }

    /// Whether a resolver could take a last label for a number: decimal, octal or hexadecimal.
    ///
    /// Source: the WHATWG URL standard's "ends in a number" checker.
    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy(isDigit) { return true }
        guard label.first == UInt8(ascii: "0"), let x = label.dropFirst().first, x | 0x20 == UInt8(ascii: "x")
        else {
            return false
        }
        return label.dropFirst(2).allSatisfy(isHexDigit)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}
