import CCurl
public import DeliveryPolicy
import Glibc

/// Turns host names into addresses, on threads that may block.
///
/// Why not libcurl's own resolver: removing a transfer waits for its thread to end (measured with 7.88.1: a
/// deadline of 0.5 s and a name that takes 6 s held every transfer for 5.5 s), and with `CURLOPT_QUICK_EXIT` each
/// abandoned lookup leaves a thread behind, without bound.
public struct HostLookup: Sendable {
    /// What became of one lookup.
    public enum Answer: Sendable, Hashable {
        /// The name's addresses in the order in which they are to be tried; at most 16 are.
        case addresses([IPAddress])
        /// There is no such name, or it has no address.
        case notFound
        /// The name's servers did not answer, or not now.
        case unavailable
        /// This machine could not ask.
        case localError(TransportFailure.LocalCause)
    }

    let answer: @Sendable (String) -> Answer

    /// A source of addresses.
    ///
    /// - Parameter answer: told a host name; may block; called on many threads at once.
    public init(_ answer: @escaping @Sendable (String) -> Answer) {
        self.answer = answer
    }

    /// The system's resolver, `getaddrinfo`, with its configuration and its hosts file.
    public static let system = HostLookup { host in systemAnswer(host) }

    /// Fixed addresses for some hosts, this source for all others.
    ///
    /// - Parameter hosts: addresses by lower-case name; an empty list means that the name does not exist.
    /// - Returns: the source that knows both.
    public func overriding(_ hosts: [String: [IPAddress]]) -> HostLookup {
        HostLookup { host in
            guard let addresses = hosts[host.lowercased()] else { return self.answer(host) }
            return addresses.isEmpty ? .notFound : .addresses(addresses)
        }
    }

    private static func systemAnswer(_ host: String) -> Answer {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { return failure(code, errno: errno) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe entry.pointee.ai_addr,
                let socket = unsafe SocketAddress(UnsafePointer(address))
            {
                addresses.append(socket.address)
            }
            unsafe next = entry.pointee.ai_next
        }
        return addresses.isEmpty ? .notFound : .addresses(addresses)
    }

    /// `EAI_NODATA`, a GNU extension that Glibc shows to nobody by default: the name exists, without an address.
    private static let noData: Int32 = -5

    private static func failure(_ code: Int32, errno: Int32) -> Answer {
        switch code {
        case EAI_NONAME, noData: .notFound
        case EAI_MEMORY: .localError(.noMemory)
        case EAI_SYSTEM: TransportFailure.LocalCause(errno: errno).map { .localError($0) } ?? .unavailable
        default: .unavailable
        }
    }
}
