import FoundationEssentials
import LogoutTokens
import Outbox
import Synchronization

/// The API keys whose secrets callers of this process have shown, each with what it may do and its bucket of calls.
///
/// Only proven keys get in: whoever guesses cannot fill it. One lock, held for a look-up.
final class ProvenKeys: Sendable {
    /// How long a grant is believed without asking again; a revocation holds everywhere within 5 s.
    static let lifetime = Duration.seconds(3)
    /// When one caller asks again while the others still believe it: the database is not asked by all at once.
    static let renewal = Duration.seconds(2)
    private static let capacity = 10_000

    /// What is known of a presented key.
    enum Finding: Sendable {
        /// It is good.
        case valid(Principal)
        /// It is good, and somebody should ask again; that is the caller.
        case due(Principal)
        /// It was good when it was last looked up: who presents it is no guesser.
        case stale
        /// It is good, and has made too many calls; this long until the next.
        case exhausted(Duration)
        /// Nothing is known of it, or its secret is wrong.
        case unproven
    }

    private struct Entry {
        var hash: [UInt8]
        var principal: Principal
        var bucket: TokenBucket?
        var callsPerSecond: Int?
        var renewAt: ContinuousClock.Instant
        var believedUntil: ContinuousClock.Instant
        /// When it expires, as far as anybody knew at the last look.
        var expiresAt: ContinuousClock.Instant?
        /// Not written down yet.
        var usedAt: ContinuousClock.Instant?
    }

    private struct State {
        var entries: [UUID: Entry] = [:]
        /// Uses of keys that have been dropped.
        var spilled: [UUID: ContinuousClock.Instant] = [:]
        /// One more with each key that is forgotten.
        var generation = 0
    }

    private let state = Mutex(State())
    private let limit: CallLimit

    init(limit: CallLimit) {
        self.limit = limit
    }

    /// The present state, for ``store(_:_:_:counts:generation:now:)``.
    var generation: Int { state.withLock { $0.generation } }

    /// Judges a key by its id and the hash of its secret; `counts`: as a call.
    func find(_ id: UUID, hash: [UInt8], counts: Bool, now: ContinuousClock.Instant) -> Finding {
        state.withLock { state in
            guard let index = state.entries.index(forKey: id) else {
                // As long as a wrong secret takes.
                _ = Digests.equal(APIKeyHash.ofNoKey, hash)
                return .unproven
            }
            return Self.judge(&state.entries.values[index], hash, counts, now)
        }
    }

    private static func judge(
        _ entry: inout Entry,
        _ hash: [UInt8],
        _ counts: Bool,
        _ now: ContinuousClock.Instant
    ) -> Finding {
        guard Digests.equal(entry.hash, hash) else { return .unproven }
        if let end = entry.expiresAt, end <= now { return .unproven }
        guard entry.believedUntil > now else { return .stale }
        if counts {
            if let wait = entry.bucket?.take(now: now) { return .exhausted(wait) }
            entry.usedAt = now
        }
        guard entry.renewAt <= now else { return .valid(entry.principal) }
        // Where the renewal fails, somebody else tries.
        entry.renewAt = now + (lifetime - renewal) / 4
        return .due(entry.principal)
    }

    /// Keeps a proven key; `now`: before it was looked up. Returns how long it must wait, where it has made too many calls.
    func store(
        _ id: UUID,
        _ grant: AccessGrant,
        _ principal: Principal,
        counts: Bool,
        generation: Int,
        now: ContinuousClock.Instant
    ) -> Duration? {
        state.withLock { state in
            var entry = Entry(
                hash: grant.secretHash,
                principal: principal,
                bucket: nil,
                callsPerSecond: grant.callsPerSecond,
                renewAt: now + Self.renewal,
                believedUntil: now + Self.lifetime,
                expiresAt: grant.timeLeft.map { now + $0 },
                usedAt: nil
            )
            if let known = state.entries[id], known.callsPerSecond == grant.callsPerSecond {
                entry.bucket = known.bucket
                entry.usedAt = known.usedAt
            } else {
                entry.bucket = limit.bucket(callsPerSecond: grant.callsPerSecond, now: now)
            }
            let wait = counts ? entry.bucket?.take(now: now) : nil
            if counts, wait == nil { entry.usedAt = now }
            // Revoked meanwhile, perhaps this one.
            guard state.generation == generation else {
                if let usedAt = entry.usedAt { state.spilled[id] = usedAt }
                return wait
            }
            if state.entries.count >= Self.capacity, state.entries[id] == nil { Self.makeRoom(&state, now) }
            state.entries[id] = entry
            return wait
        }
    }

    /// Asks the store again when this key is presented next.
    func forget(_ id: UUID) {
        state.withLock { state in
            state.entries[id] = nil
            state.generation += 1
        }
    }

    /// Takes out what was used and not written down: each key once, and when.
    func takeUses() -> [UUID: ContinuousClock.Instant] {
        state.withLock { state in
            var uses = state.spilled
            state.spilled = [:]
            for (id, entry) in state.entries {
                guard let usedAt = entry.usedAt else { continue }
                uses[id] = usedAt
                state.entries[id]?.usedAt = nil
            }
            return uses
        }
    }

    /// Puts back what could not be written down.
    func putBack(_ uses: [UUID: ContinuousClock.Instant]) {
        state.withLock { state in
            guard state.spilled.count < Self.capacity else { return }
            state.spilled.merge(uses) { max($0, $1) }
        }
    }

    private static func makeRoom(_ state: inout State, _ now: ContinuousClock.Instant) {
        for (id, entry) in state.entries {
            if let usedAt = entry.usedAt { state.spilled[id] = usedAt }
        }
        state.entries = state.entries.filter { $0.value.believedUntil > now }
        if state.entries.count >= capacity { state.entries = [:] }
    }
}

/// Hashes of secrets.
enum APIKeyHash {
    /// What an unknown id is compared with, so that it takes as long as a wrong secret.
    static let ofNoKey = [UInt8](repeating: 0, count: 32)
}
