package import LogoutTokens

/// Which published keys are known, how long they are good, and what is to be fetched: a value, performed by
/// ``PublishedKeys``.
///
/// Each source is fetched once at a time, and at most `fetchLimit` are in all; others wait for their turn, but not for
/// long. After a failure nothing is fetched for a while, and the last good key serves for up to `staleFor`. A set that was fetched and
/// has no usable key forgets the old one at once: its owner has withdrawn it.
package struct PublishedKeyTable<Waiter: Sendable>: Sendable {
    package typealias Source = KeySetSource
    package typealias Time = ContinuousClock.Instant

    /// How long a set is good where it says nothing.
    package static var usualLife: Duration { .seconds(300) }
    /// However short its `max-age` is.
    package static var shortestLife: Duration { .seconds(60) }
    /// However long its `max-age` is.
    package static var longestLife: Duration { .seconds(86_400) }
    /// How long nothing is fetched after a failure; twice as long after each further one, up to the longest.
    package static var failurePause: Duration { .seconds(5) }
    /// How long it is at most.
    package static var longestPause: Duration { .seconds(60) }
    /// How long a source waits for its turn before those who wait for it are told that it did not come.
    package static var patience: Duration { .seconds(3) }
    /// How often an RP that answers 400 may have its keys fetched before their time.
    package static var doubtPause: Duration { .seconds(60) }
    /// Sources that nobody asked for are looked for once there are this many.
    package static var sweepLimit: Int { 1_024 }

    /// What an asker is told at once.
    package enum Reply: Sendable {
        case known(TokenEncryption)
        case failed(ClientKeyProblem)
        /// The asker waits; where `fetch`, this source is to be fetched now.
        case waits(fetch: Bool)
    }

    /// What a fetch came to.
    package enum Found: Sendable {
        case key(TokenEncryption, life: Duration?)
        case failure(ClientKeyProblem)
    }

    /// What one of those who waited is told.
    package struct Told: Sendable {
        /// Who it is.
        package let waiter: Waiter
        /// The key, or why there is none.
        package let result: Result<TokenEncryption, ClientKeyProblem>
    }

    private struct Entry: Sendable {
        var encryption: TokenEncryption?
        var fetchedAt: Time
        var freshUntil: Time
        var problem: ClientKeyProblem?
        var notBefore: Time
        /// Failures in a row.
        var failures = 0
        var askedAt: Time
        var doubtedAt: Time?
        var waiters: [Waiter] = []
        var isUnderWay = false
        var usedAt: Time
    }

    private let staleFor: Duration
    private var entries: [Source: Entry] = [:]
    private var queue: FetchQueue<Source>
    private var sweepAt = Self.sweepLimit

    /// A table that knows nothing yet.
    package init(fetchLimit: Int, staleFor: Duration) {
        queue = FetchQueue(limit: fetchLimit)
        self.staleFor = staleFor
    }

    /// Somebody needs the key of a source; `waiter` is kept only where the reply is to wait.
    package mutating func ask(_ source: Source, at now: Time, waiter: @autoclosure () -> Waiter) -> Reply {
        if entries[source] == nil { sweep(at: now) }
        var entry =
            entries.removeValue(forKey: source)
            ?? Entry(fetchedAt: now, freshUntil: now, notBefore: now, askedAt: now, usedAt: now)
        defer { entries[source] = entry }
        entry.usedAt = now
        if let encryption = entry.encryption, now < entry.freshUntil { return .known(encryption) }
        if let problem = entry.problem, now < entry.notBefore {
            return usable(entry, at: now).map { .known($0) } ?? .failed(problem)
        }
        entry.waiters.append(waiter())
        guard !entry.isUnderWay else { return .waits(fetch: false) }
        entry.isUnderWay = true
        entry.askedAt = now
        return .waits(fetch: queue.asked(source, isSuspect: entry.failures > 0))
    }

    /// The key of a source where nothing has to be fetched for it.
    package mutating func fresh(_ source: Source, at now: Time) -> TokenEncryption? {
        guard let entry = entries[source], let encryption = entry.encryption, now < entry.freshUntil else {
            return nil
        }
        entries[source]?.usedAt = now
        return encryption
    }

    /// A fetch is over: who is told what, and the sources that are fetched next.
    package mutating func fetched(_ source: Source, _ found: Found, at now: Time) -> (
        told: [Told], next: [Source]
    ) {
        queue.ended(source)
        var told = conclude(source, found, at: now)
        var next: [Source] = []
        while let (source, isSuspect) = queue.next() {
            guard let entry = entries[source], now - entry.askedAt <= Self.patience else {
                told += conclude(
                    source,
                    .failure(.unavailable("too many key sets are being fetched")),
                    at: now
                )
                continue
            }
            queue.started(source, isSuspect: isSuspect)
            next.append(source)
        }
        return (told, next)
    }

    private mutating func conclude(_ source: Source, _ found: Found, at now: Time) -> [Told] {
        guard var entry = entries[source] else { return [] }
        let result: Result<TokenEncryption, ClientKeyProblem>
        switch found {
        case .key(let encryption, let life):
            entry.encryption = encryption
            entry.problem = nil
            entry.failures = 0
            entry.fetchedAt = now
            entry.freshUntil = now + min(max(life ?? Self.usualLife, Self.shortestLife), Self.longestLife)
            result = .success(encryption)
        case .failure(let problem):
            if case .unusable = problem { entry.encryption = nil }
            if problem != .cancelled {
                entry.problem = problem
                let pause = Self.failurePause * Double(1 << min(entry.failures, 4))
                entry.notBefore = now + min(pause, Self.longestPause)
                entry.failures += 1
            }
            result = usable(entry, at: now).map { .success($0) } ?? .failure(problem)
        }
        let waiters = entry.waiters
        entry.waiters = []
        entry.isUnderWay = false
        entries[source] = entry
        return waiters.map { Told(waiter: $0, result: result) }
    }

    /// The RP has refused a token that was encrypted for the key of a source: it may have another one by now.
    package mutating func doubt(_ source: Source, at now: Time) {
        guard var entry = entries[source], now - entry.fetchedAt >= Self.doubtPause,
            entry.doubtedAt.map({ now - $0 >= Self.doubtPause }) != false
        else { return }
        entry.doubtedAt = now
        entry.freshUntil = now
        entries[source] = entry
    }

    private func usable(_ entry: Entry, at now: Time) -> TokenEncryption? {
        now - entry.fetchedAt < staleFor ? entry.encryption : nil
    }

    /// Drops what nobody has asked for as long as it could serve.
    private mutating func sweep(at now: Time) {
        guard entries.count >= sweepAt else { return }
        let longest = max(staleFor, Self.longestLife)
        entries = entries.filter { $0.value.isUnderWay || now - $0.value.usedAt < longest }
        sweepAt = max(Self.sweepLimit, entries.count * 2)
    }
}
