import Synchronization

/// How many of something there may be at once. A place is given back when whoever holds it lets go of it, however that comes.
public final class Places: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    /// So many places, all of them free.
    public init(limit: Int) {
        self.limit = limit
    }

    /// One holder's right to be there.
    public final class Place: Sendable {
        private let places: Places

        fileprivate init(_ places: Places) {
            self.places = places
        }

        deinit { places.taken.withLock { $0 -= 1 } }
    }

    /// A place; `nil` where all are taken.
    public func take() -> Place? {
        let isFree = taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
        return isFree ? Place(self) : nil
    }
}
