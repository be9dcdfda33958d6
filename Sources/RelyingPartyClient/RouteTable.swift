import DeliveryPolicy

/// The route of each lane, and what is to be taken out of libcurl's cache of addresses.
struct RouteTable {
    private var routes: [Int64: Route] = [:]
    private var made: UInt64 = 0
    private var removals: [String] = []
    private var nextSweep: UInt64 = 0
    /// What all routes lead through.
    private let proxy: EgressProxy?

    init(proxy: EgressProxy?) {
        self.proxy = proxy
    }

    private static let sweepNanoseconds: UInt64 = 60_000_000_000
    private static let idleNanoseconds: UInt64 = 600_000_000_000
    /// How many entries one request takes out of the cache on its way.
    private static let removalsAtOnce = 32

    /// The route of a request's lane, made anew where its server has changed.
    ///
    /// - Throws: ``TransportFailure/forbiddenURL``, or a local error for want of memory.
    mutating func route(for request: LogoutRequest, now: UInt64) throws(TransportFailure) -> Route {
        if now >= nextSweep { sweep(now: now) }
        let known = routes[request.lane]
        if let known, known.leads(to: request.url) {
            guard known.origin.secure || request.allowHTTP else { throw .forbiddenURL }
            known.usedAt = now
            return known
        }
        let origin = try Route.Origin(url: request.url, allowHTTP: request.allowHTTP)
        if let known, known.origin == origin {
            known.url = request.url
            known.usedAt = now
            return known
        }
        made += 1
        guard let route = Route(url: request.url, origin: origin, number: made, proxy: proxy) else {
            throw .localError(.noMemory)
        }
        route.usedAt = now
        if let removal = known?.removal { removals.append(removal) }
        routes[request.lane] = route
        return route
    }

    /// What a request to these addresses has to set with `CURLOPT_RESOLVE`; `nil` where libcurl knows them.
    ///
    /// - Throws: a local error for want of memory.
    mutating func pairs(of route: Route, addresses: [IPAddress]) throws(TransportFailure) -> SettingList? {
        let removing = Array(removals.suffix(Self.removalsAtOnce))
        removals.removeLast(removing.count)
        guard route.renew(addresses) else { throw .localError(.noMemory) }
        guard removing.isEmpty else {
            guard let list = SettingList(removing + [route.entry]) else { throw .localError(.noMemory) }
            return list
        }
        return route.pairsToLoad
    }

    private mutating func sweep(now: UInt64) {
        nextSweep = now + Self.sweepNanoseconds
        for (lane, route) in routes where now - route.usedAt > Self.idleNanoseconds {
            if let removal = route.removal { removals.append(removal) }
            routes[lane] = nil
        }
    }
}
