internal import Glibc

/// Where a server listens: a host and a port, or a Unix socket.
///
/// Written `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or `unix:/run/lastcall.sock`. Port 0 lets the system
/// choose one. A host is a dotted four-part IPv4 address, a bracketed IPv6 address without a zone, or a name of
/// letters, digits, hyphens and dots.
public enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// A TCP listener; an IPv6 host is kept without its brackets.
    case tcp(host: String, port: Int)
    /// A Unix socket by its absolute path, at most 107 bytes (the kernel's limit).
    case unix(path: String)

    /// Reads an address as an operator wrote it; `nil` where the text is no address.
    ///
    /// - Parameter text: see ``ListenAddress``.
    public init?(_ text: String) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/"), path.utf8.count <= 107, !path.utf8.contains(0) else { return nil }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { return nil }
        guard let port = Self.port(text[text.index(after: colon)...]) else { return nil }
        guard let host = Self.host(String(text[..<colon])) else { return nil }
        self = .tcp(host: host, port: port)
    }

    /// The address as ``init(_:)`` reads it.
    public var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        }
    }

    /// Whether two listeners on one machine would want the same port or the same path.
    ///
    /// - Parameter other: the other listener.
    /// - Returns: `true` for equal addresses, and for equal ports of which one is on every interface.
    public func overlaps(_ other: ListenAddress) -> Bool {
        guard case .tcp(let host, let port) = self, case .tcp(let otherHost, let otherPort) = other else {
            return self == other
        }
        guard port == otherPort, port != 0 else { return false }
        let (mine, its) = (Self.comparable(host), Self.comparable(otherHost))
        return mine == its || Self.everywhere.contains(mine) || Self.everywhere.contains(its)
    }

    /// Whether only this machine can reach it.
    public var isLocal: Bool {
        switch self {
        case .unix: true
        case .tcp(let host, _):
            host.lowercased() == "localhost" || Self.comparable(host) == "::1" || Self.isIPv4Loopback(host)
        }
    }

    private static func isIPv4Loopback(_ host: String) -> Bool {
        var address = in_addr()
        return unsafe inet_pton(AF_INET, host, &address) == 1
            && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    private static let everywhere: Set<String> = ["0.0.0.0", "::"]

    /// One spelling of a host: IPv6 as the system prints it, names in lower case.
    private static func comparable(_ host: String) -> String {
        guard host.contains(":") else { return host.lowercased() }
        var address = in6_addr()
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_pton(AF_INET6, host, &address) == 1,
            unsafe inet_ntop(AF_INET6, &address, &text, socklen_t(text.count)) != nil
        else { return host }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func port(_ digits: Substring) -> Int? {
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else {
            return nil
        }
        return Int(digits).flatMap { (0...65_535).contains($0) ? $0 : nil }
    }

    private static func host(_ text: String) -> String? {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = String(text.dropFirst().dropLast())
            var address = in6_addr()
            return unsafe inet_pton(AF_INET6, inner, &address) == 1 ? inner : nil
        }
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...253).contains(text.utf8.count), labels.allSatisfy(isLabel) else { return nil }
        // A name whose last label is a number is an IPv4 address or a mistake, never a name.
        guard let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return text
        }
        var address = in_addr()
        return unsafe inet_pton(AF_INET, text, &address) == 1 ? text : nil
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == 0x2D
            }
    }
}
