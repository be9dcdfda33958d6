/// Where a signing key is in its life.
public enum KeyStage: String, Sendable, Hashable, CaseIterable {
    /// Published, so that RPs can fetch it, but not signing yet.
    case next
    /// Published and signing; one per issuer and algorithm.
    case active
    /// No longer signing; published for a while, for tokens that are still on their way.
    case retired
}

/// A signing key's public part with its history, as the rules about stages see it.
///
/// Times are microseconds since 1970 UTC.
public struct StagedKey: Sendable, Hashable {
    /// What the JWK Set shows.
    public let jwk: PublicJWK
    /// Where the key is now.
    public let stage: KeyStage
    /// When it entered the JWK Set.
    public let publishedAt: Int64
    /// When it stopped signing; `nil` unless it is retired.
    public let retiredAt: Int64?

    /// Describes one key.
    ///
    /// - Parameters:
    ///   - jwk: what the JWK Set shows.
    ///   - stage: where the key is now.
    ///   - publishedAt: when it entered the JWK Set, microseconds since 1970.
    ///   - retiredAt: when it stopped signing, microseconds since 1970; `nil` unless it is retired.
    public init(jwk: PublicJWK, stage: KeyStage, publishedAt: Int64, retiredAt: Int64?) {
        self.jwk = jwk
        self.stage = stage
        self.publishedAt = publishedAt
        self.retiredAt = retiredAt
    }
}

/// Why a key cannot change its stage; the cases are the API's `key_not_yet_published` and `last_active_key`.
public enum KeyStageError: Error, Sendable, Hashable {
    /// RPs may not have fetched the key yet; it may be activated at this time, microseconds since 1970: never
    /// (`Int64.max`) where it was retired so long ago that it has left the JWK Set.
    case notYetPublished(until: Int64)
    /// Without this key nothing of this algorithm would be signed.
    case lastActiveKey(SignatureAlgorithm)
}
