import DeliveryPolicy

/// What the engine knows of a host's name.
enum KnownName {
    /// Its addresses, good until this time.
    case addresses([IPAddress], until: UInt64)
    /// It is being looked up; these requests wait.
    case asked([Waiting])

    /// A request that waits for a name: the RP's, or the proxy's.
    struct Waiting {
        let accepted: Accepted
        let route: Route
        /// What CONNECT may ask for, where the proxy's own name is waited for.
        var targets: [Tunnel.Target]?
    }
}

/// Names: requests wait here, under their own deadlines, for what the lookup threads find.
extension Engine {
    /// The host's addresses; `nil` where the request has to wait, and now does.
    func addresses(of route: Route, for accepted: Accepted, now: UInt64) -> [IPAddress]? {
        if let literal = route.literal { return [literal] }
        if settings.configuration.egressProxy?.resolvesNames == true { return [] }
        return addresses(
            of: route.origin.host.lowercased(),
            for: KnownName.Waiting(accepted: accepted, route: route),
            now: now
        )
    }

    /// A name's addresses; `nil` where the request has to wait, and now does.
    func addresses(of host: String, for request: KnownName.Waiting, now: UInt64) -> [IPAddress]? {
        switch names[host] {
        case .addresses(let addresses, let until) where until > now:
            return addresses
        case .asked(var waiting):
            names[host] = nil  // the list is changed in place, not copied
            waiting.append(request)
            names[host] = .asked(waiting)
        case .addresses, nil:
            forgetStale(now: now)
            names[host] = .asked([request])
            pool.ask(host)
        }
        nextExpiry = min(nextExpiry, request.accepted.deadline)
        return nil
    }

    /// Starts or fails the requests that waited for a name.
    func learn(_ host: String, _ answer: HostLookup.Answer, now: UInt64) {
        guard case .asked(let waiting)? = names[host] else { return }
        names[host] = nil
        switch answer {
        case .addresses(let addresses) where !addresses.isEmpty:
            let until = now + settings.configuration.nameLifetime.boundedNanoseconds
            names[host] = .addresses(addresses, until: until)
            for entry in waiting {
                do throws(TransportFailure) {
                    try goOn(entry, addresses: addresses, now: now)
                } catch {
                    complete(entry.accepted, error)
                }
            }
        case .addresses, .notFound:
            for entry in waiting { fail(entry, detail: "no such name") }
        case .unavailable:
            for entry in waiting { fail(entry, detail: "its name servers gave no answer") }
        case .localError(let cause):
            for entry in waiting { complete(entry.accepted, .localError(cause)) }
        }
    }

    private func goOn(
        _ entry: KnownName.Waiting,
        addresses: [IPAddress],
        now: UInt64
    ) throws(TransportFailure) {
        if let targets = entry.targets {
            try enter(entry.accepted, route: entry.route, targets: targets, entrances: addresses, now: now)
        } else {
            try start(entry.accepted, route: entry.route, addresses: addresses, now: now)
        }
    }

    private func fail(_ entry: KnownName.Waiting, detail: String) {
        if entry.targets == nil {
            complete(entry.accepted, .dnsFailure, detail: detail)
        } else {
            complete(entry.accepted, .egressProxy(.dnsFailure))
        }
    }

    /// Ends the requests whose deadline came while they waited for a name.
    func expireWaiting() {
        guard nextExpiry != .max else { return }
        let now = monotonicNanoseconds()
        guard now >= nextExpiry else { return }
        nextExpiry = .max
        for (host, name) in names {
            guard case .asked(let waiting) = name else { continue }
            let kept = waiting.filter { $0.accepted.deadline > now }
            for entry in waiting where entry.accepted.deadline <= now {
                complete(entry.accepted, .timeout(sent: false), detail: "the name was not resolved in time")
            }
            for entry in kept { nextExpiry = min(nextExpiry, entry.accepted.deadline) }
            // A lookup that is under way goes on, and the next request joins it.
            names[host] = kept.isEmpty && pool.withdraw(host) ? nil : .asked(kept)
        }
    }

    /// Whether a request waits for a name.
    var isAnyoneWaiting: Bool {
        names.values.contains { name in
            guard case .asked(let waiting) = name else { return false }
            return !waiting.isEmpty
        }
    }

    /// Ends every request that waits for a name.
    func failAllWaiting(_ failure: TransportFailure) {
        for (host, name) in names {
            guard case .asked(let waiting) = name else { continue }
            names[host] = .asked([])
            for entry in waiting { complete(entry.accepted, failure) }
        }
    }

    /// Drops names that were not asked for again, once there are many.
    private func forgetStale(now: UInt64) {
        guard names.count >= nameLimit else { return }
        names = names.filter { entry in
            guard case .addresses(_, let until) = entry.value else { return true }
            return until > now
        }
        nameLimit = max(1_024, names.count * 2)
    }
}
