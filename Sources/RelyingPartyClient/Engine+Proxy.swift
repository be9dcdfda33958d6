import DeliveryPolicy

/// The way through the operator's proxy: the RP's addresses are known and judged first, then the proxy's own are used.
extension Engine {
    /// Judges what is to be asked of the proxy, and dials the proxy; waits for its name where need be.
    func start(
        _ accepted: Accepted,
        route: Route,
        addresses: [IPAddress],
        through proxy: EgressProxy,
        now: UInt64
    ) throws(TransportFailure) {
        let targets = try route.targets(proxy, addresses: addresses, route.check(for: accepted.request))
        if let literal = proxy.literal {
            try enter(accepted, route: route, targets: targets, entrances: [literal], now: now)
            return
        }
        let request = KnownName.Waiting(accepted: accepted, route: route, targets: targets)
        guard let entrances = self.addresses(of: proxy.host.lowercased(), for: request, now: now) else {
            return
        }
        try enter(accepted, route: route, targets: targets, entrances: entrances, now: now)
    }

    /// Dials the proxy.
    func enter(
        _ accepted: Accepted,
        route: Route,
        targets: [Tunnel.Target],
        entrances: [IPAddress],
        now: UInt64
    ) throws(TransportFailure) {
        guard let proxy = settings.configuration.egressProxy else { return }
        let entrances = Array(entrances.prefix(16))
        let tunnel = Tunnel(proxy, entrances: entrances, url: route.proxyURL(proxy), targets: targets)
        try dial(accepted, route: route, addresses: entrances, tunnel: tunnel, now: now)
    }
}
