/// Which name is looked up next, and on how many threads: a value, performed by ``LookupPool``.
///
/// A name whose last lookup was slow or failed is a suspect. Suspects share half of the threads, so that
/// however many names have dead servers, healthy ones are still looked up at once.
struct LookupQueue {
    private let limit: Int
    private var running = 0
    private var runningSuspects = 0
    private var waiting: [String] = []
    private var waitingSuspects: [String] = []
    private var suspects: Set<String> = []

    /// Over this many the list of suspects starts afresh: it is a hint, and must not grow without bound.
    private static let maximumSuspects = 10_000

    init(limit: Int) {
        self.limit = limit
    }

    private var suspectLimit: Int { max(1, limit / 2) }

    /// A name is asked for; it must not be waiting or running already.
    ///
    /// - Returns: whether to start a thread for it now.
    mutating func asked(_ host: String) -> Bool {
        let suspect = suspects.contains(host)
        guard running < limit, !suspect || runningSuspects < suspectLimit else {
            if suspect { waitingSuspects.append(host) } else { waiting.append(host) }
            return false
        }
        running += 1
        if suspect { runningSuspects += 1 }
        return true
    }

    /// Nobody waits for the name any more.
    ///
    /// - Returns: whether it was still waiting, so that it will not be looked up.
    mutating func withdrawn(_ host: String) -> Bool {
        if let index = waiting.firstIndex(of: host) {
            waiting.remove(at: index)
            return true
        }
        guard let index = waitingSuspects.firstIndex(of: host) else { return false }
        waitingSuspects.remove(at: index)
        return true
    }

    /// A thread has looked up its name.
    ///
    /// - Parameters:
    ///   - host: the name.
    ///   - healthy: whether the answer came, and soon.
    /// - Returns: the name that the thread looks up next; `nil` ends the thread.
    mutating func finished(_ host: String, healthy: Bool) -> String? {
        running -= 1
        if suspects.contains(host) { runningSuspects -= 1 }
        // A name that becomes a suspect, or stops to be one, is not running at this moment.
        if healthy {
            suspects.remove(host)
        } else {
            if suspects.count >= Self.maximumSuspects, runningSuspects == 0, waitingSuspects.isEmpty {
                suspects.removeAll()
            }
            if suspects.count < Self.maximumSuspects { suspects.insert(host) }
        }
        return next()
    }

    private mutating func next() -> String? {
        guard running < limit else { return nil }
        if !waiting.isEmpty {
            running += 1
            return waiting.removeFirst()
        }
        guard runningSuspects < suspectLimit, !waitingSuspects.isEmpty else { return nil }
        running += 1
        runningSuspects += 1
        return waitingSuspects.removeFirst()
    }
}
