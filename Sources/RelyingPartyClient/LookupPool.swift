import Synchronization
import Threads

/// Looks up names on threads of its own, each name once at a time, and posts what they find.
///
/// Threads are started for a name and end when no name waits: an idle pool has none. A lookup cannot be
/// stopped; after a shutdown its thread ends by itself and its answer is dropped.
final class LookupPool: Sendable {
    private let lookup: HostLookup
    private let queue: Mutex<LookupQueue>
    private let deliver: @Sendable (String, HostLookup.Answer) -> Void

    /// The resolver and its plug-ins need more than the smallest stack, and far less than the default.
    private static let stackBytes = 512 * 1_024
    /// A lookup that takes this long makes its name a suspect.
    private static let slowNanoseconds: UInt64 = 1_000_000_000

    /// `deliver` is told a name and what was found, on the pool's threads.
    init(
        lookup: HostLookup,
        threads: Int,
        deliver: @escaping @Sendable (String, HostLookup.Answer) -> Void
    ) {
        self.lookup = lookup
        self.deliver = deliver
        queue = Mutex(LookupQueue(limit: threads))
    }

    /// Asks for a name's addresses; the name must not be under way already.
    func ask(_ host: String) {
        guard queue.withLock({ $0.asked(host) }) else { return }
        startThread(host)
    }

    /// Forgets a name that still waits for its turn; returns whether it did.
    func withdraw(_ host: String) -> Bool {
        queue.withLock { $0.withdrawn(host) }
    }

    private func startThread(_ host: String) {
        do {
            try DedicatedThread.start(named: "lc-lookup", stackBytes: Self.stackBytes) { [self] in work(host)
            }
        } catch {
            // Whatever waits behind this name fails likewise: no thread is left that would come to it.
            var next: String? = host
            while let host = next {
                next = queue.withLock { $0.finished(host, healthy: true) }
                deliver(host, .localError(.noThread))
            }
        }
    }

    private func work(_ first: String) {
        var next: String? = first
        while let host = next {
            let start = monotonicNanoseconds()
            let answer = lookup.answer(host)
            let took = monotonicNanoseconds() - start
            let healthy = took < Self.slowNanoseconds && answer != .unavailable
            // Finished first: once its answer is delivered, the same name may be asked for again.
            next = queue.withLock { $0.finished(host, healthy: healthy) }
            deliver(host, answer)
        }
    }
}
