import LogoutModel

/// The key-encryption keys of a process that opens secrets: the current one, and those before it.
///
/// What is sealed names its key by ``KeyEncryptionKey/id``, so that opening needs no trials.
public struct KeyRing: Sendable, CustomStringConvertible {
    /// The most keys before the current one.
    public static let maximumPrevious = 8

    /// The key that secrets are sealed under now.
    public let current: KeyEncryptionKey
    private let previous: [KeyEncryptionKey]

    /// A ring of these keys.
    ///
    /// - Parameters:
    ///   - current: the key that seals.
    ///   - previous: keys that only open.
    public init(_ current: KeyEncryptionKey, previous: [KeyEncryptionKey] = []) {
        self.current = current
        self.previous = previous
    }

    /// The key with an id.
    ///
    /// - Parameter sealed: what names the id.
    /// - Returns: the key that opens it.
    /// - Throws: ``KeyError/sealedUnderAnotherKey(id:)`` where the ring has none of this id.
    public func key(for sealed: SealedBytes) throws(KeyError) -> KeyEncryptionKey {
        let id = sealed.keyID
        if current.id == id { return current }
        guard let key = previous.first(where: { $0.id == id }) else {
            throw .sealedUnderAnotherKey(id: Hex.encode(id))
        }
        return key
    }

    /// Whether the ring opens what was sealed under the key with this id, in hex.
    public func opens(keyID: String) -> Bool {
        ([current] + previous).contains { Hex.encode($0.id) == keyID }
    }

    /// The ids in hex, and nothing else.
    public var description: String {
        "KeyRing(\(([current] + previous).map(\.hexID).joined(separator: ", ")))"
    }
}

/// What seals secrets and opens none: all that a process needs which only takes them in.
///
/// The key is not to be had from it outside this module, so code that holds nothing else cannot decrypt.
public struct SealingKey: Sendable, CustomStringConvertible, CustomReflectable {
    let key: KeyEncryptionKey

    /// The sealing half of a key-encryption key.
    public init(_ key: KeyEncryptionKey) {
        self.key = key
    }

    /// The id in hex, and nothing else.
    public var description: String { "SealingKey(\(key.hexID))" }

    /// Shows the id to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: ["id": key.hexID]) }
}

extension SealedBytes {
    /// The same secret under the ring's current key; `nil` where it is sealed under that one already.
    func resealed(with ring: KeyRing, context: [UInt8]) throws(KeyError) -> SealedBytes? {
        guard keyID != ring.current.id else { return nil }
        var secret = try open(under: ring.key(for: self), context: context)
        defer { secret.cleanse() }
        return try SealedBytes(sealing: secret, under: ring.current, context: context)
    }
}

extension SealedKey {
    /// Seals a key as ``init(sealing:issuerID:under:)`` does, where nothing is ever opened.
    public init(
        sealing key: SigningKey,
        issuerID: [UInt8],
        under sealingKey: SealingKey
    ) throws(KeyError) {
        try self.init(sealing: key, issuerID: issuerID, under: sealingKey.key)
    }

    /// Opens the key with the one of a ring that it names.
    ///
    /// - Throws: as ``open(issuerID:kid:algorithm:under:)`` does.
    public func open(
        issuerID: [UInt8],
        kid: String,
        algorithm: SignatureAlgorithm,
        with ring: KeyRing
    ) throws(KeyError) -> SigningKey {
        try open(issuerID: issuerID, kid: kid, algorithm: algorithm, under: ring.key(for: sealed))
    }

    /// The same key under the ring's current key; `nil` where it is sealed under that one already.
    ///
    /// - Throws: ``KeyError/sealedUnderAnotherKey(id:)``, or ``KeyError/sealBroken``.
    public func resealed(
        issuerID: [UInt8],
        kid: String,
        algorithm: SignatureAlgorithm,
        with ring: KeyRing
    ) throws(KeyError) -> SealedBytes? {
        let context = Self.context(issuerID: issuerID, kid: kid, algorithm: algorithm)
        return try sealed.resealed(with: ring, context: context)
    }
}

extension WebhookSecret {
    /// Opens a stored secret with the key of a ring that it names.
    ///
    /// - Throws: as ``init(opening:issuerID:under:)`` does.
    public init(opening stored: [UInt8], issuerID: [UInt8], with ring: KeyRing) throws(KeyError) {
        let key = try ring.key(for: SealedBytes(bytes: stored))
        try self.init(opening: stored, issuerID: issuerID, under: key)
    }

    /// Seals the secret as ``sealed(issuerID:under:)`` does, where nothing is ever opened.
    public func sealed(issuerID: [UInt8], under sealingKey: SealingKey) throws(KeyError) -> SealedBytes {
        try sealed(issuerID: issuerID, under: sealingKey.key)
    }

    /// A stored secret under the ring's current key; `nil` where it is sealed under that one already.
    ///
    /// - Throws: ``KeyError/sealedFormat``, ``KeyError/sealedUnderAnotherKey(id:)``, or ``KeyError/sealBroken``.
    public static func resealed(
        _ stored: [UInt8],
        issuerID: [UInt8],
        with ring: KeyRing
    ) throws(KeyError) -> SealedBytes? {
        try SealedBytes(bytes: stored).resealed(with: ring, context: context(issuerID: issuerID))
    }
}
