import DeliveryPolicy
import StrictJSON

/// Where the requests of one lane go, and under which name libcurl keeps their connections.
///
/// libcurl shares connections and TLS sessions between all transfers to one host. `CURLOPT_CONNECT_TO` makes
/// the name that is dialled a part of the key of both, while `Host`, SNI and the certificate's name keep
/// following the URL. So each route dials a name of its own that no resolver knows, `r7.lastcall.invalid`, and
/// `CURLOPT_RESOLVE` says which addresses it has: lanes never meet on a connection, and libcurl never resolves.
final class Route {
    /// What a URL says of the server.
    struct Origin: Hashable {
        let secure: Bool
        /// Without brackets, as it was written.
        let host: String
        let port: UInt16
    }

    /// The URL as the last request gave it.
    var url: String
    let origin: Origin
    /// The host, where it is an address.
    let literal: IPAddress?
    /// For `CURLOPT_CONNECT_TO`: every host, its own port, to this route's name.
    let connectTo: SettingList
    /// When a request last used it.
    var usedAt: UInt64 = 0

    /// What libcurl dials: this route's own name, or that of a proxy over TLS.
    let name: String
    /// How often the first address that a proxy was asked for was of no use.
    var detours = 0
    private let dialledPort: UInt16
    /// Whether other routes dial the same name: its entry is then never taken as loaded, and never out.
    private let isShared: Bool
    private var addresses: [IPAddress] = []
    /// What tells libcurl the addresses, in the form of `CURLOPT_RESOLVE`.
    private(set) var pairs: SettingList?
    private var isLoaded = false
    private var lastDialled: (check: AddressCheck, offered: [IPAddress], dialled: [IPAddress])?

    /// `nil` for want of memory.
    init?(url: String, origin: Origin, number: UInt64, proxy: EgressProxy? = nil) {
        self.url = url
        self.origin = origin
        literal = IPAddress(origin.host)
        isShared = proxy?.isSecure ?? false
        name = isShared ? proxy?.host ?? "" : "r\(number).lastcall.invalid"
        dialledPort = proxy?.port ?? origin.port
        guard let connectTo = SettingList(["::\(name):"]) else { return nil }
        self.connectTo = connectTo
    }

    /// Whether a URL is the one that this route was made for, byte for byte.
    func leads(to url: String) -> Bool {
        sameBytes(self.url, url)
    }

    /// How a request's addresses are judged.
    func check(for request: LogoutRequest) -> AddressCheck {
        AddressCheck(rule: request.rule, loopbackOnly: !origin.secure)
    }

    /// The addresses to hand to libcurl: those that will not be refused.
    ///
    /// This spares a wait and decides nothing: libcurl waits 200 ms, and up to half the deadline, after a second
    /// refusal in a row (measured with 7.88.1). Where all are refused the first is handed over, and the socket's guard
    /// says no.
    func dialled(_ addresses: [IPAddress], _ check: AddressCheck) -> [IPAddress] {
        if let last = lastDialled, last.check == check, last.offered == addresses { return last.dialled }
        let admitted = addresses.filter { check.refusal(of: $0, port: origin.port) == nil }
        let dialled = Array(admitted.isEmpty ? addresses.prefix(1) : admitted.prefix(16))
        lastDialled = (check, addresses, dialled)
        return dialled
    }

    /// Takes on the addresses to dial. False for want of memory.
    func renew(_ addresses: [IPAddress]) -> Bool {
        guard addresses != self.addresses || pairs == nil else { return true }
        self.addresses = addresses
        isLoaded = false
        pairs = SettingList([entry])
        return pairs != nil
    }

    /// What a request has to set with `CURLOPT_RESOLVE`; `nil` where libcurl knows the addresses already.
    var pairsToLoad: SettingList? { isLoaded ? nil : pairs }

    /// A request that carried the list has reached a connection: libcurl keeps the addresses from here on.
    func loaded(_ list: SettingList) {
        if list === pairs { isLoaded = !isShared }
    }

    /// What puts the addresses into libcurl's cache.
    var entry: String {
        let texts = addresses.map { address in
            let text = address.description
            return text.utf8.contains(UInt8(ascii: ":")) ? "[\(text)]" : text
        }
        return "\(name):\(dialledPort):\(texts.joined(separator: ","))"
    }

    /// What takes them out of it again.
    var removal: String? { isShared ? nil : "-\(name):\(dialledPort)" }
}
