internal import Glibc
internal import Synchronization
internal import Threads

/// Stands between the product and Postgres, on a port of 127.0.0.1, and understands as much of protocol 3.0 as it takes to cut a
/// connection before or after a commit of a chosen kind was sent.
///
/// It has a thread for each connection. Whatever it is told holds for what is read from then on; ``heal()`` takes all back.
package final class CuttingProxy: Sendable {
    /// One cut that was made.
    package struct Cut: Sendable, Hashable {
        /// Where.
        package let place: CutPlace
        /// What for.
        package let statement: StatementClass
        /// When.
        package let at: ContinuousClock.Instant
    }

    /// Where it listens.
    package let port: UInt16
    private let listener: Int32
    private let state: Mutex<ProxyState>

    /// Listens, and passes everything on.
    ///
    /// - Parameter upstream: the path of the server's Unix socket.
    /// - Throws: ``ChaosError`` without a port or a thread.
    package init(upstream: String) throws {
        state = Mutex(ProxyState(upstream: upstream))
        (listener, port) = try ProxySocket.bind()
        try listen()
    }

    deinit { close() }

    // MARK: Faults

    /// Cuts the connections of the next commits of a kind.
    ///
    /// - Parameters:
    ///   - place: before or after the commit is sent; after it, the server's answer is waited for and withheld.
    ///   - statement: what must be in the transaction.
    ///   - count: how many.
    package func cut(_ place: CutPlace, statement: StatementClass, count: Int) {
        state.withLock { $0.order(place, statement, count) }
    }

    /// The cuts that were made, in order.
    package var cuts: [Cut] { state.withLock { $0.made } }

    /// How many cuts are still to be made.
    package var cutsToCome: Int { state.withLock { $0.ordered } }

    /// Lets nothing through any more, also on new connections, and ends none: a network that swallows all. Healed, what was sent
    /// meanwhile arrives late.
    package func blackhole() { state.withLock { $0.mode = .silent } }

    /// Lets nothing through any more on the connections that are there, and ends none; new ones are fine. Healed, they are
    /// ended.
    ///
    /// - Parameter isChosen: which of them, by their number from 1; all unless told.
    package func halfKill(_ isChosen: (Int) -> Bool = { _ in true }) {
        state.withLock { $0.dead.formUnion($0.links.keys.filter(isChosen)) }
    }

    /// Refuses new connections, and resets those that are there.
    package func refuse() {
        state.withLock { $0.mode = .refusing }
        shutdown(listener, Int32(SHUT_RDWR))
        reset()
    }

    /// Resets the connections that are there; new ones are fine.
    package func reset() {
        for link in state.withLock({ Array($0.links.values) }) { link.end(isReset: true) }
    }

    /// Holds each piece up, in both directions: two of these a round trip.
    ///
    /// - Parameter duration: for how long.
    package func delay(_ duration: Duration) { state.withLock { $0.delay = duration } }

    /// Lets everything through again, and orders no cuts.
    package func heal() {
        let (wasRefusing, dead) = state.withLock { state in
            defer { (state.mode, state.delay, state.dead) = (.open, .zero, []) }
            state.forgetOrders()
            return (state.mode == .refusing, state.dead.compactMap { state.links[$0] })
        }
        for link in dead { link.end(isReset: true) }
        guard wasRefusing else { return }
        do {
            try listen()
        } catch {
            state.withLock { $0.failure = error }
        }
    }

    /// Passes new connections on to another server.
    ///
    /// - Parameter upstream: the path of its Unix socket.
    package func retarget(to upstream: String) { state.withLock { $0.upstream = upstream } }

    /// Why it does not listen again although it was healed; `nil`: it does.
    package var failure: (any Error)? { state.withLock { $0.failure } }

    /// How many connections there are.
    package var connections: Int { state.withLock { $0.links.count } }

    /// Ends everything.
    package func close() {
        let isFirst = state.withLock { state in
            defer { (state.isClosed, state.mode, state.dead) = (true, .refusing, []) }
            return !state.isClosed
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        reset()
        Glibc.close(listener)
    }

    // MARK: What its links ask

    /// Blocks the thread while nothing may pass on this link.
    func waitForPassage(_ link: Int) {
        while state.withLock({ $0.mode == .silent || $0.dead.contains(link) }) { poll(nil, 0, 10) }
    }

    func holdUp() {
        let delay = state.withLock { $0.delay }
        if delay > .zero { usleep(UInt32(delay / .microseconds(1))) }
    }

    func takeOrder(for commit: Set<StatementClass>) -> CutPlace? {
        state.withLock { $0.takeOrder(for: commit) }
    }

    /// A link is over.
    func forget(_ link: Int) {
        state.withLock { state in
            state.links[link] = nil
            state.dead.remove(link)
        }
    }

    // MARK: Listening

    private func listen() throws {
        guard Glibc.listen(listener, 512) == 0 else { throw ChaosError("listen: errno \(errno)") }
        try DedicatedThread.start(named: "proxy-accept") { [weak self, listener] in
            // Once nobody listens any more, this thread is over; the next start of listening has another.
            while let client = ProxySocket.accept(listener) {
                guard let self, self.take(client) else {
                    Glibc.close(client)
                    continue
                }
            }
        }
    }

    private func take(_ client: Int32) -> Bool {
        let link = state.withLock { state -> ProxyLink? in
            guard state.mode != .refusing else { return nil }
            let link = ProxyLink(state.nextLink(), client: client, upstream: state.upstream, proxy: self)
            state.links[link.number] = link
            return link
        }
        guard let link else { return false }
        do {
            try DedicatedThread.start(named: "proxy-link", stackBytes: 256 * 1_024) { link.run() }
        } catch {
            forget(link.number)
            return false
        }
        return true
    }
}
