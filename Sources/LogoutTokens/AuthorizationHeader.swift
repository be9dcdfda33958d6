import COpenSSL

/// The `Authorization` header of everything that is pushed to one receiver, as the receiver asked for it.
///
/// Printing or mirroring it shows nothing of it. Sealed, it is bound to its client and to the URL that it is for: next
/// to another URL, whatever put it there, it does not open.
///
/// Source: OpenID Shared Signals Framework 1.0, "Push Delivery using HTTP"; RFC 9110 §11.4 and §5.5.
public struct AuthorizationHeader: Sendable, CustomStringConvertible, CustomReflectable {
    /// The longest value, in bytes.
    public static let maximumBytes = 2_048

    /// Whom a header is for.
    public struct Owner: Sendable, Hashable {
        /// The issuer's name.
        let issuer: String
        /// The `client_id`.
        let clientID: String
        /// Where it is sent.
        let url: String

        /// A client of an issuer, and its endpoint.
        public init(issuer: String, clientID: String, url: String) {
            self.issuer = issuer
            self.clientID = clientID
            self.url = url
        }

        /// No two owners share it: each part stands behind its length. No other secret's context begins like this.
        var context: [UInt8] {
            var context = Array("push-authorization.".utf8)
            for part in [issuer, clientID, url] {
                let length = UInt32(part.utf8.count)
                context.append(contentsOf: [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) })
                context.append(contentsOf: part.utf8)
            }
            return context
        }
    }

    private let bytes: SecretBytes

    /// Reads a value as callers give it: a scheme, and credentials of visible ASCII behind one space; `nil` for whatever
    /// is none.
    ///
    /// - Parameter text: all of it.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.maximumBytes, parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }),
            parts[0].allSatisfy(Self.isTokenByte), text.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
        else { return nil }
        bytes = SecretBytes(copying: Array(text.utf8))
    }

    /// Opens a stored header with the key of a ring that it names.
    ///
    /// - Parameters:
    ///   - stored: as ``sealed(for:under:)`` made it.
    ///   - owner: whom it was sealed for.
    ///   - ring: the key-encryption keys.
    /// - Throws: ``KeyError/sealedFormat``, ``KeyError/sealedUnderAnotherKey(id:)``, or ``KeyError/sealBroken``
    ///   where the bytes or the owner differ.
    public init(opening stored: [UInt8], of owner: Owner, with ring: KeyRing) throws(KeyError) {
        let sealed = try SealedBytes(bytes: stored)
        var secret = try sealed.open(under: ring.key(for: sealed), context: owner.context)
        defer { secret.cleanse() }
        bytes = SecretBytes(copying: secret)
    }

    /// Seals the header for its owner; the nonce is drawn from libcrypto.
    ///
    /// - Throws: ``KeyError/library(operation:reasons:)``.
    public func sealed(for owner: Owner, under sealingKey: SealingKey) throws(KeyError) -> SealedBytes {
        var secret = unsafe Array(UnsafeBufferPointer(start: bytes.start, count: bytes.count))
        defer { secret.cleanse() }
        return try SealedBytes(sealing: secret, under: sealingKey.key, context: owner.context)
    }

    /// A stored header under the ring's current key; `nil` where it is sealed under that one already.
    ///
    /// - Throws: as ``init(opening:of:with:)`` does.
    public static func resealed(
        _ stored: [UInt8],
        of owner: Owner,
        with ring: KeyRing
    ) throws(KeyError) -> SealedBytes? {
        try SealedBytes(bytes: stored).resealed(with: ring, context: owner.context)
    }

    /// The value, for the one request that it belongs to.
    public func reveal() -> String {
        unsafe String(decoding: UnsafeBufferPointer(start: bytes.start, count: bytes.count), as: UTF8.self)
    }

    /// That it is a secret, and nothing else.
    public var description: String { "AuthorizationHeader" }

    /// Shows nothing to `dump` and the like.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
