import CCurl
import DeliveryPolicy

/// The client's thread: it owns every transfer, route and known name, and nothing here is locked.
///
/// One turn: take what was handed over, let libcurl work, complete what is done, wait.
final class Engine {
    let mailbox: Mailbox
    let settings: TransferSettings
    let pool: LookupPool
    var multi: Multi { mailbox.multi }

    /// Names by lower-case host: addresses for a while, or requests that wait for them.
    var names: [String: KnownName] = [:]
    /// No waiting request has a deadline before this time.
    var nextExpiry = UInt64.max
    /// Names that are no longer good are dropped once there are this many.
    var nameLimit = 1_024
    private var routes: RouteTable
    /// Every transfer there is; as many as were ever in flight at once.
    private var transfers: [Transfer] = []
    private var free: [Transfer] = []
    private var inFlight = 0

    init(mailbox: Mailbox, settings: TransferSettings) {
        self.mailbox = mailbox
        self.settings = settings
        routes = RouteTable(proxy: settings.configuration.egressProxy)
        pool = LookupPool(
            lookup: settings.configuration.lookup,
            threads: settings.configuration.lookupThreads,
            deliver: { [mailbox] host, answer in mailbox.deliver(host, answer) }
        )
    }

    /// Works until the mailbox drains and nothing is left to do, or its time is over.
    func run() {
        var contents = Mailbox.Contents()
        while true {
            let phase = mailbox.take(&contents)
            let now = monotonicNanoseconds()
            for lookup in contents.lookups { learn(lookup.host, lookup.answer, now: now) }
            for accepted in contents.requests { accept(accepted, now: now) }
            if !multi.perform() { abortAll(with: CURLE_OUT_OF_MEMORY) }
            completeDone()
            expireWaiting()
            if case .draining(let end) = phase, isOver(end) { break }
            if mailbox.fallAsleep(in: phase) { multi.wait(milliseconds: patience(phase)) }
        }
        for accepted in mailbox.end() {
            accepted.completion(Answer(.cancelled, acceptedAt: accepted.acceptedAt))
        }
        transfers = []
        free = []
        multi.close()
    }

    /// Whether a shutdown is done; at its end whatever is still in flight is cancelled.
    private func isOver(_ end: UInt64) -> Bool {
        if monotonicNanoseconds() >= end {
            abortAll(with: nil)
            failAllWaiting(.cancelled)
        }
        return inFlight == 0 && !isAnyoneWaiting
    }

    /// How long to wait for events; libcurl shortens it for its own deadlines.
    private func patience(_ phase: Mailbox.Phase) -> Int32 {
        var next = nextExpiry
        if case .draining(let end) = phase { next = min(next, end) }
        let now = monotonicNanoseconds()
        guard next > now else { return 0 }
        return Int32(min((next - now) / 1_000_000 + 1, 60_000))
    }

    // MARK: One request

    private func accept(_ accepted: Accepted, now: UInt64) {
        guard accepted.deadline > now else {
            complete(accepted, .timeout(sent: false), detail: "no time was left to start")
            return
        }
        do throws(TransportFailure) {
            let route = try routes.route(for: accepted.request, now: now)
            guard let addresses = addresses(of: route, for: accepted, now: now) else { return }
            try start(accepted, route: route, addresses: addresses, now: now)
        } catch {
            complete(accepted, error)
        }
    }

    /// Hands a request to libcurl.
    func start(_ accepted: Accepted, route: Route, addresses: [IPAddress], now: UInt64)
        throws(TransportFailure)
    {
        if let proxy = settings.configuration.egressProxy {
            try start(accepted, route: route, addresses: addresses, through: proxy, now: now)
            return
        }
        let check = route.check(for: accepted.request)
        try dial(accepted, route: route, addresses: route.dialled(addresses, check), tunnel: nil, now: now)
    }

    /// Hands a request to libcurl, with the addresses to open a socket to: the RP's, or those of a tunnel's proxy.
    func dial(_ accepted: Accepted, route: Route, addresses: [IPAddress], tunnel: Tunnel?, now: UInt64)
        throws(TransportFailure)
    {
        let pairs = try routes.pairs(of: route, addresses: addresses)
        do throws(SettingRefused) {
            let transfer = try freeTransfer(route.check(for: accepted.request))
            do throws(SettingRefused) {
                try transfer.prepare(accepted, route: route, pairs: pairs, tunnel: tunnel, now: now)
                try multi.add(transfer)
            } catch {
                // The answer comes from the caller; this only frees the handle.
                _ = transfer.finish(nil, now: now)
                free.append(transfer)
                throw error
            }
            inFlight += 1
        } catch {
            throw error.failure
        }
    }

    private func freeTransfer(_ check: AddressCheck) throws(SettingRefused) -> Transfer {
        if let transfer = free.popLast() { return transfer }
        let transfer = try Transfer(settings: settings, sockets: multi.sockets, check: check)
        transfers.append(transfer)
        return transfer
    }

    func complete(_ accepted: Accepted, _ failure: TransportFailure, detail: String? = nil) {
        accepted.completion(
            Answer(failure, detail: detail ?? failure.sentence, acceptedAt: accepted.acceptedAt)
        )
    }

    // MARK: Ends

    private func completeDone() {
        while let (transfer, code) = multi.nextDone() {
            multi.remove(transfer)
            if code == CURLE_ABORTED_BY_CALLBACK, transfer.wantsRedial {
                redial(transfer)
            } else if transfer.takesNextTarget(code) {
                redial(transfer)
            } else {
                end(transfer, code)
            }
        }
    }

    private func redial(_ transfer: Transfer) {
        do throws(SettingRefused) {
            try transfer.prepareRedial(now: monotonicNanoseconds())
            try multi.add(transfer)
        } catch {
            end(transfer, error.code)
        }
    }

    private func end(_ transfer: Transfer, _ code: CURLcode?) {
        inFlight -= 1
        let finished = transfer.finish(code, now: monotonicNanoseconds())
        free.append(transfer)
        if let (accepted, answer) = finished { accepted.completion(answer) }
    }

    /// - Parameter code: why; `nil` for a shutdown.
    private func abortAll(with code: CURLcode?) {
        for transfer in transfers where transfer.accepted != nil {
            multi.remove(transfer)
            end(transfer, code)
        }
    }
}
