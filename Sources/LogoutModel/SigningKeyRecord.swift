/// A signing key as it can be shown: never its private part.
public struct SigningKeyRecord: Sendable {
    /// Its id in the JWK Set.
    public let kid: String
    /// Its JOSE algorithm.
    public let alg: String
    /// `next`, `active` or `retired`.
    public let stage: String
    /// The public JWK, a JSON object.
    public let publicJWK: String
    /// When it was made or imported.
    public let createdAt: Timestamp
    /// When it entered the JWK Set.
    public let publishedAt: Timestamp
    /// When it began to sign.
    public let activatedAt: Timestamp?
    /// When it stopped.
    public let retiredAt: Timestamp?
    /// Who holds its private part.
    public let heldBy: KeyHolder
    /// What that holder calls it; `nil` where it is Lastcall.
    public let keyReference: String?
    /// The database clock when it was read: what the times above are to be held against.
    public let readAt: Timestamp

    /// A key as the outbox holds it.
    public init(
        kid: String,
        alg: String,
        stage: String,
        publicJWK: String,
        createdAt: Timestamp,
        publishedAt: Timestamp,
        activatedAt: Timestamp?,
        retiredAt: Timestamp?,
        heldBy: KeyHolder,
        keyReference: String?,
        readAt: Timestamp
    ) {
        self.kid = kid
        self.alg = alg
        self.stage = stage
        self.publicJWK = publicJWK
        self.createdAt = createdAt
        self.publishedAt = publishedAt
        self.activatedAt = activatedAt
        self.retiredAt = retiredAt
        self.heldBy = heldBy
        self.keyReference = keyReference
        self.readAt = readAt
    }
}
