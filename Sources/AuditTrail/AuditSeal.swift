public import FoundationEssentials
public import LogoutModel

/// One link of the chain over an issuer's audit trail: the entries it covers, and the link before it.
public struct AuditSeal: Sendable, Hashable {
    /// One audit event as it was when it was sealed.
    public struct Entry: Sendable, Hashable {
        /// The length of an entry: an id and a SHA-256.
        static let length = 48
        /// The event's id.
        public let id: UUID
        /// The SHA-256 of its canonical form.
        public let digest: [UInt8]

        fileprivate init(_ bytes: ArraySlice<UInt8>) {
            id = UUID(bytes: Array(bytes.prefix(16)))
            digest = Array(bytes.dropFirst(16))
        }
    }

    /// Its place in the chain, from 1.
    public let number: Int64
    /// When it was made, on the database's clock.
    public let sealedAt: Timestamp
    /// How many events it covers, as it says.
    public let entryCount: Int
    /// Where the last of them stands.
    public let last: AuditPosition
    /// The entries as they are hashed: 48 bytes each.
    public let body: [UInt8]
    /// The hash of the seal before it.
    public let previousHash: [UInt8]
    /// Its own hash, as it says.
    public let hash: [UInt8]

    /// A seal as the outbox holds it; nothing of it is believed yet.
    public init(
        number: Int64,
        sealedAt: Timestamp,
        entryCount: Int,
        last: AuditPosition,
        body: [UInt8],
        previousHash: [UInt8],
        hash: [UInt8]
    ) {
        self.number = number
        self.sealedAt = sealedAt
        self.entryCount = entryCount
        self.last = last
        self.body = body
        self.previousHash = previousHash
        self.hash = hash
    }

    /// The events it covers, in their order; what is left over at the end is none.
    public var entries: [Entry] {
        stride(from: 0, through: body.count - Entry.length, by: Entry.length).map { start in
            Entry(body[start..<start + Entry.length])
        }
    }

    /// What its hash must be: the SHA-256 of the hash before it, its number (8 bytes, big-endian) and its entries.
    public var computedHash: [UInt8] {
        let number = (0..<8).reversed().map { UInt8(truncatingIfNeeded: self.number >> ($0 * 8)) }
        return AuditDigest.sha256(previousHash + number + body)
    }

    /// What the first seal of an issuer's chain names as the hash before it: a chain never passes for another's.
    public static func genesis(ofIssuer key: Int32) -> [UInt8] {
        AuditDigest.sha256(Array("lastcall audit trail \(key)".utf8))
    }
}
