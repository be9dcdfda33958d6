import Synchronization

/// How many streams may be open at once. A slot is given back when whoever holds it lets go of it, however that comes.
final class StreamSlots: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// One stream's right to be open.
    final class Slot: Sendable {
        private let slots: StreamSlots

        fileprivate init(_ slots: StreamSlots) {
            self.slots = slots
        }

        deinit { slots.taken.withLock { $0 -= 1 } }
    }

    /// - Throws: ``Problem`` 503 where all are taken.
    func take() throws -> Slot {
        let isFree = taken.withLock { taken in
            guard taken < limit else { return false }
            taken += 1
            return true
        }
        guard isFree else { throw Problem.unavailable("Too many streams are open.") }
        return Slot(self)
    }
}
