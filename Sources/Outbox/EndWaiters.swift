package import LogoutModel

/// Who waits for the end of which event, and which events are due for a look: the state of an ``EndWatch``.
///
/// It reads no clock: time is a count of ticks that the caller keeps. A look is answered with ``looked(at:found:)``; until
/// then its events are not due again, and their waiters can still end, run out of time or leave.
package struct EndWaiters {
    /// The pauses between looks for one event, in ticks of 5 ms: 5, 10, 20, 40, 80, 160, then every 250 ms.
    package static let pauses: [Int64] = [1, 2, 4, 8, 16, 32, 50]

    /// An event to be looked at.
    package struct Look: Sendable, Hashable {
        package let issuer: Int32
        package let event: LogoutEventID

        /// An event of an issuer.
        package init(issuer: Int32, event: LogoutEventID) {
            self.issuer = issuer
            self.event = event
        }
    }

    private struct Event {
        let issuer: Int32
        var waiters: Set<Int> = []
        var looks = 0
        /// The tick of the next look; `nil` while one is under way.
        var next: Int64?
    }

    private struct Waiter {
        let event: LogoutEventID
        let deadline: Int64
    }

    private let limit: Int
    private var events: [LogoutEventID: Event] = [:]
    private var waiters: [Int: Waiter] = [:]
    /// What becomes due at a tick; what has moved or left meanwhile is passed over.
    private var looks: [Int64: [LogoutEventID]] = [:]
    private var deadlines: [Int64: [Int]] = [:]
    private var now: Int64 = 0
    private var due: [Look] = []

    /// Room for so many waiters.
    package init(limit: Int) {
        self.limit = limit
    }

    /// How many wait.
    package var count: Int { waiters.count }

    /// Whether an event is due for a look.
    package var isDue: Bool { !due.isEmpty }

    /// Adds a waiter until a tick.
    ///
    /// - Returns: false where there is no room.
    package mutating func join(_ waiter: Int, _ look: Look, until deadline: Int64, at tick: Int64) -> Bool {
        guard waiters.count < limit else { return false }
        // Nothing was due while nobody waited: the ticks between need not be gone through.
        if waiters.isEmpty { now = tick }
        waiters[waiter] = Waiter(event: look.event, deadline: max(deadline, now + 1))
        deadlines[max(deadline, now + 1), default: []].append(waiter)
        var event = events[look.event] ?? Event(issuer: look.issuer, next: .max)
        event.waiters.insert(waiter)
        // Whoever is new is in a hurry, however long others have waited; a look under way may have been too early.
        event.looks = 0
        if event.next != nil { schedule(look.event, &event) }
        events[look.event] = event
        return true
    }

    /// Goes on to a tick.
    ///
    /// - Returns: the waiters whose time is up.
    package mutating func advance(to tick: Int64) -> [Int] {
        var expired: [Int] = []
        while now < tick, !waiters.isEmpty {
            now += 1
            for id in looks.removeValue(forKey: now) ?? [] {
                guard events[id]?.next == now, let issuer = events[id]?.issuer else { continue }
                events[id]?.next = nil
                due.append(Look(issuer: issuer, event: id))
            }
            for waiter in deadlines.removeValue(forKey: now) ?? [] where remove(waiter) {
                expired.append(waiter)
            }
        }
        now = max(now, tick)
        return expired
    }

    /// Takes events that are due for a look, at most so many.
    package mutating func takeDue(_ count: Int) -> [Look] {
        let taken = due.prefix(count).filter { events[$0.event] != nil }
        due.removeFirst(min(count, due.count))
        return taken
    }

    /// Ends the waiting for events.
    ///
    /// - Returns: their waiters.
    package mutating func ended(_ ids: some Sequence<LogoutEventID>) -> [Int] {
        ids.flatMap { id in
            let found = events[id]?.waiters ?? []
            return found.filter { remove($0) }
        }
    }

    /// Takes the answer to a look; the events that were not found ended are looked at again later.
    ///
    /// - Returns: the waiters of those that have ended.
    package mutating func looked(at looks: [Look], found ended: [LogoutEventID]) -> [Int] {
        let done = self.ended(ended)
        for look in looks {
            guard var event = events[look.event], event.next == nil else { continue }
            schedule(look.event, &event)
            events[look.event] = event
        }
        return done
    }

    /// Takes a waiter out.
    ///
    /// - Returns: false where it is not there any more.
    @discardableResult
    package mutating func remove(_ waiter: Int) -> Bool {
        guard let left = waiters.removeValue(forKey: waiter) else { return false }
        events[left.event]?.waiters.remove(waiter)
        if events[left.event]?.waiters.isEmpty == true { events[left.event] = nil }
        guard waiters.isEmpty else { return true }
        (looks, deadlines, due) = ([:], [:], [])
        return true
    }

    /// Takes everybody out.
    package mutating func removeAll() -> [Int] {
        let all = Array(waiters.keys)
        for waiter in all { remove(waiter) }
        return all
    }

    private mutating func schedule(_ id: LogoutEventID, _ event: inout Event) {
        let next = now + Self.pauses[min(event.looks, Self.pauses.count - 1)]
        event.looks += 1
        event.next = next
        looks[next, default: []].append(id)
    }
}
