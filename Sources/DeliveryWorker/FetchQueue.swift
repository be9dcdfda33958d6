/// What is fetched next, and how much at once: a value.
///
/// Who failed the last time is a suspect. Suspects share half of the places, so that however many servers are dead, the
/// keys of healthy ones are still fetched.
struct FetchQueue<Source: Hashable & Sendable>: Sendable {
    private let limit: Int
    private var running: [Source: Bool] = [:]
    private var waiting: [Source] = []
    private var waitingSuspects: [Source] = []

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    private var suspectLimit: Int { max(1, limit / 2) }
    private var runningSuspects: Int { running.values.count { $0 } }

    /// A source is to be fetched that is neither waiting nor running; returns whether it is its turn now.
    mutating func asked(_ source: Source, isSuspect: Bool) -> Bool {
        guard running.count < limit, !isSuspect || runningSuspects < suspectLimit else {
            if isSuspect { waitingSuspects.append(source) } else { waiting.append(source) }
            return false
        }
        running[source] = isSuspect
        return true
    }

    /// A source has been fetched, or could not be.
    mutating func ended(_ source: Source) {
        running[source] = nil
    }

    /// The source whose turn it is; it still has to be ``started(_:isSuspect:)``, or it is dropped.
    mutating func next() -> (source: Source, isSuspect: Bool)? {
        guard running.count < limit else { return nil }
        if !waiting.isEmpty { return (waiting.removeFirst(), false) }
        guard runningSuspects < suspectLimit, !waitingSuspects.isEmpty else { return nil }
        return (waitingSuspects.removeFirst(), true)
    }

    /// A source that was next is being fetched.
    mutating func started(_ source: Source, isSuspect: Bool) {
        running[source] = isSuspect
    }
}
