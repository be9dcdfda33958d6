import DeliveryPolicy

/// What is asked of an egress proxy for a route.
extension Route {
    /// Where a lane's connections through the proxy are kept apart from other lanes'.
    ///
    /// libcurl keeps connections by the proxy's name, which over plain TCP nobody else sees: each route has its own, as
    /// its own name for the RP otherwise. A proxy over TLS has to be called by its name; its connections are used once.
    func proxyURL(_ proxy: EgressProxy) -> String {
        proxy.url(naming: proxy.isSecure ? proxy.host : name)
    }

    /// What CONNECT may ask for, in order; `addresses` are those of the RP's host, none where the proxy resolves names.
    ///
    /// - Throws: ``TransportFailure/blockedAddress(_:)`` where the rule admits none, or a local error.
    func targets(
        _ proxy: EgressProxy,
        addresses: [IPAddress],
        _ check: AddressCheck
    ) throws(TransportFailure) -> [Tunnel.Target] {
        if proxy.resolvesNames, literal == nil {
            if let refusal = nameRefusal(check) { throw .blockedAddress(refusal) }
            return [Tunnel.Target(address: nil, connectTo: nil)]
        }
        let dialled = dialled(addresses, check)
        if let first = dialled.first, let refusal = check.refusal(of: first, port: origin.port) {
            throw .blockedAddress(refusal)
        }
        guard !dialled.isEmpty else { throw .dnsFailure }
        var targets: [Tunnel.Target] = []
        for offset in dialled.indices {
            let address = dialled[(offset + detours) % dialled.count].unmapped
            let text = address.description
            let host = text.utf8.contains(UInt8(ascii: ":")) ? "[\(text)]" : text
            guard let connectTo = SettingList(["::\(host):"]) else { throw .localError(.noMemory) }
            targets.append(Tunnel.Target(address: address, connectTo: connectTo))
        }
        return targets
    }

    /// Why a name may not be given to a proxy: it means this machine, or some resolver takes it for an address.
    ///
    /// Sources: RFC 6761 §6.3; the WHATWG URL standard's "ends in a number" checker.
    private func nameRefusal(_ check: AddressCheck) -> String? {
        let labels = origin.host.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        guard let last = labels.last, !last.isEmpty, last.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return "\(origin.host): no plain name"
        }
        guard last.utf8.first.map({ !(0x30...0x39).contains($0) }) == true else {
            return "\(origin.host): a name that ends in a number"
        }
        if last == "localhost" {
            return check.rule.allowLoopback ? nil : "localhost: Loopback (RFC 6761 §6.3)"
        }
        return check.loopbackOnly ? "\(origin.host): http outside loopback" : nil
    }
}
