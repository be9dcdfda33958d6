import DeliveryPolicy

/// How one request gets through the egress proxy.
final class Tunnel {
    /// What CONNECT asks for; an address that the rule admits, or the URL's own host where the proxy resolves names.
    struct Target {
        let address: IPAddress?
        let connectTo: SettingList?
    }

    let proxy: EgressProxy
    /// The only addresses that a socket may be opened to.
    let entrances: [IPAddress]
    /// For `CURLOPT_PROXY`.
    let url: String
    private let targets: [Target]
    private var index = 0

    init(_ proxy: EgressProxy, entrances: [IPAddress], url: String, targets: [Target]) {
        self.proxy = proxy
        self.entrances = entrances
        self.url = url
        self.targets = targets
    }

    /// What this try asks for.
    var target: Target { targets[index] }

    /// Goes on to the next address; false where there is none.
    func advance() -> Bool {
        guard index + 1 < targets.count else { return false }
        index += 1
        return true
    }

    /// Why a socket may not be opened; `nil` for the proxy's own.
    func refusal(of address: IPAddress, port: UInt16) -> String? {
        guard port == proxy.port, entrances.contains(address) else {
            return "\(address): not the egress proxy"
        }
        return nil
    }

    /// What libcurl's result means where nothing has reached the RP; `status` is that of CONNECT, 0 without.
    func failure(_ failure: TransportFailure, answered status: Int) -> TransportFailure {
        guard !(200...299).contains(status) else { return failure }
        if status > 0 { return .egressProxy(.refused(status: status)) }
        return switch failure {
        case .unreachable, .protocolError: .egressProxy(.unreachable)
        case .tlsFailure: .egressProxy(.tlsFailure)
        case .dnsFailure: .egressProxy(.dnsFailure)
        default: failure
        }
    }
}
