/// The rules by which the keys of one issuer come and go.
///
/// Pure: the caller passes the time, in microseconds since 1970 UTC, as the database knows it.
public struct KeyRotation: Sendable, Hashable {
    /// How long a key is published before it may sign.
    public let publication: Duration

    /// How long a retired key stays published.
    public let retiredPublication: Duration

    /// The longest that anybody may keep a copy of the JWK Set: `max-age`, in seconds.
    ///
    /// Half of ``publication`` at most, so that a copy which was made just before a key was published is long out of
    /// date when the key begins to sign, however slow the commit and the answer were.
    public var cacheSeconds: Int64 { min(300, publication.components.seconds / 2) }

    /// Sets the two times.
    ///
    /// - Parameters:
    ///   - publication: `key_publication_seconds`; an hour unless told.
    ///   - retiredPublication: `retired_key_publication_seconds`; a day unless told.
    public init(publication: Duration = .seconds(3_600), retiredPublication: Duration = .seconds(86_400)) {
        self.publication = publication
        self.retiredPublication = retiredPublication
    }

    /// The keys that the JWK Set shows: every one but those retired too long ago, in the order given.
    ///
    /// - Parameters:
    ///   - keys: all keys of the issuer.
    ///   - now: the time, microseconds since 1970.
    /// - Returns: a retired key until `retiredAt` plus ``retiredPublication``, that moment excluded. One
    ///   whose `retiredAt` is unknown stays: too many keys do no harm, one too few breaks logouts.
    public func publishedKeys(_ keys: [StagedKey], now: Int64) -> [PublicJWK] {
        keys.filter { key in
            guard key.stage == .retired, let retiredAt = key.retiredAt else { return true }
            return now < retiredAt.advanced(past: retiredPublication)
        }
        .map(\.jwk)
    }

    /// Whether a key has been retired so long ago that it has left the JWK Set; activated again, it is new to RPs.
    ///
    /// - Parameters:
    ///   - key: a key in any stage.
    ///   - now: the time, microseconds since 1970.
    /// - Returns: whether ``publishedKeys(_:now:)`` leaves it out.
    public func hasLeft(_ key: StagedKey, now: Int64) -> Bool {
        publishedKeys([key], now: now).isEmpty
    }

    /// The stage of a key that has just been made or imported.
    ///
    /// - Parameters:
    ///   - algorithm: its algorithm.
    ///   - keys: the keys that the issuer had before.
    /// - Returns: `active` where no key of the algorithm is, since there is nothing to rotate from; else `next`.
    public func initialStage(of algorithm: SignatureAlgorithm, among keys: [StagedKey]) -> KeyStage {
        keys.contains { $0.jwk.algorithm == algorithm && $0.stage == .active } ? .next : .active
    }

    /// Whether a key may begin to sign.
    ///
    /// - Parameters:
    ///   - key: a key in any stage; one that is active already may stay so.
    ///   - now: the time, microseconds since 1970.
    ///   - forced: whether somebody decided that tokens which RPs cannot verify yet are the lesser evil.
    /// - Throws: ``KeyStageError/notYetPublished(until:)``.
    public func checkActivation(of key: StagedKey, now: Int64, forced: Bool) throws(KeyStageError) {
        guard key.stage != .active, !forced else { return }
        let until = key.publishedAt.advanced(past: publication)
        guard now >= until else { throw .notYetPublished(until: until) }
        // A key that has left the JWK Set has not been in it lately, however long ago it came.
        guard !hasLeft(key, now: now) else { throw .notYetPublished(until: .max) }
    }

    /// Whether a key may stop signing.
    ///
    /// - Parameters:
    ///   - key: a key in any stage; only an active one can be missed.
    ///   - keys: all keys of the issuer, this one included.
    ///   - forced: whether somebody decided to sign nothing rather than to sign with this key.
    /// - Throws: ``KeyStageError/lastActiveKey(_:)``.
    public func checkRetirement(
        of key: StagedKey,
        among keys: [StagedKey],
        forced: Bool
    ) throws(KeyStageError) {
        guard key.stage == .active, !forced else { return }
        let algorithm = key.jwk.algorithm
        let others = keys.contains {
            $0.stage == .active && $0.jwk.algorithm == algorithm && $0.jwk.kid != key.jwk.kid
        }
        guard others else { throw .lastActiveKey(algorithm) }
    }
}

extension Int64 {
    /// This time, in microseconds, moved forward; stays at the end of time instead of overflowing.
    fileprivate func advanced(past duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflowed) = addingReportingOverflow(micros)
        let (whole, last) = sum.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        return overflow || overflowed || last ? .max : whole
    }
}
